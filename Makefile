# make run    build the page and serve it
# make test   everything a change must pass (sets itself up; minutes)
# make check  the longer checks: race detector, fuzzing, generated code, other platforms
# make site   only build the page into build/site
# make view   open the network view in a window
# make peers  install what make bench compares with (440 MB in build)
# make bench  measure: children beside other runtimes, slicing, operators (minutes)
# make clean  remove what was built
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := site
.DELETE_ON_ERROR:

GOROOT := $(shell go env GOROOT)
SITE := build/site
# The engine's ceiling, gzipped: what a phone on a slow line still takes.
ENGINE_MAX := 1300000
# The network view's: it is fetched when somebody opens it.
VIEW_MAX := 2900000
# Counted in runs, not seconds: at a deadline go test sometimes reports its own timeout as a failure.
FUZZTIME ?= 300000x
# An input for a kernel is thousands of multiplications, several times over.
KERNEL_FUZZTIME ?= 20000x
# js/wasm tests run in Node. Go's wasm loader has a small fixed space for the
# environment, so that a rich one (a CI's) must not be passed on.
NODE_EXEC := env -i "PATH=$(PATH)" "HOME=$(HOME)" $(GOROOT)/lib/wasm/go_js_wasm_exec
say = @printf '\n== %s\n'

.PHONY: run view test check site peers bench clean setup format vet unit kernels noasm wasm cli browser size race fuzz generate platforms killed

run: site
	$(say) 'serve $(SITE); stop with Ctrl-C'
	@go run ./cmd/serve --dir $(SITE)

site:
	$(say) 'build the page into $(SITE)'
	@go run ./site/assemble --out $(SITE)

view:
	$(say) 'the network view in a window'
	@[ "$$(uname)" != Linux ] || printf '#include <%s>\n' GL/gl.h X11/Xlib.h X11/extensions/Xrandr.h X11/extensions/XInput2.h | $${CC:-cc} -fsyntax-only -xc - 2>/dev/null || \
	{ echo 'missing: a C compiler and the headers of X and OpenGL. Install them (Debian: sudo apt-get install gcc libgl1-mesa-dev xorg-dev) and run this again'; exit 1; }
	@go run -tags view ./cmd/view

test: setup format vet unit kernels noasm wasm cli site size browser
	$(say) 'all tests passed'

check: test platforms generate killed race fuzz
	$(say) 'all checks passed'

setup:
	$(say) 'tools: go, node, a Chromium browser'
	@.ci/setup

format:
	$(say) 'gofmt: every file is formatted'
	@bad=$$(gofmt -l $$(find . -name '*.go' -not -path './build/*' -not -path '*/node_modules/*')); \
	if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w on:" $$bad; exit 1; fi

vet:
	$(say) 'go vet: natively and for the browser'
	@go vet ./...
	@GOOS=js GOARCH=wasm go vet ./core/... ./wasm/...

unit:
	$(say) 'unit tests, native'
	@go test ./core/... ./train/... ./wasm/... ./assets/...

# unit has run them with the best that this processor has.
kernels:
	$(say) 'kernels as on a processor without AVX-512'
	@GODEBUG=cpu.avx512f=off go test -count=1 ./core/kernel/...

noasm:
	$(say) 'kernels and what runs on them, without assembly'
	@go test -tags noasm ./core/kernel/... ./core/supernet/... ./core/classify/...

wasm:
	$(say) 'the core and the engine as js/wasm, in Node'
	@GOOS=js GOARCH=wasm go test -exec '$(NODE_EXEC)' ./core/... ./wasm/...

cli:
	$(say) 'command lines and the rules of the house'
	@go test ./cmd/...

browser:
	$(say) 'the page in a browser'
	@go test ./site/...

size: site
	$(say) 'size of the programs of the page'
	@for p in engine=$(ENGINE_MAX) view=$(VIEW_MAX); do n=$$(gzip -9 -c $(SITE)/$${p%=*}.wasm | wc -c); \
	echo "$${p%=*}.wasm is $$n bytes gzipped; the ceiling is $${p#*=}"; \
	test "$$n" -le "$${p#*=}"; done

platforms:
	$(say) 'other platforms build'
	@for p in linux/arm64 darwin/arm64 windows/amd64; do echo $$p; \
	GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 go build ./core/... ./train/... ./cmd/...; done

generate:
	$(say) 'generated code is what its generators write'
	@cd core/kernel/internal/asmgen && go vet ./... && go run ./check
	@fresh=$$(mktemp -d); trap 'rm -r "$$fresh"' EXIT; go run ./wasm/kernels/generate --out "$$fresh"; \
	for f in simd.wasm relaxed.wasm; do cmp "wasm/kernels/$$f" "$$fresh/$$f" || { echo "run: go generate ./wasm/kernels"; exit 1; }; done

killed:
	$(say) 'a training run killed forty times ends as an undisturbed one'
	@BIGNAS_KILLS=40 go test -count=1 -run '^TestKilled$$' ./train/run

race:
	$(say) 'race detector (needs a C compiler)'
	@go test -race -short ./core/kernel/... ./core/supernet/... ./core/trainer/... ./core/classify/... ./train/...

fuzz:
	$(say) 'fuzzing, $(FUZZTIME) of each target, $(KERNEL_FUZZTIME) of the kernels'
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' core train wasm cmd | while IFS=: read -r file name; do \
	case $$file in core/kernel/*) runs=$(KERNEL_FUZZTIME) ;; *) runs=$(FUZZTIME) ;; esac; \
	go test -run '^$$' -fuzz "^$${name#func }\$$" -fuzztime $$runs ./$$(dirname $$file) < /dev/null; done

peers:
	$(say) 'what bench compares with, in build/peers'
	@cmd/bench/peers/install build/peers

bench:
	@mkdir -p build && rm -f build/bench.jsonl
	@go build -o build/bench ./cmd/bench
	$(say) 'children, here and in onnxruntime'
	@build/bench peers --lines build/bench.jsonl
	$(say) 'new architectures'
	@build/bench slice --lines build/bench.jsonl
	$(say) 'operators of inference, and what training adds'
	@build/bench operators --lines build/bench.jsonl
	@build/bench operators --training --batch 32 --resolution 96 --threads 2 --lines build/bench.jsonl
	$(say) 'children in Chromium, here and in onnxruntime-web'
	@build/bench browser --lines build/bench.jsonl
	$(say) 'training steps, beside torch where it is installed'
	@peer=$$(/usr/bin/python3 -c 'import torch; print("--peer")' 2>/dev/null || true); build/bench training $$peer --lines build/bench.jsonl
	$(say) 'all of it as JSON lines: build/bench.jsonl'

clean:
	$(say) 'remove build'
	@rm -rf build
