// Command depthwise writes the AVX-512 loops of depthwise convolution of
// core/kernel. From core/kernel/internal/asmgen:
//
//	go run ./depthwise -out ../../depthwise_avx512_amd64.s -stubs ../../depthwise_avx512_amd64.go -pkg kernel
//
// A call does one block of 16 channels and several rows of output. The input is
// laid out in blocks, [row][block][pixel][16] with zeros round it, so that every
// load is one aligned cache line; all K*K taps of the block (or their gradients)
// stay in registers. A table leads to the input rows.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const signature = "func(%s *float32, table **float32, taps *float32, rows int, pixels int, offset int, step int, mask uint16)"

func main() {
	ConstraintExpr("amd64,!noasm")
	blockRow()
	touch()
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			forward(k, stride)
			weightGradient(k, stride)
		}
		inputGradient(k, 0)
		inputGradient(k, 1)
	}
	Generate()
}

func arg(name string) Register { return Load(Param(name), GP64()) }

// blockRow lays one row out in blocks.
func blockRow() {
	TEXT("blockRow", NOSPLIT, "func(dst, src *float32, pixels int, blocks int, pitch int, mask uint16)")
	Pragma("noescape")
	Doc("blockRow copies pixels of blocks of 16 channels each, the last one under the mask, to [block][pixel][16], pitch bytes from block to block.")
	dst, src, pixels, pitch := arg("dst"), arg("src"), arg("pixels"), arg("pitch")
	last, full := GP32(), GP32()
	Load(Param("mask"), last)
	MOVL(U32(0xffff), full)
	KMOVW(last, K1)
	tail := GP64() // bytes of the last block
	POPCNTL(last, last)
	MOVL(last, tail.As32())
	SHLQ(U8(2), tail)
	whole := arg("blocks")
	DECQ(whole)
	Label("pixel")
	n, to, v := GP64(), GP64(), ZMM()
	MOVQ(dst, to)
	MOVQ(whole, n)
	TESTQ(n, n)
	JEQ(LabelRef("tail"))
	Label("block")
	VMOVUPS(Mem{Base: src}, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(U8(64), src)
	ADDQ(pitch, to)
	DECQ(n)
	JNZ(LabelRef("block"))
	Label("tail")
	VMOVUPS_Z(Mem{Base: src}, K1, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(tail, src)
	ADDQ(U8(64), dst)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// touch reads a line after the other, which starts the hardware prefetcher.
func touch() {
	TEXT("touch", NOSPLIT, "func(p *float32, n int)")
	Pragma("noescape")
	Doc("touch brings n > 0 elements into the second-level cache, faster than loads far apart would.")
	p, n, sink := arg("p"), arg("n"), GP32()
	Label("line")
	MOVL(Mem{Base: p}, sink)
	ADDQ(U8(64), p)
	SUBQ(U8(16), n)
	JG(LabelRef("line"))
	RET()
}

// nest is what the kernels share: loops over rows and pixels.
type nest struct {
	depth           int // input rows an output row needs
	rows            []Register
	out, step, at   Register
	table, offset   Register
	advance, stride int // of the table and of the pixels
}

func begin(out string, depth, advance, stride int) *nest {
	m := GP32()
	Load(Param("mask"), m)
	KMOVW(m, K1)
	t := &nest{depth: depth, advance: advance, stride: stride, out: arg(out), step: arg("step"), table: arg("table"), offset: arg("offset"), at: GP64()}
	for range depth {
		t.rows = append(t.rows, GP64())
	}
	return t
}

// in is pixel x of input row y for the present output pixel.
func (t *nest) in(y, x int) Mem {
	return Mem{Base: t.rows[y], Index: t.at, Scale: 1, Disp: 64 * x}
}

// run emits the loops round pixel.
func (t *nest) run(pixel func()) {
	Label("row")
	t.beginRow()
	n := arg("pixels")
	Label("pixel")
	pixel()
	ADDQ(U32(64*t.stride), t.at)
	ADDQ(t.step, t.out)
	DECQ(n)
	JNZ(LabelRef("pixel"))
	t.endRow(nil)
}

func (t *nest) beginRow() {
	for i, p := range t.rows {
		MOVQ(Mem{Base: t.table, Disp: 8 * i}, p)
		ADDQ(t.offset, p)
	}
	XORQ(t.at, t.at)
}

// endRow moves on to the next row; skip is what to add to out, or nil.
func (t *nest) endRow(skip Register) {
	Label("rowdone")
	if skip != nil {
		ADDQ(skip, t.out)
	}
	ADDQ(U8(8*t.advance), t.table)
	rows, err := Param("rows").Resolve()
	if err != nil {
		panic(err)
	}
	DECQ(rows.Addr)
	JNZ(LabelRef("row"))
}

func finish() {
	VZEROUPPER()
	RET()
}

// load brings the listed taps, others stay nil.
func load(k int, use func(y, x int) bool) [][]VecVirtual {
	p := arg("taps")
	taps := make([][]VecVirtual, k)
	for y := range k {
		taps[y] = make([]VecVirtual, k)
		for x := range k {
			if use(y, x) {
				taps[y][x] = ZMM()
				VMOVUPS(Mem{Base: p, Disp: 64 * (y*k + x)}, taps[y][x])
			}
		}
	}
	return taps
}

// term is a tap times an input pixel.
type term struct {
	tap VecVirtual
	in  Mem
}

// total adds the terms up, in a few chains so that they need not wait.
func total(terms []term, chains int) VecVirtual {
	acc := make([]VecVirtual, min(chains, len(terms)))
	for i, t := range terms {
		if i < len(acc) {
			acc[i] = ZMM()
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

func forward(k, stride int) {
	name := fmt.Sprintf("depthwise%ds%d", k, stride)
	TEXT(name, NOSPLIT, fmt.Sprintf(signature, "y"))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes rows of output pixels, step bytes each; taps is [%d][16], offset the bytes to add to the rows of the table.", name, k*k))
	t := begin("y", k, stride, stride)
	taps := load(k, func(y, x int) bool { return true })
	t.run(func() {
		var terms []term
		for y := range k {
			for x := range k {
				terms = append(terms, term{taps[y][x], t.in(y, x)})
			}
		}
		VMOVUPS(total(terms, 5), K1, Mem{Base: t.out})
	})
	finish()
}

func weightGradient(k, stride int) {
	name := fmt.Sprintf("depthwiseWeight%ds%d", k, stride)
	TEXT(name, NOSPLIT, fmt.Sprintf(signature, "dy"))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds the gradients of rows of output pixels, step bytes each, to taps [%d][16].", name, k*k))
	t := begin("dy", k, stride, stride)
	sums := load(k, func(y, x int) bool { return true })
	t.run(func() {
		d := ZMM()
		VMOVUPS_Z(Mem{Base: t.out}, K1, d)
		for y := range k {
			for x := range k {
				VFMADD231PS(t.in(y, x), d, sums[y][x])
			}
		}
	})
	p := arg("taps")
	for y := range k {
		for x := range k {
			VMOVUPS(sums[y][x], Mem{Base: p, Disp: 64 * (y*k + x)})
		}
	}
	finish()
}

// inputGradient is the transposed convolution of stride 2 for every second row
// of dx, rows of one parity: pixel 2j+q of dx meets only the taps x for which
// q+K/2-x is even, each with pixel j+(q+K/2-x)/2 of dy; rows likewise.
func inputGradient(k, parity int) {
	name := fmt.Sprintf("depthwiseInput%dp%d", k, parity)
	TEXT(name, NOSPLIT, fmt.Sprintf(signature, "dx"))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes every second row of the input of a convolution of stride 2; the table holds rows of dy, which begin one pixel of zeros early.", name))
	// taps that meet parity q, in the order of the output pixels they come from
	meet := func(q int) (list []int) {
		for x := k - 1; x >= 0; x-- {
			if (q+k/2-x)%2 == 0 {
				list = append(list, x)
			}
		}
		return list
	}
	ys := meet(parity)
	t := begin("dx", len(ys), 1, 1)
	skip := GP64()
	MOVQ(arg("pixels"), skip)
	IMULQ(t.step, skip)
	taps := load(k, func(y, _ int) bool { return (parity+k/2-y)%2 == 0 })
	pixel := func(q int) {
		var terms []term
		for i, y := range ys {
			for _, x := range meet(q) {
				terms = append(terms, term{taps[y][x], t.in(i, 1+(q+k/2-x)/2)})
			}
		}
		VMOVUPS(total(terms, 3), K1, Mem{Base: t.out})
	}
	t.runPairs(func() { pixel(0) }, func() { pixel(1) }, skip)
	finish()
}

// runPairs is run for even and odd pixels in turn.
func (t *nest) runPairs(even, odd func(), skip Register) {
	n, err := Param("pixels").Resolve()
	if err != nil {
		panic(err)
	}
	left := GP64()
	Label("row")
	t.beginRow()
	MOVQ(n.Addr, left)
	Label("pixel")
	even()
	ADDQ(t.step, t.out)
	DECQ(left)
	JEQ(LabelRef("rowdone"))
	odd()
	ADDQ(t.step, t.out)
	ADDQ(U8(64), t.at)
	DECQ(left)
	JNZ(LabelRef("pixel"))
	t.endRow(skip)
}
