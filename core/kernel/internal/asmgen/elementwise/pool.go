package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// pixels emits the loops over n pixels and their channels, in whole vectors and then a
// masked one. A pixel has step bytes. For each pixel the pointer one advances by one pixel
// and the pointers two by two.
func (g generator) pixels(one Register, two []Register, body func(l *lane, step Register)) {
	n, step := vector.Arg("n"), vector.Arg("step")
	Label("pixel")
	l, left := &lane{Set: g.Set, at: GP64()}, GP64()
	XORQ(l.at, l.at)
	MOVQ(step, left)
	SHRQ(U8(2), left)
	SUBQ(U8(g.Lanes), left)
	JL(LabelRef("rest"))
	Label("channels")
	body(l, step)
	ADDQ(U8(g.Bytes()), l.at)
	SUBQ(U8(g.Lanes), left)
	JGE(LabelRef("channels"))
	Label("rest")
	ADDQ(U8(g.Lanes), left)
	JEQ(LabelRef("next"))
	mask := g.MaskFirst(left)
	body(&lane{Set: g.Set, at: l.at, mask: &mask}, step)
	Label("next")
	ADDQ(step, one)
	for _, p := range two {
		LEAQ(Mem{Base: p, Index: step, Scale: 2}, p)
	}
	DECQ(n)
	JNZ(LabelRef("pixel"))
	vector.Finish()
}

// second returns the address of the second pixel of the pair at p.
func second(p, step Register) Register {
	q := GP64()
	LEAQ(Mem{Base: p, Index: step, Scale: 1}, q)
	return q
}

// averagePairs emits the forward pass of 2x2 average pooling for two rows.
func (g generator) averagePairs() {
	vector.Text("averagePairs", "func(y, upper, lower *float32, n int, step int)",
		"averages 2x2 pixels of two rows, step bytes each.",
		"for p < n, c < step/4:", "	y[p][c] = (upper[2p][c] + upper[2p+1][c] + lower[2p][c] + lower[2p+1][c]) / 4")
	y, upper, lower := vector.Arg("y"), vector.Arg("upper"), vector.Arg("lower")
	quarter := g.Constant(0.25)
	g.pixels(y, []Register{upper, lower}, func(l *lane, step Register) {
		s := l.load(upper)
		for _, p := range []Register{second(upper, step), lower, second(lower, step)} {
			VADDPS(l.load(p), s, s)
		}
		VMULPS(quarter, s, s)
		l.store(s, y)
	})
}

// spreadPairs emits the backward pass of averagePairs for one of its two rows.
func (g generator) spreadPairs(accumulate bool) {
	name, set := "spreadPairs", "="
	if accumulate {
		name, set = "spreadPairsAdd", "+="
	}
	vector.Text(name, "func(dx, dy *float32, n int, step int)", "spreads over both pixels of n pairs of a row, step bytes each.",
		"for p < n, c < step/4:", "	dx[2p][c] "+set+" dy[p][c] / 4", "	dx[2p+1][c] "+set+" dy[p][c] / 4")
	dx, dy := vector.Arg("dx"), vector.Arg("dy")
	quarter := g.Constant(0.25)
	g.pixels(dy, []Register{dx}, func(l *lane, step Register) {
		v := l.load(dy)
		VMULPS(quarter, v, v)
		for _, p := range []Register{dx, second(dx, step)} {
			u := v
			if accumulate {
				u = l.load(p)
				VADDPS(v, u, u)
			}
			l.store(u, p)
		}
	})
}
