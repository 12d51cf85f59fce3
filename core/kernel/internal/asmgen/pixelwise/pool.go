package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// pixels emits the loops over n pixels of c channels (bytes: 4c): fixed advances
// by 1 pixel, the rest by 2.
func pixels(one Register, two []Register, body func(at, step Register)) {
	n, step := arg("n"), arg("step")
	Label("pixel")
	at, left := GP64(), GP64()
	XORQ(at, at)
	MOVQ(step, left)
	SHRQ(U8(2), left)
	Label("channels")
	full, mask := GP32(), GP32()
	MOVL(U32(0xffff), full)
	rest := GP32()
	MOVL(U32(16), rest)
	CMPQ(left, U8(16))
	CMOVLLT(left.(GP).As32(), rest)
	BZHIL(rest, full, mask)
	KMOVW(mask, K1)
	body(at, step)
	ADDQ(U8(64), at)
	SUBQ(U8(16), left)
	JG(LabelRef("channels"))
	ADDQ(step, one)
	for _, p := range two {
		LEAQ(Mem{Base: p, Index: step, Scale: 2}, p)
	}
	DECQ(n)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// second is the address of the second pixel of a pair.
func second(p, at, step Register) Mem {
	q := GP64()
	LEAQ(Mem{Base: p, Index: step, Scale: 1}, q)
	return Mem{Base: q, Index: at, Scale: 1}
}

// averagePairs averages 2x2 pixels of two rows.
func averagePairs() {
	TEXT("averagePairs", NOSPLIT, "func(y, upper, lower *float32, n int, step int)")
	Pragma("noescape")
	Doc("averagePairs writes n pixels, step bytes each, averages of 2x2 pixels of two rows.")
	y, upper, lower := arg("y"), arg("upper"), arg("lower")
	quarter := constant(0.25)
	pixels(y, []Register{upper, lower}, func(at, step Register) {
		s := ZMM()
		VMOVUPS_Z(Mem{Base: upper, Index: at, Scale: 1}, K1, s)
		for _, m := range []Mem{second(upper, at, step), {Base: lower, Index: at, Scale: 1}, second(lower, at, step)} {
			v := ZMM()
			VMOVUPS_Z(m, K1, v)
			VADDPS(v, s, s)
		}
		VMULPS(quarter, s, s)
		VMOVUPS(s, K1, Mem{Base: y, Index: at, Scale: 1})
	})
}

// spreadPairs is the backward pass of one of the two rows.
func spreadPairs(accumulate bool) {
	name, does := "spreadPairs", "writes dx = dy/4 to"
	if accumulate {
		name, does = "spreadPairsAdd", "adds dy/4 to"
	}
	TEXT(name, NOSPLIT, "func(dx, dy *float32, n int, step int)")
	Pragma("noescape")
	Doc(name + " " + does + " both pixels of n pairs of a row, step bytes a pixel.")
	dx, dy := arg("dx"), arg("dy")
	quarter := constant(0.25)
	pixels(dy, []Register{dx}, func(at, step Register) {
		v := ZMM()
		VMOVUPS_Z(Mem{Base: dy, Index: at, Scale: 1}, K1, v)
		VMULPS(quarter, v, v)
		for _, m := range []Mem{{Base: dx, Index: at, Scale: 1}, second(dx, at, step)} {
			u := v
			if accumulate {
				u = ZMM()
				VMOVUPS_Z(m, K1, u)
				VADDPS(v, u, u)
			}
			VMOVUPS(u, K1, m)
		}
	})
}
