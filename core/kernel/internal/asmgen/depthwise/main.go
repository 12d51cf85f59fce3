// Command depthwise writes the loops of depthwise convolution of core/kernel.
// From core/kernel/internal/asmgen:
//
//	go run ./depthwise -set avx2 -out ../asm/avx2/depthwise_amd64.s -stubs ../asm/avx2/depthwise_amd64.go -pkg avx2
//
// and the same with avx512. A call processes one block of channels, as many as a vector has
// lanes, for several rows of output. The input is zero-padded and in the layout
// [row][block][pixel][lanes], so that every load is one aligned vector. The weights of the
// block (taps), or their gradients, stay in registers, all K*K if there are enough. A table
// holds the addresses of the input rows.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

const signature = "func(%s *float32, table **float32, taps *float32, rows int, pixels int, offset int, step int, mask uint16)"

// generator emits the functions for one instruction set.
type generator struct{ *vector.Set }

func main() {
	g := generator{vector.FromFlags()}
	ConstraintExpr("amd64,!noasm")
	g.blockRow()
	touch()
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			if k*k < g.Registers {
				g.forward(k, stride)
			} else {
				g.forwardGroups(k, stride)
			}
			g.weightGradient(k, stride)
		}
		g.inputGradient(k, 0)
		g.inputGradient(k, 1)
	}
	Generate()
}

// blockRow emits the copy of one row into the layout of blocks.
func (g generator) blockRow() {
	vector.Text("blockRow", "func(dst, src *float32, pixels int, blocks int, pitch int, mask uint16)",
		"copies pixels of blocks of a vector of channels each, the last one under the mask, to [block][pixel][lanes], pitch bytes from block to block.")
	dst, src, pixels, pitch := vector.Arg("dst"), vector.Arg("src"), vector.Arg("pixels"), vector.Arg("pitch")
	tail := GP64() // bytes of the last block
	Load(Param("mask"), tail.As32())
	POPCNTL(tail.As32(), tail.As32())
	SHLQ(U8(2), tail)
	mask := g.MaskArg()
	whole := vector.Arg("blocks")
	DECQ(whole)
	Label("pixel")
	n, to, v := GP64(), GP64(), g.New()
	MOVQ(dst, to)
	MOVQ(whole, n)
	TESTQ(n, n)
	JEQ(LabelRef("tail"))
	Label("block")
	VMOVUPS(Mem{Base: src}, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(U8(g.Bytes()), src)
	ADDQ(pitch, to)
	DECQ(n)
	JNZ(LabelRef("block"))
	Label("tail")
	mask.Load(Mem{Base: src}, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(tail, src)
	ADDQ(U8(g.Bytes()), dst)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	vector.Finish()
}

// touch emits a loop that reads cache lines in order, which starts the hardware prefetcher.
func touch() {
	vector.Text("touch", "func(p *float32, n int)", "brings n > 0 elements into the second-level cache, faster than loads far apart would.")
	p, n, sink := vector.Arg("p"), vector.Arg("n"), GP32()
	Label("line")
	MOVL(Mem{Base: p}, sink)
	ADDQ(U8(64), p)
	SUBQ(U8(16), n)
	JG(LabelRef("line"))
	RET()
}

// text begins a function. Its doc comment shows the loop with this statement.
func (g generator) text(name, out, does, statement string) {
	vector.Text(name, fmt.Sprintf(signature, out), does+"; rows of the table begin at offset, in bytes; output pixels are step bytes apart.",
		fmt.Sprintf("for r < rows, p < pixels, c < %d where mask has a bit:", g.Lanes), "	"+statement)
}

// forwardText begins the function of a forward convolution.
func (g generator) forwardText(k, stride int) {
	g.text(fmt.Sprintf("depthwise%ds%d", k, stride), "y", "writes rows of output",
		fmt.Sprintf("y[r][p][c] = sum over ky, kx < %d of table[%d*r+ky][%d*p+kx][c] * taps[ky][kx][c]", k, stride, stride))
}

func (g generator) forward(k, stride int) {
	g.forwardText(k, stride)
	t := g.begin("y", k, stride, stride)
	taps := g.load(k, func(y, x int) bool { return true })
	t.run("", func() {
		var terms []term
		for y := range k {
			for x := range k {
				terms = append(terms, term{taps[y][x], t.in(y, x)})
			}
		}
		t.write(g.total(terms, 5))
	})
	t.finish()
}

// weightGradient emits the gradient of the weights, in one pass over the rows if there are
// registers for all taps, and otherwise in several, each for some rows of taps.
func (g generator) weightGradient(k, stride int) {
	g.text(fmt.Sprintf("depthwiseWeight%ds%d", k, stride), "dy", "adds the gradients of the taps",
		fmt.Sprintf("taps[ky][kx][c] += dy[r][p][c] * table[%d*r+ky][%d*p+kx][c] for ky, kx < %d", stride, stride, k))
	tapRows := min(k, (g.Registers-1)/k)
	for first := 0; first < k; first += tapRows {
		mine := func(y, _ int) bool { return first <= y && y < first+tapRows }
		t := g.begin("dy", k, stride, stride)
		sums := g.load(k, mine)
		each := func(f func(y, x int)) {
			for y := first; y < min(first+tapRows, k); y++ {
				for x := range k {
					f(y, x)
				}
			}
		}
		t.run(fmt.Sprint("from", first), func() {
			d := g.New()
			t.read(d)
			each(func(y, x int) { VFMADD231PS(t.in(y, x), d, sums[y][x]) })
		})
		p := vector.Arg("taps")
		each(func(y, x int) { VMOVUPS(sums[y][x], Mem{Base: p, Disp: g.Bytes() * (y*k + x)}) })
	}
	vector.Finish()
}

// inputGradient emits the gradient of the input for stride 2, a transposed convolution, for
// the rows of dx of one parity. Pixel 2j+q of dx depends only on the taps x for which
// q+K/2-x is even, each with pixel j+(q+K/2-x)/2 of dy. The same holds for rows.
func (g generator) inputGradient(k, parity int) {
	// meet returns the taps for parity q, in the order of the pixels of dy that they multiply.
	meet := func(q int) (list []int) {
		for x := k - 1; x >= 0; x-- {
			if (q+k/2-x)%2 == 0 {
				list = append(list, x)
			}
		}
		return list
	}
	ys := meet(parity)
	g.text(fmt.Sprintf("depthwiseInput%dp%d", k, parity), "dx", "writes every second row of the input of a convolution of stride 2; rows of dy begin one pixel of zeros early",
		fmt.Sprintf("dx[r][p][c] = sum over ky = %d-2i >= 0 and kx < %d, p+%d-kx even, of table[r+i][1+(p+%d-kx)/2][c] * taps[ky][kx][c]", ys[0], k, k/2, k/2))
	pixel := func(t *nest, taps [][]VecVirtual, q int) {
		var terms []term
		for i, y := range ys {
			for _, x := range meet(q) {
				terms = append(terms, term{taps[y][x], t.in(i, 1+(q+k/2-x)/2)})
			}
		}
		t.write(g.total(terms, 3))
	}
	if len(ys)*k+3 < g.Registers {
		t := g.begin("dx", len(ys), 1, 1)
		taps := g.load(k, func(y, _ int) bool { return (parity+k/2-y)%2 == 0 })
		t.pairs(func() { pixel(t, taps, 0) }, func() { pixel(t, taps, 1) })
		t.finish()
		return
	}
	// There are too few registers for all taps: even pixels of all rows first, then odd ones.
	var late []func()
	for q := range 2 {
		t := g.begin("dx", len(ys), 1, 1)
		taps := g.load(k, func(y, x int) bool { return (parity+k/2-y)%2 == 0 && (q+k/2-x)%2 == 0 })
		t.every(q, func() { pixel(t, taps, q) })
		late = append(late, t.late...)
	}
	vector.Finish()
	for _, f := range late {
		f()
	}
}
