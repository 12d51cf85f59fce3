// Command pixelwise writes the AVX-512 elementwise and column-reduction loops
// of core/kernel. From core/kernel/internal/asmgen:
//
//	go run ./pixelwise -out ../../pixelwise_avx512_amd64.s -stubs ../../pixelwise_avx512_amd64.go -pkg kernel
//
// A matrix [m, c] is walked as one flat array of n = m*c elements, 16 at a time,
// whatever c is; per-column values are laid out again and again until the
// pattern repeats after a whole number of vectors (period bytes).
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, act := range []string{"None", "Swish", "Sigmoid", "ReLU"} {
		affine(act, false)
		affine(act, true)
		gradient(act)
		reduceGradient(act)
	}
	moments()
	dot()
	sum()
	Generate()
}

func constant(f float64) VecVirtual {
	r, v := GP32(), ZMM()
	MOVL(U32(math.Float32bits(float32(f))), r)
	VPBROADCASTD(r, v)
	return v
}

// consts are the broadcast constants of the sigmoid.
type consts struct {
	one, two, lo, hi, log2e, ln2hi, ln2lo VecVirtual
	poly                                  []VecVirtual
}

func sigmoidConsts() *consts {
	c := &consts{one: constant(1), two: constant(2), lo: constant(-87), hi: constant(87),
		log2e: constant(math.Log2E), ln2hi: constant(0.693359375), ln2lo: constant(-2.12194440e-4)}
	// Cephes expf: (exp(r)-1-r)/r^2 on |r| <= ln2/2
	for _, f := range []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		c.poly = append(c.poly, constant(f))
	}
	return c
}

// sigmoid returns 1/(1+exp(-z)), relative error below 2^-21 for |z| <= 87.
func (c *consts) sigmoid(z VecVirtual) VecVirtual {
	x, n, r, p, q := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	VPXORD(x, x, x)
	VSUBPS(z, x, x) // -z
	VMINPS(x, c.hi, x)
	VMAXPS(x, c.lo, x)
	VMULPS(c.log2e, x, n)
	VRNDSCALEPS(U8(0), n, n)
	VMOVAPS(x, r)
	VFNMADD231PS(c.ln2hi, n, r)
	VFNMADD231PS(c.ln2lo, n, r)
	VMOVAPS(c.poly[0], p)
	for _, k := range c.poly[1:] {
		VFMADD213PS(k, r, p)
	}
	VMULPS(r, r, q)
	VFMADD213PS(r, q, p) // p*r^2 + r
	VADDPS(c.one, p, p)
	VSCALEFPS(n, p, p)  // exp(-z)
	VADDPS(c.one, p, p) // 1 + exp(-z)
	VRCP14PS(p, q)
	VFNMADD213PS(c.two, q, p) // 2 - p*q
	VMULPS(q, p, q)
	return q
}

// loop is a walk over n elements with a period.
type loop struct {
	n, at, period, phase Register
}

func begin() *loop {
	l := &loop{n: Load(Param("n"), GP64()), period: Load(Param("period"), GP64()), at: GP64(), phase: GP64()}
	XORQ(l.at, l.at)
	XORQ(l.phase, l.phase)
	full := GP32()
	MOVL(U32(0xffff), full)
	KMOVW(full, K1)
	Label("loop")
	CMPQ(l.n, U8(16))
	JGE(LabelRef("full"))
	one := GP32()
	MOVL(U32(1), one)
	MOVQ(l.n, RCX)
	SHLL(CL, one)
	DECL(one)
	KMOVW(one, K1)
	Label("full")
	return l
}

func (l *loop) end() {
	ADDQ(U8(64), l.at)
	ADDQ(U8(64), l.phase)
	CMPQ(l.phase, l.period)
	JNE(LabelRef("same"))
	XORQ(l.phase, l.phase)
	Label("same")
	SUBQ(U8(16), l.n)
	JG(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func (l *loop) flat(p Register) Mem     { return Mem{Base: p, Index: l.at, Scale: 1} }
func (l *loop) periodic(p Register) Mem { return Mem{Base: p, Index: l.phase, Scale: 1} }

func (l *loop) load(p Register) VecVirtual {
	v := ZMM()
	VMOVUPS_Z(l.flat(p), K1, v)
	return v
}

func arg(name string) Register { return Load(Param(name), GP64()) }

// affine writes y = act(x*scale+shift) (+ residual).
func affine(act string, residual bool) {
	name, params := "affine"+act, "func(y, x, scale, shift *float32, n int, period int)"
	if residual {
		name, params = name+"Add", "func(y, x, scale, shift, residual *float32, n int, period int)"
	}
	TEXT(name, NOSPLIT, params)
	Pragma("noescape")
	Doc(name + " computes act(x*scale+shift), with Add plus residual.")
	y, x, scale, shift := arg("y"), arg("x"), arg("scale"), arg("shift")
	var res Register
	if residual {
		res = arg("residual")
	}
	var c *consts
	if act == "Swish" || act == "Sigmoid" {
		c = sigmoidConsts()
	}
	l := begin()
	z, s := l.load(x), ZMM()
	VMOVUPS(l.periodic(scale), s)
	VFMADD213PS(l.periodic(shift), s, z)
	switch act {
	case "Swish":
		VMULPS(c.sigmoid(z), z, z)
	case "Sigmoid":
		z = c.sigmoid(z)
	case "ReLU":
		zero := ZMM()
		VPXORD(zero, zero, zero)
		VMAXPS(z, zero, z)
	}
	if residual {
		VADDPS(l.load(res), z, z)
	}
	VMOVUPS(z, K1, l.flat(y))
	l.end()
}

// chain returns dy * act'(z).
func chain(act string, c *consts, z, dy VecVirtual) VecVirtual {
	switch act {
	case "Swish": // s*(1+z*(1-s))
		s := c.sigmoid(z)
		t := ZMM()
		VSUBPS(s, c.one, t)
		VFMADD213PS(c.one, z, t)
		VMULPS(s, t, t)
		VMULPS(t, dy, dy)
	case "Sigmoid":
		s := c.sigmoid(z)
		t := ZMM()
		VSUBPS(s, c.one, t)
		VMULPS(s, t, t)
		VMULPS(t, dy, dy)
	case "ReLU":
		zero := ZMM()
		VPXORD(zero, zero, zero)
		VCMPPS(U8(14), zero, z, K2) // z > 0
		VMOVAPS_Z(dy, K2, dy)
	}
	return dy
}

func constsFor(act string) *consts {
	if act == "Swish" || act == "Sigmoid" {
		return sigmoidConsts()
	}
	return nil
}

// gradient writes dx = k*d + a*x + b with d = dy*act'(x*scale+shift).
func gradient(act string) {
	name := "gradient" + act
	TEXT(name, NOSPLIT, "func(dx, dy, x, scale, shift, k, a, b *float32, n int, period int)")
	Pragma("noescape")
	Doc(name + " computes k*d + a*x + b with d = dy*act'(x*scale+shift).")
	dx, dyp, xp := arg("dx"), arg("dy"), arg("x")
	scale, shift, k, a, b := arg("scale"), arg("shift"), arg("k"), arg("a"), arg("b")
	c := constsFor(act)
	l := begin()
	x, d := l.load(xp), l.load(dyp)
	if act != "None" {
		z := ZMM()
		VMOVUPS(l.periodic(scale), z)
		VFMADD213PS(l.periodic(shift), x, z)
		d = chain(act, c, z, d)
	}
	out := ZMM()
	VMOVUPS(l.periodic(b), out)
	VFMADD231PS(l.periodic(a), x, out)
	VFMADD231PS(l.periodic(k), d, out)
	VMOVUPS(out, K1, l.flat(dx))
	l.end()
}

// reduceGradient writes sumD += d and sumDX += d*(x-mean) with d as in gradient.
func reduceGradient(act string) {
	name := "reduceGradient" + act
	TEXT(name, NOSPLIT, "func(sumD, sumDX, dy, x, scale, shift, mean *float32, n int, period int)")
	Pragma("noescape")
	Doc(name + " adds d to sumD and d*(x-mean) to sumDX, d = dy*act'(x*scale+shift).")
	sumD, sumDX, dyp, xp := arg("sumD"), arg("sumDX"), arg("dy"), arg("x")
	scale, shift, mean := arg("scale"), arg("shift"), arg("mean")
	c := constsFor(act)
	l := begin()
	x, d := l.load(xp), l.load(dyp)
	if act != "None" {
		z := ZMM()
		VMOVUPS(l.periodic(scale), z)
		VFMADD213PS(l.periodic(shift), x, z)
		d = chain(act, c, z, d)
	}
	s := ZMM()
	VADDPS(l.periodic(sumD), d, s)
	VMOVUPS(s, l.periodic(sumD))
	VSUBPS(l.periodic(mean), x, x)
	VFMADD213PS(l.periodic(sumDX), d, x)
	VMOVUPS(x, l.periodic(sumDX))
	l.end()
}

// moments writes sum += d and square += d*d with d = x-origin.
func moments() {
	TEXT("moments", NOSPLIT, "func(sum, square, x, origin *float32, n int, period int)")
	Pragma("noescape")
	Doc("moments adds d to sum and d*d to square, d = x-origin.")
	sum, square, xp, origin := arg("sum"), arg("square"), arg("x"), arg("origin")
	l := begin()
	d, s := l.load(xp), ZMM()
	VSUBPS_Z(l.periodic(origin), d, K1, d)
	VADDPS(l.periodic(sum), d, s)
	VMOVUPS(s, l.periodic(sum))
	VFMADD213PS(l.periodic(square), d, d)
	VMOVUPS(d, l.periodic(square))
	l.end()
}

// dot writes sum += a*b.
func dot() {
	TEXT("dotColumns", NOSPLIT, "func(sum, a, b *float32, n int, period int)")
	Pragma("noescape")
	Doc("dotColumns adds a*b to sum.")
	sum, ap, bp := arg("sum"), arg("a"), arg("b")
	l := begin()
	a, b := l.load(ap), l.load(bp)
	VFMADD213PS(l.periodic(sum), a, b)
	VMOVUPS(b, l.periodic(sum))
	l.end()
}

// sum writes sum += x.
func sum() {
	TEXT("sumColumns", NOSPLIT, "func(sum, x *float32, n int, period int)")
	Pragma("noescape")
	Doc("sumColumns adds x to sum.")
	sum, xp := arg("sum"), arg("x")
	l := begin()
	x := l.load(xp)
	VADDPS(l.periodic(sum), x, x)
	VMOVUPS(x, l.periodic(sum))
	l.end()
}
