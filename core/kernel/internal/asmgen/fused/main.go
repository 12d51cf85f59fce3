// Command fused writes the loops of inference: matrix products and depthwise
// convolutions that add the bias, apply swish and add the residual before they
// store. From core/kernel/internal/asmgen:
//
//	go run ./fused -set avx2 -out ../asm/avx2/fused_amd64.s -stubs ../asm/avx2/fused_amd64.go -pkg avx2
//
// and the same with avx512. A function takes the address of a structure, so that the caller
// sets only the fields that change from call to call. Every field has 8 bytes; the lists here
// give their order.
package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// generator emits the functions for one instruction set.
type generator struct {
	*vector.Set
	constants map[uint32]Mem
	held      map[float64]VecVirtual // constants in registers
}

// rows lists the heights of tiles by the width of the panel in vectors, as in ../gemm.
var rows = map[string]map[int][]int{
	"avx512": {1: {24, 8, 4, 2, 1}, 2: {14, 8, 4, 2, 1}, 3: {9, 4, 2, 1}},
	"avx2":   {1: {12, 4, 2, 1}, 2: {6, 4, 2, 1}},
}

func main() {
	g := generator{vector.FromFlags(), map[uint32]Mem{}, nil}
	ConstraintExpr("amd64,!noasm")
	for nv := range 4 {
		for _, mr := range rows[g.Name][nv] {
			g.tile(mr, nv)
		}
	}
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			g.depthwise(k, stride)
		}
	}
	g.gather()
	g.scaleRows()
	g.scaleColumns()
	Generate()
}

// arguments is the structure that a function takes: its address and its fields of 8 bytes.
type arguments struct {
	base   GPVirtual
	fields []string
}

// begin begins a function that takes a structure of these fields.
func (g generator) begin(name string, fields []string, does string, loop ...string) arguments {
	vector.Text(name, fmt.Sprintf("func(args *[%d]uint64)", len(fields)), does, loop...)
	return arguments{vector.Arg("args"), fields}
}

// at returns the field in memory.
func (a arguments) at(field string) Mem {
	for i, f := range a.fields {
		if f == field {
			return Mem{Base: a.base, Disp: 8 * i}
		}
	}
	panic("no field " + field)
}

// load loads a field into a new register.
func (a arguments) load(field string) GPVirtual {
	r := GP64()
	MOVQ(a.at(field), r)
	return r
}

// mask loads the field odd, the mask of the last vector, into K1. AVX-512 only.
func (g generator) mask(a arguments) {
	if g.Wide() {
		KMOVW(a.at("odd"), K1)
	}
}

// constant returns f in memory: in every lane with AVX2, and once with AVX-512, whose
// instructions broadcast it. A whole vector would be a cache line, which the linker does not
// align.
func (g generator) constant(f float64) Mem {
	b := math.Float32bits(float32(f))
	m, ok := g.constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("fused%08x", b), attr.RODATA|attr.NOPTR)
		lanes := g.Lanes
		if g.Wide() {
			lanes = 1
		}
		for i := range lanes {
			DATA(4*i, U32(b))
		}
		g.constants[b] = m
	}
	return m
}

// with emits an instruction with a constant operand: wide if it broadcasts the constant from
// memory, narrow otherwise.
func (g generator) with(f float64, narrow, wide func(ops ...Op), ops ...Op) {
	v, held := g.held[f]
	switch {
	case held:
		narrow(append([]Op{v}, ops...)...)
	case g.Wide():
		wide(append([]Op{g.constant(f)}, ops...)...)
	default:
		narrow(append([]Op{g.constant(f)}, ops...)...)
	}
}

// hold loads the constants of swish into registers, for the rest of the function.
func (g *generator) hold() {
	held := map[float64]VecVirtual{}
	for _, f := range append([]float64{floor, ceiling, magic, -math.Log2E, math.Ln2, 1}, exponential...) {
		held[f] = g.New()
		g.fill(f, held[f])
	}
	g.held = held
}

// fill sets every lane of v to the constant f.
func (g generator) fill(f float64, v VecVirtual) {
	if r, held := g.held[f]; held {
		VMOVAPS(r, v)
	} else if g.Wide() {
		VBROADCASTSS(g.constant(f), v)
	} else {
		VMOVUPS(g.constant(f), v)
	}
}

func copyOf(m Mem, v VecVirtual) VecVirtual {
	VMOVUPS(m, v)
	return v
}

// The limits of the logistic function: beyond them exp(-z) overflows or is subnormal.
const floor, ceiling = -87, 87

// magic rounds: adding it leaves the nearest integer in the low bits of the sum.
const magic = 0x1.8p23

// exponential holds the minimax polynomial of degree 5 of e^r for |r| <= ln(2)/2
// with constant 1, relative error 9.3e-8 (Lawson's iteration), in float32.
var exponential = []float64{0.008290272, 0.04189816, 0.16667639, 0.49999148, 0.9999997}

// swish overwrites every v with v/(1+exp(-v)). The relative error is at most 3e-7; below -87
// the result is that of -87, whose magnitude is less than 1e-35. NaN propagates. For each v
// that is computed at the same time, it clobbers three registers of temporary. The code is
// bound by the units that multiply, and by latency where few are computed at once. With
// AVX-512, where a division takes longer than all the rest, it refines an estimate of the
// reciprocal with one step of Newton's method.
//
// exp(-v) is computed as 2^n exp(r), where n is the integer nearest to -v log2(e). Adding
// magic leaves n in the low bits of the sum, and a shift moves it to the exponent.
func (g generator) swish(vs []VecVirtual, temporary []VecVirtual) {
	most := len(temporary) / 3
	for len(vs) > most {
		g.swish(vs[:most], temporary)
		vs = vs[most:]
	}
	each := func(f func(v, t, r, p VecVirtual)) {
		for i, v := range vs {
			f(v, temporary[3*i], temporary[3*i+1], temporary[3*i+2])
		}
	}
	each(func(v, t, r, p VecVirtual) { g.fill(floor, t) })
	each(func(v, t, r, p VecVirtual) { VMAXPS(v, t, v) }) // if either is NaN, the result is the first of the two, v
	each(func(v, t, r, p VecVirtual) { g.with(ceiling, VMINPS, VMINPS_BCST, v, r) })
	each(func(v, t, r, p VecVirtual) { g.fill(magic, t) })
	each(func(v, t, r, p VecVirtual) { g.with(-math.Log2E, VFMADD231PS, VFMADD231PS_BCST, r, t) })
	each(func(v, t, r, p VecVirtual) { g.with(magic, VSUBPS, VSUBPS_BCST, t, p) })
	each(func(v, t, r, p VecVirtual) { g.with(math.Ln2, VFNMSUB231PS, VFNMSUB231PS_BCST, p, r) })
	each(func(v, t, r, p VecVirtual) { VPSLLD(U8(23), t, t) })
	each(func(v, t, r, p VecVirtual) { g.fill(exponential[0], p) })
	for _, c := range append(exponential[1:], 1) {
		each(func(v, t, r, p VecVirtual) { g.with(c, VFMADD213PS, VFMADD213PS_BCST, r, p) })
	}
	each(func(v, t, r, p VecVirtual) { VPADDD(t, p, p) })
	each(func(v, t, r, p VecVirtual) { g.with(1, VADDPS, VADDPS_BCST, p, p) })
	if !g.Wide() {
		each(func(v, t, r, p VecVirtual) { VDIVPS(p, v, v) })
		return
	}
	each(func(v, t, r, p VecVirtual) { VRCP14PS(p, t) })
	each(func(v, t, r, p VecVirtual) { g.with(1, VFNMADD213PS, VFNMADD213PS_BCST, t, p) }) // 1 - p t
	each(func(v, t, r, p VecVirtual) { VFMADD231PS(t, p, t) })                             // t + t(1 - p t)
	each(func(v, t, r, p VecVirtual) { VMULPS(t, v, v) })
}

// gather emits the copy of 16 columns of rows that are step bytes apart to [row][16].
func (g generator) gather() {
	vector.Text("gatherBlock", "func(dst, src *float32, rows, step int)", "copies 16 elements each of rows > 0 rows, step bytes apart.",
		"for r < rows, c < 16:", "	dst[r*16+c] = src[r*step/4+c]")
	dst, src, n, step := vector.Arg("dst"), vector.Arg("src"), vector.Arg("rows"), vector.Arg("step")
	Label("row")
	for j := range 16 / g.Lanes {
		VMOVUPS(copyOf(Mem{Base: src, Disp: g.Bytes() * j}, g.New()), Mem{Base: dst, Disp: g.Bytes() * j})
	}
	ADDQ(step, src)
	ADDQ(U8(64), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	vector.Finish()
}

// scaleRows emits the product of row i of a panel and gate[i].
func (g generator) scaleRows() {
	vector.Text("scalePanel", "func(dst, src, gate *float32, rows int)", "multiplies rows > 0 rows by an element each.",
		fmt.Sprintf("for r < rows, c < %d:", g.Lanes), fmt.Sprintf("	dst[r*%d+c] = src[r*%d+c] * gate[r]", g.Lanes, g.Lanes))
	dst, src, gate, n := vector.Arg("dst"), vector.Arg("src"), vector.Arg("gate"), vector.Arg("rows")
	f, v := g.New(), g.New()
	Label("row")
	VBROADCASTSS(Mem{Base: gate}, f)
	VMULPS(Mem{Base: src}, f, v)
	VMOVUPS(v, Mem{Base: dst})
	ADDQ(U8(4), gate)
	ADDQ(U8(g.Bytes()), src)
	ADDQ(U8(g.Bytes()), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	vector.Finish()
}

// scaleColumns emits the product of column j of rows that are step bytes apart and scale[j],
// with the rows of the result one after the other.
func (g generator) scaleColumns() {
	vector.Text("scaleBlock", "func(dst, src, scale *float32, rows, step int)", "multiplies rows > 0 rows, step bytes apart, by columns.",
		fmt.Sprintf("for r < rows, c < %d:", g.Lanes), fmt.Sprintf("	dst[r*%d+c] = src[r*step/4+c] * scale[c]", g.Lanes))
	dst, src, n, step := vector.Arg("dst"), vector.Arg("src"), vector.Arg("rows"), vector.Arg("step")
	f, v := g.New(), g.New()
	VMOVUPS(Mem{Base: vector.Arg("scale")}, f)
	Label("row")
	VMULPS(Mem{Base: src}, f, v)
	VMOVUPS(v, Mem{Base: dst})
	ADDQ(step, src)
	ADDQ(U8(g.Bytes()), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	vector.Finish()
}
