package main

import asm "bignas/wasm/kernels/wasmasm"

// width is how much of a vector a piece of code works on: all of it, or at the
// end of a row the first float alone.
type width struct {
	floats      int
	load, store asm.Op
}

var (
	whole = width{4, asm.V128Load, asm.V128Store}
	one   = width{1, asm.V128Load32Zero, asm.V128Store32Lane}
)

// advance adds a number to a local variable.
func advance(f *asm.Func, l asm.Local, by int) {
	f.Get(l)
	f.Const(by)
	f.Do(asm.Add)
	f.Set(l)
}

// add adds a local variable to another.
func add(f *asm.Func, l, by asm.Local) {
	f.Get(l, by)
	f.Do(asm.Add)
	f.Set(l)
}

// move copies a local variable.
func move(f *asm.Func, to, from asm.Local) {
	f.Get(from)
	f.Set(to)
}

// times sets to to the product of a local variable and a number.
func times(f *asm.Func, to, from asm.Local, by int) {
	f.Get(from)
	f.Const(by)
	f.Do(asm.Mul)
	f.Set(to)
}

// while repeats body as long as the local variable is at least least; body takes
// something off it.
func while(f *asm.Func, l asm.Local, least int, body func()) {
	f.Block(func() {
		f.Loop(func() {
			f.Get(l)
			f.Const(least)
			f.Do(asm.LtS)
			f.BranchIf(1)
			body()
			f.Branch(0)
		})
	})
}

// repeat runs body as often as the local variable says, at least once, and
// counts it down to 0.
func repeat(f *asm.Func, count asm.Local, body func()) {
	f.Loop(func() {
		body()
		f.Get(count)
		f.Const(1)
		f.Do(asm.Sub)
		f.Tee(count)
		f.BranchIf(0)
	})
}

// along walks n floats, 16 at a time, then 4, then one by one: body handles a
// width, at bytes behind the pointers, which move on.
func along(f *asm.Func, n asm.Local, pointers []asm.Local, body func(w width, at int)) {
	for _, step := range []struct {
		vectors int
		width
	}{{4, whole}, {1, whole}, {1, one}} {
		floats := step.vectors * step.floats
		while(f, n, floats, func() {
			for i := range step.vectors {
				body(step.width, 16*i)
			}
			for _, p := range pointers {
				advance(f, p, 4*floats)
			}
			advance(f, n, -floats)
		})
	}
}

// channelBlocks are the steps in which channels are walked: 16 at a time, then
// 4, then one by one.
var channelBlocks = []struct {
	vectors int
	width
}{{4, whole}, {1, whole}, {1, one}}

// zero clears the vectors.
func zero(f *asm.Func, sums []asm.Local) {
	for _, s := range sums {
		f.Splat(0)
		f.Set(s)
	}
}
