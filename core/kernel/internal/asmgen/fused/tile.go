package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// productFields are the fields of asm.ProductArgs, in order. Strides are in bytes.
var productFields = []string{"tiles", "k", "a", "lda", "b", "c", "ldc", "init", "ldinit", "residual", "done", "swish", "tail", "odd", "ldb", "scale", "shift"}

// product holds the registers of a tile of mr rows by nv vectors.
type product struct {
	generator
	arguments
	mr, nv int
	bases  []GPVirtual // the first row of each group of rows of A
	group  int         // rows of a group: 3, or 5 if lda3 is set
	lda, b GPVirtual
	lda3   GPVirtual
	panels map[int]GPVirtual // offsets in bytes from the first panel of B to others
	sets   [][][]VecVirtual  // accumulators; small tiles have several sets
	bs     []VecVirtual
	splat  VecVirtual
}

// sums returns the accumulators that hold the result.
func (p *product) sums() [][]VecVirtual { return p.sets[0] }

// tile emits y = act(init + A B) + residual for tiles of mr rows or, if there is a scale,
// y = act(A B*scale + shift) + residual. B is in panels of one vector of columns, ldb bytes
// apart.
func (g generator) tile(mr, nv int) {
	p := &product{generator: g, mr: mr, nv: nv, group: 3}
	name := fmt.Sprintf("product%dx%d", mr, nv)
	p.arguments = g.begin(name, productFields, "computes tiles of a product, its last vector with as many columns as odd and tail say, from asm.ProductArgs.",
		fmt.Sprintf("for i < tiles*%d, j < %d:", mr, g.Lanes*nv),
		fmt.Sprintf("	s = init[i*ldinit+j] + sum over q < k of a[i*lda+q] * b[j/%d][q*%d+j%%%d]", g.Lanes, g.Lanes, g.Lanes),
		"	c[i*ldc+j] = swish(s*scale[j]+shift[j]) + residual[i*ldc+j]")
	g.mask(p.arguments)
	for range p.independent() {
		var set [][]VecVirtual
		for range mr {
			row := make([]VecVirtual, nv)
			for j := range row {
				row[j] = p.New()
			}
			set = append(set, row)
		}
		p.sets = append(p.sets, set)
	}
	for range nv {
		p.bs = append(p.bs, p.New())
	}
	p.splat = p.New()
	p.lda = p.load("lda")
	if mr > 15 { // a pointer to every third row would take too many registers
		p.group, p.lda3 = 5, GP64()
		LEAQ(Mem{Base: p.lda, Index: p.lda, Scale: 2}, p.lda3)
	}
	next, c, init := p.load("a"), p.load("c"), p.load("init")
	Label("tile")
	p.start(init)
	p.bases = []GPVirtual{GP64()}
	MOVQ(next, p.bases[0])
	for r := p.group; r < mr; r += p.group {
		b := GP64()
		LEAQ(Mem{Base: p.bases[len(p.bases)-1], Index: p.lda, Scale: uint8(p.group - 1)}, b)
		ADDQ(p.lda, b)
		p.bases = append(p.bases, b)
	}
	p.b = p.load("b")
	p.panels = map[int]GPVirtual{1: p.load("ldb")}
	for i := 3; i < 2*nv; i += 2 {
		p.panels[i] = GP64()
		LEAQ(Mem{Base: p.panels[1], Index: p.panels[1], Scale: uint8(i - 1)}, p.panels[i])
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
	vector.Finish()
}

// independent returns the number of sets of accumulators. A multiply-add has a latency of 4
// cycles and two can start in each cycle, so that 8 independent ones are needed. The number
// is a power of 2, and at most the 4 rows of B by which the loop is unrolled.
func (p *product) independent() int {
	if !p.Wide() {
		return max(1, 4/p.mr)
	}
	n := 1
	for n < 4 && n*p.mr*p.nv < 8 {
		n *= 2
	}
	return n
}

// tailMask returns the mask of the last vector. With AVX2 it loads it into v.
func (p *product) tailMask(v VecVirtual) vector.Mask {
	if p.Wide() {
		return p.MaskIn(K1)
	}
	VMOVUPS(Mem{Base: p.load("tail")}, v)
	return p.MaskIn(v)
}

// start sets the accumulators to rows of init, and advances init past the tile.
func (p *product) start(init GPVirtual) {
	step := p.load("ldinit")
	mask := p.tailMask(p.splat)
	for _, row := range p.sums() {
		for j, v := range row {
			at := Mem{Base: init, Disp: p.Bytes() * j}
			if j == p.nv-1 {
				mask.Load(at, v)
			} else {
				VMOVUPS(at, v)
			}
		}
		ADDQ(step, init)
	}
	for _, set := range p.sets[1:] {
		for _, row := range set {
			for _, v := range row {
				p.Zero(v)
			}
		}
	}
}

// step adds the products of row u of B, counted from the current position, to the
// accumulators. It prefetches the same row of the next panel: weights are often used once in
// a forward pass, and are not in the cache.
func (p *product) step(u int) {
	p.prefetch(u)
	for j, v := range p.bs {
		VMOVUPS(p.row(j, u), v)
	}
	for i, row := range p.sets[u%len(p.sets)] {
		a := p.element(i, u)
		if p.Wide() && p.nv == 1 {
			VFMADD231PS_BCST(a, p.bs[0], row[0])
			continue
		}
		VBROADCASTSS(a, p.splat)
		for j, v := range row {
			VFMADD231PS(p.bs[j], p.splat, v)
		}
	}
}

// prefetch fetches row u of the next panel into the cache.
func (p *product) prefetch(u int) {
	if !p.Wide() { // a line is two rows
		PREFETCHT0(p.row(p.nv+u%p.nv, u))
		return
	}
	for j := range p.nv {
		PREFETCHT0(p.row(p.nv+j, u))
	}
}

// row returns row u of panel j of B.
func (p *product) row(j, u int) Mem {
	m := Mem{Base: p.b, Disp: p.Bytes() * u}
	switch r, ok := p.panels[j]; {
	case j == 0:
	case ok:
		m.Index, m.Scale = r, 1
	default:
		m.Index, m.Scale = p.panels[1], uint8(j)
	}
	return m
}

// element returns A[i][u] of the tile.
func (p *product) element(i, u int) Mem {
	a := Mem{Base: p.bases[i/p.group], Disp: 4 * u}
	switch n := i % p.group; n {
	case 0:
	case 3:
		a.Index, a.Scale = p.lda3, 1
	default:
		a.Index, a.Scale = p.lda, uint8(n)
	}
	return a
}

func (p *product) advance(u int) {
	for _, b := range p.bases {
		ADDQ(U8(4*u), b)
	}
	ADDQ(U32(p.Bytes()*u), p.b)
}

// multiply emits the loop over k, which adds A B to the accumulators, and adds up the sets.
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

// scale replaces the accumulators by their product with scale plus shift, if there is a scale.
func (p *product) scale() {
	scale := p.load("scale")
	TESTQ(scale, scale)
	JZ(LabelRef("scaled"))
	shift := p.load("shift")
	for j := range p.nv {
		VMOVUPS(Mem{Base: scale, Disp: p.Bytes() * j}, p.bs[0])
		VMOVUPS(Mem{Base: shift, Disp: p.Bytes() * j}, p.splat)
		for _, row := range p.sums() {
			VFMADD213PS(p.splat, p.bs[0], row[j])
		}
	}
	Label("scaled")
}

func (p *product) activate() {
	CMPQ(p.at("swish"), U8(0))
	JEQ(LabelRef("activated"))
	temporary := append([]VecVirtual{p.splat}, p.bs...)
	for len(temporary) < 3 || p.Wide() && len(temporary) < min(12, 32-p.mr*p.nv) {
		temporary = append(temporary, p.New())
	}
	var all []VecVirtual
	for _, row := range p.sums() {
		all = append(all, row...)
	}
	p.swish(all, temporary)
	Label("activated")
}

// store writes the accumulators, plus the residual if there is one, and advances c past the
// tile. With AVX2, where masked stores are slow, a last vector of 4 columns is stored as half
// a vector.
func (p *product) store(c GPVirtual) {
	ldc, residual := p.load("ldc"), p.load("residual")
	TESTQ(residual, residual)
	JZ(LabelRef("stored"))
	ADDQ(p.at("done"), residual)
	mask := p.tailMask(p.splat)
	p.rows(residual, ldc, func(v VecVirtual, at Mem, last bool) {
		if last {
			mask.Load(at, p.bs[0])
			VADDPS(p.bs[0], v, v)
		} else {
			VADDPS(at, v, v)
		}
	})
	SUBQ(p.at("residual"), residual)
	MOVQ(residual, p.at("done"))
	Label("stored")
	if p.Wide() {
		mask := p.tailMask(p.splat)
		p.rows(c, ldc, func(v VecVirtual, at Mem, last bool) {
			if last {
				mask.Store(v, at)
			} else {
				VMOVUPS(v, at)
			}
		})
		return
	}
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
	mask = p.tailMask(p.splat)
	p.rows(c, ldc, func(v VecVirtual, at Mem, last bool) {
		if last {
			mask.Store(v, at)
		} else {
			VMOVUPS(v, at)
		}
	})
	Label("next")
}

// rows calls f for each accumulator with its address, and advances pointer past the tile.
func (p *product) rows(pointer, stride Register, f func(v VecVirtual, at Mem, last bool)) {
	for _, row := range p.sums() {
		for j, v := range row {
			f(v, Mem{Base: pointer, Disp: p.Bytes() * j}, j == p.nv-1)
		}
		ADDQ(stride, pointer)
	}
}
