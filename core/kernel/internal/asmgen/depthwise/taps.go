package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// load loads the taps that use selects; the others stay nil.
func (g generator) load(k int, use func(y, x int) bool) [][]VecVirtual {
	p := vector.Arg("taps")
	taps := make([][]VecVirtual, k)
	for y := range k {
		taps[y] = make([]VecVirtual, k)
		for x := range k {
			if use(y, x) {
				taps[y][x] = g.New()
				VMOVUPS(Mem{Base: p, Disp: g.Bytes() * (y*k + x)}, taps[y][x])
			}
		}
	}
	return taps
}

// term is the product of a tap and an input pixel.
type term struct {
	tap VecVirtual
	in  Mem
}

// total sums the terms in several independent chains, so that an addition need not wait for
// the one before it.
func (g generator) total(terms []term, chains int) VecVirtual {
	acc := make([]VecVirtual, min(chains, len(terms)))
	for i, t := range terms {
		if i < len(acc) {
			acc[i] = g.New()
			VMULPS(t.in, t.tap, acc[i])
		} else {
			VFMADD231PS(t.in, t.tap, acc[i%len(acc)])
		}
	}
	for n := len(acc); n > 1; n = (n + 1) / 2 {
		for i := range n / 2 {
			VADDPS(acc[(n+1)/2+i], acc[i], acc[i])
		}
	}
	return acc[0]
}

// forwardGroups emits the forward pass for several pixels at once, with one row of taps in
// registers at a time. Each tap and each input pixel is loaded once for the whole group.
func (g generator) forwardGroups(k, stride int) {
	g.forwardText(k, stride)
	t, taps := g.begin("y", k, stride, stride), vector.Arg("taps")
	t.beginRow()
	n := vector.Arg("pixels")
	for _, group := range []int{6, 2, 1} {
		loop, done := fmt.Sprint("loop", group), fmt.Sprint("done", group)
		SUBQ(U8(group), n)
		JL(LabelRef(done))
		Label(loop)
		for _, v := range g.group(t, taps, group, k, stride) {
			t.write(v)
			ADDQ(t.step, t.out)
		}
		ADDQ(U32(group*stride*g.Bytes()), t.at)
		SUBQ(U8(group), n)
		JGE(LabelRef(loop))
		Label(done)
		ADDQ(U8(group), n)
	}
	t.endRow()
	t.finish()
}

// group returns the outputs of group neighbouring pixels.
func (g generator) group(t *nest, taps Register, pixels, k, stride int) []VecVirtual {
	sums := make([]VecVirtual, pixels)
	for y := range k {
		row := make([]VecVirtual, k)
		for x := range row {
			row[x] = g.Copy(Mem{Base: taps, Disp: g.Bytes() * (y*k + x)})
		}
		for at := range (pixels-1)*stride + k {
			in := g.Copy(t.in(y, at))
			for p := range sums {
				x := at - p*stride
				switch {
				case x < 0 || x >= k:
				case sums[p] == nil:
					sums[p] = g.New()
					VMULPS(in, row[x], sums[p])
				default:
					VFMADD231PS(in, row[x], sums[p])
				}
			}
		}
	}
	return sums
}
