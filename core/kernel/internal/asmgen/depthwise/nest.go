package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// nest emits the loops over rows and pixels that all convolutions share.
type nest struct {
	generator
	name            string // suffix of the labels
	mask            vector.Mask
	tail            Register // address of the mask, with AVX2
	late            []func() // emitted after the return
	depth           int      // input rows for an output row
	rows            []Register
	left            Register // rows still to do
	out, step, at   Register
	table, offset   Register
	advance, stride int // of the table and of the pixels
}

func (g generator) begin(out string, depth, advance, stride int) *nest {
	t := &nest{generator: g, depth: depth, advance: advance, stride: stride, left: vector.Arg("rows"),
		out: vector.Arg(out), step: vector.Arg("step"), table: vector.Arg("table"), offset: vector.Arg("offset"), at: GP64()}
	if g.Wide() {
		t.mask = g.MaskArg()
	} else {
		t.tail = g.TailArg()
	}
	for range depth {
		t.rows = append(t.rows, GP64())
	}
	return t
}

// in returns pixel x of input row y, relative to the current output pixel.
func (t *nest) in(y, x int) Mem {
	return Mem{Base: t.rows[y], Index: t.at, Scale: 1, Disp: t.Bytes() * x}
}

// run emits the loops over rows and pixels with pixel as their body.
func (t *nest) run(name string, pixel func()) {
	t.name = name
	t.beginRow()
	n := vector.Arg("pixels")
	Label("pixel" + name)
	pixel()
	ADDQ(U32(t.Bytes()*t.stride), t.at)
	ADDQ(t.step, t.out)
	DECQ(n)
	JNZ(LabelRef("pixel" + name))
	t.endRow()
}

func (t *nest) beginRow() {
	Label("row" + t.name)
	for i, p := range t.rows {
		MOVQ(Mem{Base: t.table, Disp: 8 * i}, p)
		ADDQ(t.offset, p)
	}
	XORQ(t.at, t.at)
}

func (t *nest) endRow() {
	ADDQ(U8(8*t.advance), t.table)
	DECQ(t.left)
	JNZ(LabelRef("row" + t.name))
}

// read loads the channels of the output pixel, of which the last block may have fewer.
func (t *nest) read(v VecVirtual) {
	if !t.Wide() {
		VMOVUPS(Mem{Base: t.tail}, v)
		VMASKMOVPS(Mem{Base: t.out}, v, v)
		return
	}
	t.mask.Load(Mem{Base: t.out}, v)
}

// write stores the channels of the output pixel. With AVX2, where masked stores are slow,
// they are out of line, after the return.
func (t *nest) write(v VecVirtual) {
	if t.Wide() {
		t.mask.Store(v, Mem{Base: t.out})
		return
	}
	mask, err := Param("mask").Resolve()
	if err != nil {
		panic(err)
	}
	masked := fmt.Sprintf("masked%s%d", t.name, len(t.late))
	CMPW(mask.Addr, U16(t.Full()))
	JNE(LabelRef(masked))
	VMOVUPS(v, Mem{Base: t.out})
	Label(masked + "back")
	t.late = append(t.late, func() {
		Label(masked)
		m := t.Copy(Mem{Base: t.tail})
		VMASKMOVPS(v, m, Mem{Base: t.out})
		JMP(LabelRef(masked + "back"))
	})
}

// finish emits the return and the code that comes after it.
func (t *nest) finish() {
	vector.Finish()
	for _, f := range t.late {
		f()
	}
}

// pairs emits the loop over even and odd output pixels in turn, two for each input pixel.
func (t *nest) pairs(even, odd func()) {
	skip := GP64() // bytes of a row of the other parity
	MOVQ(vector.Arg("pixels"), skip)
	IMULQ(t.step, skip)
	t.beginRow()
	n := vector.Arg("pixels")
	Label("pixel")
	even()
	ADDQ(t.step, t.out)
	DECQ(n)
	JEQ(LabelRef("rowdone"))
	odd()
	ADDQ(t.step, t.out)
	ADDQ(U8(t.Bytes()), t.at)
	DECQ(n)
	JNZ(LabelRef("pixel"))
	Label("rowdone")
	ADDQ(skip, t.out)
	t.endRow()
}

// every emits the loop over the pixels of parity q alone; there may be none.
func (t *nest) every(q int, pixel func()) {
	t.name = fmt.Sprint("parity", q)
	start := GP64()
	MOVQ(t.out, start)
	t.beginRow()
	MOVQ(start, t.out)
	n := vector.Arg("pixels")
	if q == 1 {
		ADDQ(t.step, t.out)
	} else {
		INCQ(n)
	}
	SHRQ(U8(1), n)
	JEQ(LabelRef("rowdone" + t.name))
	Label("pixel" + t.name)
	pixel()
	LEAQ(Mem{Base: t.out, Index: t.step, Scale: 2}, t.out)
	ADDQ(U8(t.Bytes()), t.at)
	DECQ(n)
	JNZ(LabelRef("pixel" + t.name))
	Label("rowdone" + t.name)
	twoRows := vector.Arg("pixels")
	IMULQ(t.step, twoRows)
	LEAQ(Mem{Base: start, Index: twoRows, Scale: 2}, start)
	t.endRow()
}
