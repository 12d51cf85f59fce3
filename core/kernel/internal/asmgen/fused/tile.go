package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// productFields is productArgs of core/kernel. Strides are in bytes.
var productFields = []string{"tiles", "k", "a", "lda", "b", "c", "ldc", "init", "ldinit", "residual", "done", "swish", "tail", "odd", "ldb", "scale", "shift"}

// product is the state of a tile of mr rows by nv vectors.
type product struct {
	arguments
	mr, nv int
	bases  []GPVirtual // every third row of A
	lda, b GPVirtual
	panels []GPVirtual      // bytes from the 8 columns of B to the second, the third and the fourth
	sets   [][][]VecVirtual // sums, in more than one set where there are few
	bs     []VecVirtual
	splat  VecVirtual
}

// sums is the set that holds the result.
func (p *product) sums() [][]VecVirtual { return p.sets[0] }

// tile is y = act(init + A B) + residual for tiles of mr rows, or, where there is
// a scale, y = act(A B*scale + shift) + residual. B is in panels of 8 columns, ldb
// bytes from one to the next.
func tile(mr, nv int) {
	p := &product{mr: mr, nv: nv}
	name := fmt.Sprintf("product%dx%dAVX2", mr, nv)
	p.arguments = begin(name, productFields, fmt.Sprintf("computes tiles of %d rows by %d columns.", mr, 8*nv))
	for range max(1, 4/mr) { // a sum waits 4 cycles for the one before it
		var set [][]VecVirtual
		for range mr {
			row := make([]VecVirtual, nv)
			for j := range row {
				row[j] = YMM()
			}
			set = append(set, row)
		}
		p.sets = append(p.sets, set)
	}
	for range nv {
		p.bs = append(p.bs, YMM())
	}
	p.splat = YMM()
	p.lda = p.load("lda")
	next, c, init := p.load("a"), p.load("c"), p.load("init")
	Label("tile")
	p.start(init)
	p.bases = []GPVirtual{GP64()}
	MOVQ(next, p.bases[0])
	for r := 3; r < mr; r += 3 {
		b := GP64()
		LEAQ(Mem{Base: p.bases[len(p.bases)-1], Index: p.lda, Scale: 2}, b)
		ADDQ(p.lda, b)
		p.bases = append(p.bases, b)
	}
	p.b = p.load("b")
	p.panels = []GPVirtual{p.load("ldb")}
	for i := 2; i < 2*nv; i++ {
		after := GP64()
		LEAQ(Mem{Base: p.panels[i-2], Index: p.panels[0], Scale: 1}, after)
		p.panels = append(p.panels, after)
	}
	p.multiply()
	p.scale()
	p.activate()
	p.store(c)
	rows := GP64()
	IMUL3Q(U32(mr), p.lda, rows)
	ADDQ(rows, next)
	DECQ(p.at("tiles"))
	JNZ(LabelRef("tile"))
	finish()
}

// tailMask is the mask of the last vector, in a register that the caller owns.
func (p *product) tailMask(v VecVirtual) VecVirtual {
	VMOVUPS(Mem{Base: p.load("tail")}, v)
	return v
}

// start sets the sums to rows of init and moves on in it.
func (p *product) start(init GPVirtual) {
	step := p.load("ldinit")
	mask := p.tailMask(p.splat)
	for _, row := range p.sums() {
		for j, v := range row {
			at := Mem{Base: init, Disp: 32 * j}
			if j == p.nv-1 {
				VMASKMOVPS(at, mask, v)
			} else {
				VMOVUPS(at, v)
			}
		}
		ADDQ(step, init)
	}
	for _, set := range p.sets[1:] {
		for _, row := range set {
			for _, v := range row {
				VXORPS(v, v, v)
			}
		}
	}
}

// step multiplies row u of B, from the cursors on.
// It asks for the row of the panel after it: weights are often used once in a
// forward pass and come from far.
func (p *product) step(u int) {
	// A line is two rows of 8 columns.
	PREFETCHT0(Mem{Base: p.b, Index: p.panels[p.nv-1+u%p.nv], Scale: 1, Disp: 32 * u})
	for j, v := range p.bs {
		at := Mem{Base: p.b, Disp: 32 * u}
		if j > 0 {
			at.Index, at.Scale = p.panels[j-1], 1
		}
		VMOVUPS(at, v)
	}
	for i, row := range p.sets[u%len(p.sets)] {
		a := Mem{Base: p.bases[i/3], Disp: 4 * u}
		if i%3 > 0 {
			a.Index, a.Scale = p.lda, uint8(i%3)
		}
		VBROADCASTSS(a, p.splat)
		for j, v := range row {
			VFMADD231PS(p.bs[j], p.splat, v)
		}
	}
}

func (p *product) advance(u int) {
	for _, b := range p.bases {
		ADDQ(U8(4*u), b)
	}
	ADDQ(U32(32*u), p.b)
}

// multiply adds A B to the sums.
func (p *product) multiply() {
	const unroll = 4
	k := p.load("k")
	SUBQ(U8(unroll), k)
	JLT(LabelRef("rest"))
	Label("loop")
	for u := range unroll {
		p.step(u)
	}
	p.advance(unroll)
	SUBQ(U8(unroll), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(unroll), k)
	JZ(LabelRef("multiplied"))
	Label("single")
	p.step(0)
	p.advance(1)
	DECQ(k)
	JNZ(LabelRef("single"))
	Label("multiplied")
	for n := len(p.sets); n > 1; n /= 2 {
		for s := range n / 2 {
			for i, row := range p.sets[s] {
				for j, v := range row {
					VADDPS(p.sets[s+n/2][i][j], v, v)
				}
			}
		}
	}
}

// scale turns the sums into sums*scale + shift.
func (p *product) scale() {
	scale := p.load("scale")
	TESTQ(scale, scale)
	JZ(LabelRef("scaled"))
	shift := p.load("shift")
	for j := range p.nv {
		VMOVUPS(Mem{Base: scale, Disp: 32 * j}, p.bs[0])
		VMOVUPS(Mem{Base: shift, Disp: 32 * j}, p.splat)
		for _, row := range p.sums() {
			VFMADD213PS(p.splat, p.bs[0], row[j])
		}
	}
	Label("scaled")
}

func (p *product) activate() {
	CMPQ(p.at("swish"), U8(0))
	JEQ(LabelRef("activated"))
	t := append([]VecVirtual{p.splat}, p.bs...)
	for len(t) < 3 {
		t = append(t, YMM())
	}
	for _, row := range p.sums() {
		for _, v := range row {
			swish(v, t[0], t[1], t[2])
		}
	}
	Label("activated")
}

// store writes the sums, plus the residual where there is one, and moves c on.
// A last vector that is not whole goes through a mask, which is slow, or, where
// it is of 4 columns, by half.
func (p *product) store(c GPVirtual) {
	ldc, residual := p.load("ldc"), p.load("residual")
	TESTQ(residual, residual)
	JZ(LabelRef("stored"))
	ADDQ(p.at("done"), residual)
	mask := p.tailMask(p.splat)
	p.rows(residual, ldc, func(v VecVirtual, at Mem, last bool) {
		if last {
			VMASKMOVPS(at, mask, p.bs[0])
			VADDPS(p.bs[0], v, v)
		} else {
			VADDPS(at, v, v)
		}
	})
	SUBQ(p.at("residual"), residual)
	MOVQ(residual, p.at("done"))
	Label("stored")
	odd := p.load("odd")
	CMPQ(odd, U8(1))
	JEQ(LabelRef("half"))
	JA(LabelRef("masked"))
	p.rows(c, ldc, func(v VecVirtual, at Mem, _ bool) { VMOVUPS(v, at) })
	JMP(LabelRef("next"))
	Label("half")
	p.rows(c, ldc, func(v VecVirtual, at Mem, last bool) {
		if last {
			VMOVUPS(v.AsX(), at)
		} else {
			VMOVUPS(v, at)
		}
	})
	JMP(LabelRef("next"))
	Label("masked")
	p.tailMask(p.splat)
	p.rows(c, ldc, func(v VecVirtual, at Mem, last bool) {
		if last {
			VMASKMOVPS(v, p.splat, at)
		} else {
			VMOVUPS(v, at)
		}
	})
	Label("next")
}

// rows runs f over the sums with their place from pointer on, which it moves on.
func (p *product) rows(pointer, stride Register, f func(v VecVirtual, at Mem, last bool)) {
	for _, row := range p.sums() {
		for j, v := range row {
			f(v, Mem{Base: pointer, Disp: 32 * j}, j == p.nv-1)
		}
		ADDQ(stride, pointer)
	}
}
