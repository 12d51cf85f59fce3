// Command fused writes the loops of inference on 16 vectors of 8 floats: matrix
// products and depthwise convolutions that add the bias, apply swish and add
// the residual before they store. From core/kernel/internal/asmgen:
//
//	go run ./fused -set avx2 -out ../../fused_avx2_amd64.s -stubs ../../fused_avx2_amd64.go -pkg kernel
//
// Arguments are in structures, of which a call changes only a few fields: every
// field takes 8 bytes, and the lists here give their order.
package main

import (
	"fmt"
	"math"
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

func main() {
	if vector.FromFlags().Wide() {
		fmt.Fprintln(os.Stderr, "fused: only -set avx2 is there")
		os.Exit(2)
	}
	ConstraintExpr("amd64,!noasm")
	for _, mr := range []int{12, 4, 2, 1} {
		tile(mr, 1)
	}
	for _, mr := range []int{6, 4, 2, 1} {
		tile(mr, 2)
	}
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			depthwise(k, stride)
		}
	}
	gather()
	scaleRows()
	Generate()
}

// arguments is a structure of fields of 8 bytes in memory.
type arguments struct {
	base   GPVirtual
	fields []string
}

// begin starts a function of one structure.
func begin(name string, fields []string, does string) arguments {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(args *[%d]uint64)", len(fields)))
	Pragma("noescape")
	Doc(name + " " + does)
	return arguments{load("args"), fields}
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

// load is a parameter in a register.
func load(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

func finish() {
	VZEROUPPER()
	RET()
}

var constants = map[uint32]Mem{}

// constant is f in every lane, in memory.
func constant(f float64) Mem {
	b := math.Float32bits(float32(f))
	m, ok := constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("fused%08x", b), attr.RODATA|attr.NOPTR)
		for i := range 8 {
			DATA(4*i, U32(b))
		}
		constants[b] = m
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
// overwritten. On Zen it waits for the units that multiply, not for its loads.
//
// exp(-v) = 2^n exp(r), n the integer nearest to -v log2(e), which the sum with
// 1.5*2^23 leaves in its low bits, whence a shift brings it to the exponent.
func swish(v, t, r, p VecVirtual) {
	const magic = 0x1.8p23
	VMAXPS(v, copyOf(constant(floor), t), v) // of two operands one of which is not a number, the first here
	VMINPS(constant(ceiling), v, r)
	VMOVUPS(constant(magic), t)
	VFMADD231PS(constant(-math.Log2E), r, t)
	VSUBPS(constant(magic), t, p)
	VFNMSUB231PS(constant(math.Ln2), p, r)
	VPSLLD(U8(23), t, t)
	VMOVUPS(constant(exponential[0]), p)
	for _, c := range append(exponential[1:], 1) {
		VFMADD213PS(constant(c), r, p)
	}
	VPADDD(t, p, p)
	VADDPS(constant(1), p, p)
	VDIVPS(p, v, v)
}

// gather copies 16 columns of some rows, step bytes apart, to [row][16].
func gather() {
	TEXT("gatherBlockAVX2", NOSPLIT, "func(dst, src *float32, rows, step int)")
	Pragma("noescape")
	Doc("gatherBlockAVX2 copies 16 elements each of rows > 0 rows, step bytes apart, to [row][16].")
	dst, src, n, step := load("dst"), load("src"), load("rows"), load("step")
	Label("row")
	for j := range 2 {
		VMOVUPS(copyOf(Mem{Base: src, Disp: 32 * j}, YMM()), Mem{Base: dst, Disp: 32 * j})
	}
	ADDQ(step, src)
	ADDQ(U8(64), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	finish()
}

// scaleRows multiplies row i of a panel by gate[i].
func scaleRows() {
	TEXT("scalePanelAVX2", NOSPLIT, "func(dst, src, gate *float32, rows int)")
	Pragma("noescape")
	Doc("scalePanelAVX2 multiplies rows > 0 rows of 8 columns each by an element of gate.")
	dst, src, gate, n := load("dst"), load("src"), load("gate"), load("rows")
	g, v := YMM(), YMM()
	Label("row")
	VBROADCASTSS(Mem{Base: gate}, g)
	VMULPS(Mem{Base: src}, g, v)
	VMOVUPS(v, Mem{Base: dst})
	ADDQ(U8(4), gate)
	ADDQ(U8(32), src)
	ADDQ(U8(32), dst)
	DECQ(n)
	JNZ(LabelRef("row"))
	finish()
}
