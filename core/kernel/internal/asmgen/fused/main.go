// Command fused writes the loops of inference: matrix products and depthwise
// convolutions that add the bias, apply swish and add the residual before they
// store. From core/kernel/internal/asmgen:
//
//	go run ./fused -set avx2 -out ../../fused_avx2_amd64.s -stubs ../../fused_avx2_amd64.go -pkg kernel
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
}

// rows of the tiles by vectors of the panel, as in ../gemm.
var rows = map[string]map[int][]int{
	"avx512": {1: {24, 8, 4, 2, 1}, 2: {14, 8, 4, 2, 1}, 3: {9, 4, 2, 1}},
	"avx2":   {1: {12, 4, 2, 1}, 2: {6, 4, 2, 1}},
}

func main() {
	g := generator{vector.FromFlags(), map[uint32]Mem{}}
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
	Generate()
}

// arguments is a structure of fields of 8 bytes in memory.
type arguments struct {
	base   GPVirtual
	fields []string
}

// begin starts a function of one structure.
func (g generator) begin(name string, fields []string, does string) arguments {
	g.Text(name, fmt.Sprintf("func(args *[%d]uint64)", len(fields)), does)
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

// constant is f in every lane, in memory.
func (g generator) constant(f float64) Mem {
	b := math.Float32bits(float32(f))
	m, ok := g.constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("fused%08x", b), attr.RODATA|attr.NOPTR)
		for i := range g.Lanes {
			DATA(4*i, U32(b))
		}
		g.constants[b] = m
	}
	return m
}

func copyOf(m Mem, v VecVirtual) VecVirtual {
	VMOVUPS(m, v)
	return v
}

// The ends of the logistic function: beyond them exp(-z) is no normal number.
const floor, ceiling = -87, 87

// exponential holds the minimax polynomial of degree 5 of e^r for |r| <= ln(2)/2
// with constant 1, relative error 9.3e-8 (Lawson's iteration), in float32.
var exponential = []float64{0.008290272, 0.04189816, 0.16667639, 0.49999148, 0.9999997}

// swish overwrites v with v/(1+exp(-v)), off by 3e-7 of the value, of v = -87
// below that, which is less than 1e-35. Not a number stays so. t, r and p are
// overwritten. It waits for the units that multiply, not for its loads; division of
// the widest vectors takes longer than all the rest, so that there it is an estimate
// with one step of Newton's.
//
// exp(-v) = 2^n exp(r), n the integer nearest to -v log2(e), which the sum with
// 1.5*2^23 leaves in its low bits, whence a shift brings it to the exponent.
func (g generator) swish(v, t, r, p VecVirtual) {
	const magic = 0x1.8p23
	VMAXPS(v, copyOf(g.constant(floor), t), v) // of two operands one of which is not a number, the first here
	VMINPS(g.constant(ceiling), v, r)
	VMOVUPS(g.constant(magic), t)
	VFMADD231PS(g.constant(-math.Log2E), r, t)
	VSUBPS(g.constant(magic), t, p)
	VFNMSUB231PS(g.constant(math.Ln2), p, r)
	VPSLLD(U8(23), t, t)
	VMOVUPS(g.constant(exponential[0]), p)
	for _, c := range append(exponential[1:], 1) {
		VFMADD213PS(g.constant(c), r, p)
	}
	VPADDD(t, p, p)
	VADDPS(g.constant(1), p, p)
	if !g.Wide() {
		VDIVPS(p, v, v)
		return
	}
	VRCP14PS(p, t)
	VMULPS(t, v, v)
	VFNMADD213PS(g.constant(2), p, t) // 2 - p t
	VMULPS(t, v, v)
}

// gather copies 16 columns of some rows, step bytes apart, to [row][16].
func (g generator) gather() {
	g.Text("gatherBlock", "func(dst, src *float32, rows, step int)", "copies 16 elements each of rows > 0 rows, step bytes apart, to [row][16].")
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
	g.Text("scalePanel", "func(dst, src, gate *float32, rows int)", fmt.Sprintf("multiplies rows > 0 rows of %d columns each by an element of gate.", g.Lanes))
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
