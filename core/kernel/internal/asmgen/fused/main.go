// Command fused writes the loops of inference: matrix products and depthwise
// convolutions that add the bias, apply swish and add the residual before they
// store. From core/kernel/internal/asmgen:
//
//	go run ./fused -set avx2 -out ../asm/avx2/fused_amd64.s -stubs ../asm/avx2/fused_amd64.go -pkg avx2
//
// and the same with avx512. Arguments are in structures, of which a call changes only a few fields: every
// field takes 8 bytes, and the lists here give their order.
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

// generator writes for one instruction set.
type generator struct {
	*vector.Set
	constants map[uint32]Mem
	held      map[float64]VecVirtual // constants in registers
}

// rows of the tiles by vectors of the panel, as in ../gemm.
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

// arguments is a structure of fields of 8 bytes in memory.
type arguments struct {
	base   GPVirtual
	fields []string
}

// begin starts a function of one structure.
func (g generator) begin(name string, fields []string, does string, loop ...string) arguments {
	vector.Text(name, fmt.Sprintf("func(args *[%d]uint64)", len(fields)), does, loop...)
	return arguments{vector.Arg("args"), fields}
}

// at is a field.
func (a arguments) at(field string) Mem {
	for i, f := range a.fields {
		if f == field {
			return Mem{Base: a.base, Disp: 8 * i}
		}
	}
	panic("no field " + field)
}

// load is a field in a register.
func (a arguments) load(field string) GPVirtual {
	r := GP64()
	MOVQ(a.at(field), r)
	return r
}

// mask makes the lanes of the field odd the mask K1, where masks are not vectors.
func (g generator) mask(a arguments) {
	if g.Wide() {
		KMOVW(a.at("odd"), K1)
	}
}

// constant is f in memory: in every lane, or once where an instruction can spread
// it, for the linker does not align what is as long as a line.
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

// with runs an instruction on a constant: narrow, or wide, which spreads it.
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

// hold keeps the constants of swish in registers.
func (g *generator) hold() {
	held := map[float64]VecVirtual{}
	for _, f := range append([]float64{floor, ceiling, magic, -math.Log2E, math.Ln2, 1}, exponential...) {
		held[f] = g.New()
		g.fill(f, held[f])
	}
	g.held = held
}

// fill makes v a constant in every lane.
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

// The ends of the logistic function: beyond them exp(-z) is no normal number.
const floor, ceiling = -87, 87

// magic added leaves an integer in the low bits of the sum.
const magic = 0x1.8p23

// exponential holds the minimax polynomial of degree 5 of e^r for |r| <= ln(2)/2
// with constant 1, relative error 9.3e-8 (Lawson's iteration), in float32.
var exponential = []float64{0.008290272, 0.04189816, 0.16667639, 0.49999148, 0.9999997}

// swish overwrites every v with v/(1+exp(-v)), off by 3e-7 of the value, of v = -87
// below that, which is less than 1e-35. Not a number stays so. Three registers of
// temporary are overwritten for each v that is computed at a time. It waits for the
// units that multiply, not for its loads, and for results the less the more are
// computed at a time; division of the widest vectors takes longer than all the rest,
// so that there it is an estimate with one step of Newton's.
//
// exp(-v) = 2^n exp(r), n the integer nearest to -v log2(e), which the sum with
// magic leaves in its low bits, whence a shift brings it to the exponent.
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
	each(func(v, t, r, p VecVirtual) { VMAXPS(v, t, v) }) // of two operands one of which is not a number, the first here
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
	each(func(v, t, r, p VecVirtual) { VFMADD231PS(t, p, t) })                             // t plus what it is too small by
	each(func(v, t, r, p VecVirtual) { VMULPS(t, v, v) })
}

// gather copies 16 columns of some rows, step bytes apart, to [row][16].
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

// scaleRows multiplies row i of a panel by gate[i].
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

// scaleColumns multiplies column j of some rows, step bytes apart, by scale[j] and
// lays them out one after the other.
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
