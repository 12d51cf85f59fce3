package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// logistic is what the code of the sigmoid needs.
type logistic struct {
	*vector.Set
	one, two, limit, floor, log2e, ln2hi, ln2lo Op
	magnitude, sign                             Op // bits
	magic, unscale                              Op // for 2^n where no instruction makes it
	poly                                        []Op
}

// magicBits leaves in the low bits of the sum the nearest integer, plus the
// bias of an exponent and 64, so that 2^(n+64) is a normal number for all n.
const magicBits = 0x1.8p23 + 127 + 64

func logisticFor(set *vector.Set, act string) *logistic {
	if act != "Swish" && act != "Sigmoid" {
		return nil
	}
	// All for the exponential of minus a. exp(-104) is 0 in float32.
	c := &logistic{Set: set, one: set.Constant(1), limit: set.Constant(104), floor: set.Constant(-104), magnitude: set.Bits(math.MaxInt32), sign: set.Bits(1 << 31),
		log2e: set.Constant(-math.Log2E), ln2hi: set.Constant(0.693359375), ln2lo: set.Constant(-2.12194440e-4)}
	if set.Wide() {
		c.two = set.Constant(2)
	} else {
		c.magic, c.unscale = set.Constant(magicBits), set.Constant(0x1p-64)
	}
	// Cephes expf: (exp(r)-1-r)/r^2 on |r| <= ln2/2
	for i, f := range []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		if i%2 == 0 {
			f = -f // odd powers of the negated argument
		}
		c.poly = append(c.poly, set.Constant(f))
	}
	return c
}

// decay returns exp(-|z|) and min(|z|, 104), or not a number.
//
// exp(-a) = 2^n exp(-r), r = a + n ln2, |r| <= ln2/2: the odd coefficients of
// the polynomial in -r change sign. Results below the normal numbers are
// rounded like all others.
func (c *logistic) decay(z VecVirtual) (t, a VecVirtual) {
	a, n, p := c.New(), c.New(), c.New()
	r := c.Copy(c.limit)
	VANDPS(c.magnitude, z, a)
	VMINPS(a, r, a) // of two operands one of which is not a number, the first here
	if c.Wide() {
		VMULPS(c.log2e, a, n)
		VRNDSCALEPS(U8(0), n, n)
	} else {
		p = c.Copy(c.magic)
		VFMADD231PS(c.log2e, a, p)
		VSUBPS(c.magic, p, n)
		VPSLLD(U8(23), p, p) // 2^(n+64)
	}
	VMOVAPS(a, r)
	VFMADD231PS(c.ln2hi, n, r)
	VFMADD231PS(c.ln2lo, n, r)
	t = c.Copy(c.poly[0])
	for _, k := range c.poly[1:] {
		VFMADD213PS(k, r, t)
	}
	VFNMADD213PS(c.one, r, t) // 1 - r t
	VFNMADD213PS(c.one, r, t) // exp(-r) = 1 - r + r^2 t
	if c.Wide() {
		VSCALEFPS(n, t, t)
	} else {
		VMULPS(p, t, t)
		VMULPS(c.unscale, t, t)
	}
	return t, a
}

// sigmoid returns 1/(1+exp(-z)) and the |z| that decay returns: t/(1+t) with
// t = exp(-|z|) where z is negative, 1/(1+t) elsewhere.
func (c *logistic) sigmoid(z VecVirtual) (s, a VecVirtual) {
	t, a := c.decay(z)
	s = c.New()
	if c.Wide() { // the reciprocal is the 14-bit estimate with one Newton step
		d, q := c.New(), c.New()
		VADDPS(c.one, t, d)
		VRCP14PS(d, q)
		VFNMADD213PS(c.two, q, d) // 2 - d q
		VMULPS(q, d, q)
		VPMOVD2M(z, K2)
		VMULPS(t, q, t)
		VMOVAPS(t, K2, q)
		return q, a
	}
	one := c.Copy(c.one)
	VBLENDVPS(z, t, one, s)
	VADDPS(c.one, t, t)
	VDIVPS(t, s, s)
	return s, a
}

// chain returns dy * act'(z).
func (c *logistic) chain(act string, z, dy VecVirtual) VecVirtual {
	s, a := c.sigmoid(z)
	t := c.Copy(c.one)
	VSUBPS(s, t, t)
	if act == "Swish" { // s*(1+z*(1-s)), z within the limits
		sign := c.New()
		VANDPS(c.sign, z, sign)
		VORPS(sign, a, a)
		VFMADD213PS(c.one, a, t)
	}
	VMULPS(s, t, t)
	VMULPS(t, dy, dy)
	return dy
}

// gate returns dy where z is positive, else 0.
func gate(set *vector.Set, z, dy VecVirtual) VecVirtual {
	zero := set.New()
	set.Zero(zero)
	if set.Wide() {
		VCMPPS(U8(14), zero, z, K2)
		VMOVAPS_Z(dy, K2, dy)
		return dy
	}
	VCMPPS(U8(14), zero, z, zero)
	VANDPS(zero, dy, dy)
	return dy
}
