# make run    build the page and serve it; with WEIGHTS=mine.safetensors with those weights, make site too
# make test   everything a change must pass (sets itself up; minutes)
# make check  the longer checks: race detector, fuzzing, all other platforms, exports in other runtimes, the page's budgets
# make site   only build the page into build/site, for any static server
# make budgets  hold the page against the budgets of its design, Lighthouse's among them (a quiet machine; minutes)
# make browsers  try the page in Firefox and in WebKitGTK, where they are installed
# make starts   time the page's first answer in turns with that of the commit OLD, in Chromium and Firefox (a quiet machine; minutes)
# make screens  take the screenshots of docs/visit.md again (a quiet machine; minutes)
# make view   open the network view in a window
# make peers  install what make bench and make exported compare with (550 MB in build)
# make bench  measure: children beside other runtimes, slicing, operators (minutes)
# make clean  remove what was built
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := site
.DELETE_ON_ERROR:

GOROOT := $(shell go env GOROOT)
SITE := build/site
OWN = $(if $(WEIGHTS),--weights '$(WEIGHTS)')
# The engine's ceiling, gzipped: what a phone on a slow line still takes.
ENGINE_MAX := 1300000
# Gzipped too: HTML, styles and modules until the first answer (the loader of Go is the engine's); one of the two modules of kernels; the view,
# which is fetched when somebody opens it.
PAGE_MAX := 40000
KERNELS_MAX := 8000
VIEW_MAX := 2900000
# The page says so, before somebody fetches it (site/story/live.js).
TRAINER_MAX := 800000
# Counted in runs, not seconds: at a deadline go test sometimes reports its own timeout as a failure.
FUZZTIME ?= 300000x
# An input for a kernel is thousands of multiplications, several times over.
KERNEL_FUZZTIME ?= 20000x
# js/wasm tests run in Node. Go's wasm loader has a small fixed space for the
# environment, so that a rich one (a CI's) must not be passed on.
NODE_EXEC := env -i "PATH=$(PATH)" "HOME=$(HOME)" $(GOROOT)/lib/wasm/go_js_wasm_exec
say = @printf '\n== %s\n'
# go test, with what it leaves out remembered for the end; its own limit of ten minutes is too short for a busy machine.
SUITE := build/bin/suite

.PHONY: run view test check site page budgets browsers starts screens peers bench clean setup suite format vet unit kernels noasm wasm browser size race fuzz generate arm64 platforms killed manifests exported

# From a fresh clone most of the time goes into compiling, so that these two are compiled
# quickly rather than well, and the network view is built when the page is there already.
run:
	$(say) 'build the page into $(SITE) and serve it; stop with Ctrl-C'
	@CGO_ENABLED=0 go build -gcflags=all=-l -o build/bin/ ./site/assemble ./cmd/serve
	@build/bin/assemble --out $(SITE) --view later $(OWN)
	@exec build/bin/serve --dir $(SITE) --meanwhile 'build/bin/assemble --out $(SITE) --view only'

site:
	$(say) 'build the page into $(SITE), all of it and compressed'
	@go run ./site/assemble --out $(SITE) $(OWN)
	@go run ./site/compress $(SITE)

view:
	$(say) 'the network view in a window'
	@[ "$$(uname)" != Linux ] || printf '#include <%s>\n' GL/gl.h X11/Xlib.h X11/extensions/Xrandr.h X11/extensions/XInput2.h | $${CC:-cc} -fsyntax-only -xc - 2>/dev/null || \
	{ echo 'missing: a C compiler and the headers of X and OpenGL. Install them (Debian: sudo apt-get install gcc libgl1-mesa-dev xorg-dev) and run this again'; exit 1; }
	@go run -tags view ./cmd/view

test: setup format vet unit kernels noasm wasm generate arm64 size browser
	$(say) 'all tests passed'
	@$(SUITE) --left-out
	@echo 'left to make check: other platforms, the training run killed forty times, other runtimes, other browsers, race detector, fuzzing, budgets'

check: test platforms killed manifests exported browsers race fuzz budgets
	$(say) 'all checks passed'

setup: suite
	$(say) 'tools: go, node, a Chromium browser'
	@.ci/setup
	@$(SUITE) --begin

suite:
	@go build -o build/bin/ ./cmd/internal/suite

format:
	$(say) 'gofmt: every file is formatted'
	@bad=$$(gofmt -l $$(find . -name '*.go' -not -path './build/*' -not -path '*/node_modules/*')); \
	if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w on:" $$bad; exit 1; fi

vet:
	$(say) 'go vet: natively and for the browser'
	@go vet ./...
	@GOOS=js GOARCH=wasm go vet ./core/... ./wasm/...

unit: suite
	$(say) 'unit tests, command lines and the rules of the house, native'
	@$(SUITE) ./core/... ./train/... ./wasm/... ./assets/... ./cmd/...

# unit has run them with the best that this processor has.
kernels: suite
	$(say) 'kernels as on a processor without AVX-512'
	@if [ -r /proc/cpuinfo ] && ! grep -qw avx512f /proc/cpuinfo; then echo 'this is one: the unit tests ran them'; \
	else GODEBUG=cpu.avx512f=off $(SUITE) -count=1 ./core/kernel/...; fi

noasm: suite
	$(say) 'kernels and what runs on them, without assembly'
	@$(SUITE) -tags noasm ./core/kernel/... ./core/supernet/... ./core/classify/...

wasm: suite
	$(say) 'the core and the engine as js/wasm, in Node; and the logits of PyTorch there'
	@GOOS=js GOARCH=wasm $(SUITE) -exec '$(NODE_EXEC)' ./wasm/... ./core/...
	@GOOS=js GOARCH=wasm $(SUITE) -short -run '^TestLogits$$' -exec '$(NODE_EXEC)' ./train/published

# What the browser runs is no part of what go test looks at before it shows an old result.
browser: suite page
	$(say) 'the page in a browser'
	@BIGNAS_PAGE=$(CURDIR)/$(SITE) $(SUITE) -count=1 ./site/...

# Without the compressed forms, which take half a minute.
page:
	$(say) 'build the page into $(SITE), not compressed'
	@go run ./site/assemble --out $(SITE) $(OWN)

# fits NAME MAX FILES: their gzipped sizes, each file for itself as a server sends it.
size: page
	$(say) 'sizes, gzipped; those of the weights are in the browser tests'
	@fits() { local name=$$1 max=$$2 n=0 f; shift 2; for f in "$$@"; do n=$$((n + $$(gzip -9 -c "$$f" | wc -c))); done; \
	echo "$$name: $$n bytes; the ceiling is $$max"; test "$$n" -le "$$max"; }; \
	fits engine $(ENGINE_MAX) $(SITE)/engine/*/engine.wasm; \
	for f in $(SITE)/engine/*/{simd,relaxed}.wasm; do fits "kernels $$(basename $$f)" $(KERNELS_MAX) $$f; done; \
	fits 'page until its first answer' $(PAGE_MAX) $(SITE)/index.html $(SITE)/page/*/site/start.js $$(grep -oE '[a-z_/]+[.]js' $(SITE)/page/*/site/start.js | sort -u | sed "s|^|$$(echo $(SITE)/page/*/site/)|") \
		$(SITE)/page/*/site/worker/{download,kernels}.js; \
	fits trainer $(TRAINER_MAX) $(SITE)/trainer/*/trainer.wasm; \
	for f in $$(find $(SITE) -name 'view*.wasm'); do fits view $(VIEW_MAX) $$f; done

budgets:
	$(say) 'budgets of the page: a visit with a clock, and Lighthouse, a phone, the median of three'
	@BIGNAS_BUDGETS=1 go test -count=1 -v -timeout 90m -run '^Test(Lighthouse|Measures|MeasuresLatency|MeasuresTeach|TeachAccuracy|SearchInBrowser)$$' ./site/test

browsers:
	$(say) 'the page in Firefox and WebKitGTK'
	@BIGNAS_BROWSERS=1 go test -count=1 -v -timeout 90m -run '^TestBrowsers$$' ./site/test

OLD ?= 488e4fa
starts: page
	$(say) 'first answers of the page, in turns with those of $(OLD)'
	@old=$$(mktemp -d); trap 'rm -rf "$$old"' EXIT; git archive $(OLD) | tar x -C "$$old"; (cd "$$old" && go run ./site/assemble --out page); \
	BIGNAS_STARTS="$$old/page:$(CURDIR)/$(SITE)" go test -count=1 -v -timeout 90m -run '^TestStarts$$' ./site/test

screens:
	$(say) 'screenshots of a visit, for the documents'
	@BIGNAS_SCREENS=$(CURDIR)/assets/screens go test -count=1 -timeout 90m -run '^TestVisit$$' ./site/test

# One platform without assembly, and not the commands: those take minutes.
arm64:
	$(say) 'core and trainer build for linux/arm64'
	@GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build ./core/... ./train/...

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
	$(say) 'a training run killed forty times ends as an undisturbed one, and one of two ranks killed twenty times'
	@BIGNAS_KILLS=40 go test -count=1 -timeout 90m -run '^TestKilled$$' ./train/run
	@BIGNAS_KILLS=20 go test -count=1 -timeout 90m -run '^TestRanksKilled$$' ./cmd/train

manifests:
	$(say) 'manifests for Kubernetes against the published schemas'
	@train/cluster/manifests

exported:
	$(say) 'exported children before the ONNX checker, in onnxruntime, OpenCV and opencv.js, and in torch'
	@test -d build/peers/node_modules && cmp -s cmd/bench/peers/package-lock.json build/peers/package-lock.json || cmd/bench/peers/install build/peers
	@BIGNAS_RUNTIMES=1 go test -count=1 -timeout 90m -run '^Test(Runtimes|Torch)' ./cmd/export

race:
	$(say) 'race detector (needs a C compiler)'
	@go test -race -short -timeout 90m ./core/kernel/... ./core/supernet/... ./core/trainer/... ./core/classify/... ./train/...

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
