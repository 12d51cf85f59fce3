package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// rounded emits the loops over arrays of bfloat16, of a whole number of vectors. In their
// comments round16 rounds to bfloat16.
func rounded(set *vector.Set) {
	c := &rounding{Set: set}
	c.round()
	c.widen()
	c.moments()
	c.affine()
	c.slope()
	c.multiplySums()
	c.combineColumns()
}

// rounding holds the constants of the function that is being written.
type rounding struct {
	*vector.Set
	one, half, nan Op
}

// text begins a function that rounds.
func (c *rounding) text(name, params, does string, statements ...string) {
	generator{c.Set}.text(name, params, does, statements...)
	c.one, c.half, c.nan = c.Bits(1), c.Bits(0x7fff), c.Bits(0x7fc00000)
}

// whole is lane for loops over a whole number of vectors, with an index of elements.
type whole struct {
	*vector.Set
	at, phase Register
}

// walk emits the loop over n elements, and the return.
func (c *rounding) walk(periodic bool, body func(l whole)) {
	n, at := vector.Arg("n"), GP64()
	XORQ(at, at)
	l := whole{Set: c.Set, at: at}
	var period, phase, zero GPVirtual
	if periodic {
		period, phase, zero = vector.Arg("period"), GP64(), GP64()
		XORQ(phase, phase)
		XORQ(zero, zero)
		l.phase = phase
	}
	TESTQ(n, n)
	JEQ(LabelRef("done"))
	Label("loop")
	body(l)
	ADDQ(U8(c.Lanes), at)
	if periodic {
		ADDQ(U8(c.Bytes()), phase)
		CMPQ(phase, period)
		CMOVQEQ(zero, phase)
	}
	CMPQ(at, n)
	JNE(LabelRef("loop"))
	Label("done")
	vector.Finish()
}

// ahead prefetches as lane.ahead does, a page of float32 ahead or as many elements of
// bfloat16.
func (l whole) ahead(p Register, size uint8) {
	PREFETCHT0(Mem{Base: p, Index: l.at, Scale: size, Disp: 1024 * int(size)})
}

func (l whole) flat(p Register) Mem     { return Mem{Base: p, Index: l.at, Scale: 4} }
func (l whole) periodic(p Register) Mem { return Mem{Base: p, Index: l.phase, Scale: 1} }

func (l whole) load(p Register) VecVirtual {
	v := l.New()
	VMOVUPS(l.flat(p), v)
	return v
}

// widened loads a vector of bfloat16.
func (l whole) widened(p Register) VecVirtual {
	l.ahead(p, 2)
	v := l.New()
	VPMOVZXWD(Mem{Base: p, Index: l.at, Scale: 2}, v)
	VPSLLD(U8(16), v, v)
	return v
}

// store stores v rounded, and replaces it by what is stored.
func (c *rounding) store(l whole, v VecVirtual, p Register) {
	l.ahead(p, 2)
	to := Mem{Base: p, Index: l.at, Scale: 2}
	t := c.New()
	if c.Wide() {
		VCMPPS(U8(3), v, v, K1) // unordered: NaN
		VMOVDQA32(c.nan, K1, v)
		VPSRLD(U8(16), v, t)
		VPANDD(c.one, t, t)
	} else {
		m := YMM()
		VCMPPS(U8(3), v, v, m)
		VBLENDVPS(m, c.nan, v, v)
		VPSRLD(U8(16), v, t)
		VPAND(c.one, t, t)
	}
	VPADDD(c.half, t, t)
	VPADDD(t, v, v)
	VPSRLD(U8(16), v, v)
	if c.Wide() {
		VPMOVDW(v, to)
	} else {
		w := YMM()
		VPACKUSDW(v, v, w)
		VPERMQ(U8(8), w, w)
		VMOVDQU(w.AsX(), to)
	}
	VPSLLD(U8(16), v, v)
}

func (c *rounding) round() {
	c.text("roundToBFloat16", "func(y *uint16, x *float32, n int)", "rounds to nearest, ties to even; NaN becomes 0x7fc0.", "y[i] = round16(x[i])")
	y, x := vector.Arg("y"), vector.Arg("x")
	c.walk(false, func(l whole) { c.store(l, l.load(x), y) })
}

func (c *rounding) widen() {
	generator{c.Set}.text("widenBFloat16", "func(y *float32, x *uint16, n int)", "is exact.", "y[i] = x[i]")
	y, x := vector.Arg("y"), vector.Arg("x")
	c.walk(false, func(l whole) { VMOVUPS(l.widened(x), l.flat(y)) })
}

// moments rounds what moments sums.
func (c *rounding) moments() {
	c.text("roundMoments", "func(sum, square *float32, y *uint16, x, origin *float32, n int, period int)", "is moments of what it rounds.",
		"y[i] = round16(x[i])", "sum[j] += y[i]-origin[j]", "square[j] += (y[i]-origin[j]) * (y[i]-origin[j])")
	sum, square, y, x, origin := vector.Arg("sum"), vector.Arg("square"), vector.Arg("y"), vector.Arg("x"), vector.Arg("origin")
	c.walk(true, func(l whole) {
		d, s := l.load(x), c.New()
		c.store(l, d, y)
		VSUBPS(l.periodic(origin), d, d)
		VADDPS(l.periodic(sum), d, s)
		VMOVUPS(s, l.periodic(sum))
		VFMADD213PS(l.periodic(square), d, d)
		VMOVUPS(d, l.periodic(square))
	})
}

func (c *rounding) affine() {
	generator{c.Set}.text("affineSwishRounded", "func(y *float32, x *uint16, scale, shift *float32, n int, period int)", "is affineSwish of bfloat16.", "y[i] = swish(x[i]*scale[j]+shift[j])")
	y, x, scale, shift := vector.Arg("y"), vector.Arg("x"), vector.Arg("scale"), vector.Arg("shift")
	act := logisticFor(c.Set, "Swish")
	c.walk(true, func(l whole) {
		z := c.Copy(l.periodic(scale))
		VFMADD213PS(l.periodic(shift), l.widened(x), z)
		s, _ := act.sigmoid(z)
		t := c.Copy(act.floor)
		VMAXPS(z, t, t)
		VMULPS(s, t, z)
		VMOVUPS(z, l.flat(y))
	})
}

func (c *rounding) slope() {
	generator{c.Set}.text("slopeSwishRounded", "func(y, slope *float32, x *uint16, scale, shift *float32, n int, period int)", "is slopeSwish of bfloat16.",
		"y[i], slope[i] = swish(x[i]*scale[j]+shift[j]), swish'(x[i]*scale[j]+shift[j])")
	y, slope, x, scale, shift := vector.Arg("y"), vector.Arg("slope"), vector.Arg("x"), vector.Arg("scale"), vector.Arg("shift")
	act := logisticFor(c.Set, "Swish")
	c.walk(true, func(l whole) {
		z := c.Copy(l.periodic(scale))
		VFMADD213PS(l.periodic(shift), l.widened(x), z)
		s, within := act.sigmoid(z)
		t := c.Copy(act.floor)
		VMAXPS(z, t, t)
		VMULPS(s, t, t)
		VMOVUPS(t, l.flat(y))
		one := c.Copy(act.one)
		VSUBPS(s, one, one)
		VFMADD213PS(act.one, within, one)
		VMULPS(s, one, one)
		VMOVUPS(one, l.flat(slope))
	})
}

func (c *rounding) multiplySums() {
	c.text("multiplySumsRounded", "func(dz *uint16, sumD, sumDX, dy, slope *float32, x *uint16, mean *float32, n int, period int)", "is multiplySums of bfloat16, of what it rounds.",
		"dz[i] = round16(dy[i] * slope[i])", "sumD[j] += dz[i]", "sumDX[j] += dz[i] * (x[i]-mean[j])")
	dz, sumD, sumDX, dy := vector.Arg("dz"), vector.Arg("sumD"), vector.Arg("sumDX"), vector.Arg("dy")
	slope, xp, mean := vector.Arg("slope"), vector.Arg("x"), vector.Arg("mean")
	c.walk(true, func(l whole) {
		x, d := l.widened(xp), l.load(dy)
		VMULPS(l.flat(slope), d, d)
		c.store(l, d, dz)
		s := c.New()
		VADDPS(l.periodic(sumD), d, s)
		VMOVUPS(s, l.periodic(sumD))
		VSUBPS(l.periodic(mean), x, x)
		VFMADD213PS(l.periodic(sumDX), d, x)
		VMOVUPS(x, l.periodic(sumDX))
	})
}

func (c *rounding) combineColumns() {
	generator{c.Set}.text("combineColumnsRounded", "func(dx *float32, dz, x *uint16, k, a, b *float32, n int, period int)", "is combineColumns of bfloat16.", "dx[i] = k[j]*dz[i] + a[j]*x[i] + b[j]")
	dx, dz, xp := vector.Arg("dx"), vector.Arg("dz"), vector.Arg("x")
	k, a, b := vector.Arg("k"), vector.Arg("a"), vector.Arg("b")
	c.walk(true, func(l whole) {
		x, d, out := l.widened(xp), l.widened(dz), c.New()
		VMOVUPS(l.periodic(b), out)
		VFMADD231PS(l.periodic(a), x, out)
		VFMADD231PS(l.periodic(k), d, out)
		VMOVUPS(out, l.flat(dx))
	})
}
