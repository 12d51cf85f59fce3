// Command depthwise writes the AVX-512 rows of depthwise convolution of
// core/kernel. From core/kernel/internal/asmgen:
//
//	go run ./depthwise -out ../../depthwise_avx512_amd64.s -stubs ../../depthwise_avx512_amd64.go -pkg kernel
//
// A call does one row of output pixels and one block of 16 channels. All K*K
// taps of the block (or their gradients) stay in registers while the row is
// walked; K pointers lead to the K input rows, which carry their own padding.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			forward(k, stride)
			weightGradient(k, stride)
		}
	}
	Generate()
}

// walk is what both kinds of row share.
type walk struct {
	k, stride   int
	rows        []Register
	step, step3 Register // bytes from pixel to pixel, and three times that
}

func begin(k, stride int) *walk {
	m := GP32()
	Load(Param("mask"), m.As16())
	KMOVW(m, K1)
	w := &walk{k: k, stride: stride}
	table := Load(Param("rows"), GP64())
	for i := range k {
		p := GP64()
		MOVQ(Mem{Base: table, Disp: 8 * i}, p)
		w.rows = append(w.rows, p)
	}
	w.step = Load(Param("step"), GP64())
	if k > 3 {
		w.step3 = GP64()
		LEAQ(Mem{Base: w.step, Index: w.step, Scale: 2}, w.step3)
	}
	return w
}

// at is the input of tap (y, x) for the present pixel.
func (w *walk) at(y, x int) Mem {
	m := Mem{Base: w.rows[y]}
	switch x {
	case 1, 2, 4:
		m.Index, m.Scale = w.step, uint8(x)
	case 3:
		m.Index, m.Scale = w.step3, 1
	}
	return m
}

// next moves to the next pixel and loops.
func (w *walk) next(out Register) {
	for _, p := range w.rows {
		for range w.stride {
			ADDQ(w.step, p)
		}
	}
	ADDQ(w.step, out)
	n, err := Param("n").Resolve()
	if err != nil {
		panic(err)
	}
	DECQ(n.Addr)
	JNZ(LabelRef("pixel"))
}

func forward(k, stride int) {
	name := fmt.Sprintf("depthwiseRow%ds%d", k, stride)
	TEXT(name, NOSPLIT, "func(y *float32, rows **float32, taps *float32, n int, step int, mask uint16)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes n output pixels of 16 channels; taps is [%d][16], step the bytes of a pixel.", name, k*k))
	y := Load(Param("y"), GP64())
	w := begin(k, stride)
	tp := Load(Param("taps"), GP64())
	taps := make([]VecVirtual, k*k)
	for i := range taps {
		taps[i] = ZMM()
		VMOVUPS(Mem{Base: tp, Disp: 64 * i}, taps[i])
	}
	Label("pixel")
	acc := ZMM()
	VMULPS(w.at(0, 0), taps[0], acc)
	for i := 1; i < k*k; i++ {
		VFMADD231PS(w.at(i/k, i%k), taps[i], acc)
	}
	VMOVUPS(acc, K1, Mem{Base: y})
	w.next(y)
	VZEROUPPER()
	RET()
}

func weightGradient(k, stride int) {
	name := fmt.Sprintf("depthwiseGradRow%ds%d", k, stride)
	TEXT(name, NOSPLIT, "func(sums *float32, rows **float32, dy *float32, n int, step int, mask uint16)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds the tap gradients of n output pixels of 16 channels to sums [%d][16].", name, k*k))
	dy := Load(Param("dy"), GP64())
	w := begin(k, stride)
	sp := Load(Param("sums"), GP64())
	sums := make([]VecVirtual, k*k)
	for i := range sums {
		sums[i] = ZMM()
		VMOVUPS(Mem{Base: sp, Disp: 64 * i}, sums[i])
	}
	Label("pixel")
	d := ZMM()
	VMOVUPS_Z(Mem{Base: dy}, K1, d)
	for i := range sums {
		VFMADD231PS(w.at(i/k, i%k), d, sums[i])
	}
	w.next(dy)
	for i := range sums {
		VMOVUPS(sums[i], Mem{Base: sp, Disp: 64 * i})
	}
	VZEROUPPER()
	RET()
}
