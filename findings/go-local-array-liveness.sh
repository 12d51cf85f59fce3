#!/usr/bin/env bash
# Since Go 1.24 the compiler may forget that a local array of pointers is in use: what only the array points to is freed by the
# garbage collector, and the array's element then points to whatever is allocated there next. It takes an array that is written
# and read at the same variable index, with a collection in between, and whose address is never taken, not even by slicing it.
# Nothing in the program is unsafe.
#
# Why: since 1.24 (perhaps for https://github.com/golang/go/issues/70300) the compiler takes two addresses of a local variable as one
# even with a call in between (OpLocalAddr in cmd/compile/internal/ssa/cse.go), and so the address of an element lives in a register or a
# stack slot across the call. The analysis of what is live ends the array's life at the last instruction that names the array,
# which now comes before the call, and a variable whose address is not taken is no stack object that the collector could find from
# that pointer. Where an instruction can add base and index itself, as on amd64, the load still names the array and all is well;
# with two indices it does not. js/wasm has no such instruction, and one index is enough. With the comparison of 1.23 put back into
# cse.go, `go tool compile -live` lists the arrays as live at the call again.
#
# Seen on 2026-11-29 on linux/amd64 with Go 1.26.8 and Node 20; the value stored is 1 each time, 2 is what was allocated later:
#
#   linux/amd64: one index 1, two indices 2, two indices of a slice of the array 1
#   js/wasm: one index 2, two indices 2, two indices of a slice of the array 1
#
# `go tool compile -live` shows the array lost in the same way with Go 1.24.11 and 1.25.5 and not with 1.23.12; with two indices
# also for arm64.
# Exits with 0 while that is so, with 1 when it changes.
set -euo pipefail
export GOTOOLCHAIN=go1.26.8 GOFLAGS= GOWORK=off CGO_ENABLED=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import "runtime"

type block [4]int

var kept [1 << 16]*block

//go:noinline
func newBlock(v int) *block { return &block{v, v, v, v} }

// collect frees what is not in use and fills the space with blocks of 2.
//
//go:noinline
func collect() {
	runtime.GC()
	for i := range kept {
		kept[i] = newBlock(2)
	}
}

//go:noinline
func one(i int) int {
	var local [8]*block
	local[i&7] = newBlock(1)
	collect()
	return local[i&7][0]
}

//go:noinline
func two(i, j int) int {
	var local [8][8]*block
	local[i&7][j&7] = newBlock(1)
	collect()
	return local[i&7][j&7][0]
}

//go:noinline
func slice(i, j int) int {
	var local [8][8]*block
	rows := local[:]
	rows[i&7][j&7] = newBlock(1)
	collect()
	return rows[i&7][j&7][0]
}

func main() {
	print(runtime.GOOS, "/", runtime.GOARCH, ": one index ", one(3), ", two indices ", two(1, 2),
		", two indices of a slice of the array ", slice(1, 2), "\n")
}
GO
GOOS=linux GOARCH=amd64 go build -o native main.go
GOOS=js GOARCH=wasm go build -o main.wasm main.go
./native 2>&1 | tee seen
# The loader has little space for the environment.
env -i "PATH=$PATH" "HOME=$HOME" "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./main.wasm 2>&1 | tee -a seen
diff seen - <<'END' || { echo "the output differs from what was seen"; exit 1; }
linux/amd64: one index 1, two indices 2, two indices of a slice of the array 1
js/wasm: one index 2, two indices 2, two indices of a slice of the array 1
END
