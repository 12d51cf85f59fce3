package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// convolutionFields are the fields of asm.ConvolutionArgs, in order. The table holds the
// addresses of input rows in the layout [pixel][16]; offset is in bytes, and so is step, the
// distance of output pixels.
var convolutionFields = []string{"y", "table", "taps", "bias", "sums", "rows", "pixels", "offset", "step", "odd"}

// convolution holds the registers of a depthwise convolution of one vector of channels.
type convolution struct {
	generator
	arguments
	k, stride        int
	taps, at         GPVirtual
	rows             []GPVirtual
	out, step, step3 GPVirtual
}

// depthwise emits y = swish(x*taps + bias), and adds the sums of y to sums. Each tap is loaded
// once for up to 8 pixels of a row.
func (g generator) depthwise(k, stride int) {
	c := &convolution{generator: g, k: k, stride: stride}
	name := fmt.Sprintf("convolve%ds%d", k, stride)
	c.arguments = g.begin(name, convolutionFields, "convolves rows of a block of channels, from asm.ConvolutionArgs.",
		fmt.Sprintf("for r < rows, p < pixels, c < %d:", g.Lanes),
		fmt.Sprintf("	y[r][p][c] = swish(bias[c] + sum over ky, kx < %d of table[%d*r+ky][%d*p+kx][c] * taps[ky][kx][c])", k, stride, stride),
		"	sums[c] += y[r][p][c]")
	g.mask(c.arguments)
	if g.Wide() {
		c.hold()
	}
	c.taps, c.at, c.out, c.step, c.step3 = c.load("taps"), GP64(), c.load("y"), c.load("step"), GP64()
	LEAQ(Mem{Base: c.step, Index: c.step, Scale: 2}, c.step3)
	for range k {
		c.rows = append(c.rows, GP64())
	}
	Label("row")
	table := c.load("table")
	for i, r := range c.rows {
		MOVQ(Mem{Base: table, Disp: 8 * i}, r)
	}
	ADDQ(U8(8*stride), c.arguments.at("table"))
	MOVQ(c.arguments.at("offset"), c.at)
	left := c.load("pixels")
	SUBQ(U8(8), left)
	JLT(LabelRef("rest"))
	Label("eight")
	c.pixels(8)
	SUBQ(U8(8), left)
	JGE(LabelRef("eight"))
	Label("rest")
	for n := 1; n < 8; n++ { // left is 8 less than the pixels still to do
		CMPQ(left, I8(n-8))
		JEQ(LabelRef(fmt.Sprintf("left%d", n)))
	}
	JMP(LabelRef("next"))
	for n := 1; n < 8; n++ {
		Label(fmt.Sprintf("left%d", n))
		c.pixels(n)
		JMP(LabelRef("next"))
	}
	Label("next")
	DECQ(c.arguments.at("rows"))
	JNZ(LabelRef("row"))
	vector.Finish()
}

// pixel returns output pixel i, counted from out; bases are out and the pixel 4 further on.
func (c *convolution) pixel(i int, bases [2]GPVirtual) Mem {
	m := Mem{Base: bases[i/4]}
	switch i % 4 {
	case 1, 2:
		m.Index, m.Scale = c.step, uint8(i%4)
	case 3:
		m.Index, m.Scale = c.step3, 1
	}
	return m
}

func (c *convolution) pixels(n int) {
	acc := make([]VecVirtual, n)
	bias := c.load("bias")
	for i := range acc {
		acc[i] = c.New()
		VMOVUPS(Mem{Base: bias}, acc[i])
	}
	tap := c.New()
	for y := range c.k {
		for x := range c.k {
			VMOVUPS(Mem{Base: c.taps, Disp: c.Bytes() * (y*c.k + x)}, tap)
			for i, a := range acc {
				VFMADD231PS(Mem{Base: c.rows[y], Index: c.at, Scale: 1, Disp: 64 * (i*c.stride + x)}, tap, a)
			}
		}
	}
	bases := [2]GPVirtual{c.out, GP64()}
	if n > 4 {
		LEAQ(Mem{Base: c.out, Index: c.step, Scale: 4}, bases[1])
	}
	temporary := []VecVirtual{tap, c.New(), c.New()}
	for c.Wide() && len(temporary) < 9 {
		temporary = append(temporary, c.New())
	}
	c.swish(acc, temporary)
	for i, a := range acc {
		if c.Wide() {
			VMOVUPS(a, K1, c.pixel(i, bases))
		} else {
			VMOVUPS(a, c.pixel(i, bases))
		}
	}
	for m := n; m > 1; m = (m + 1) / 2 {
		for i := range m / 2 {
			VADDPS(acc[(m+1)/2+i], acc[i], acc[i])
		}
	}
	sums := c.load("sums")
	VADDPS(Mem{Base: sums}, acc[0], acc[0])
	VMOVUPS(acc[0], Mem{Base: sums})
	ADDQ(U32(64*c.stride*len(acc)), c.at)
	advance := GP64()
	IMUL3Q(U32(n), c.step, advance)
	ADDQ(advance, c.out)
}
