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
	one, floor, log2e, poly Op
	more                    []Op // coefficients after the first
	wide                    struct{ two, limit, ln2hi, ln2lo, magnitude, sign Op }
	narrow                  struct{ ceiling, magic, ln2 Op }
}

func logisticFor(set *vector.Set, act string) *logistic {
	if act != "Swish" && act != "Sigmoid" {
		return nil
	}
	c := &logistic{Set: set, one: set.Constant(1)}
	// exp(r) on |r| <= ln2/2, minimax with constant 1: relative error 9.3e-8.
	poly := []float64{0.008290272, 0.04189816, 0.16667639, 0.49999148, 0.9999997, 1}
	if set.Wide() {
		c.wide.limit, c.floor = set.Constant(104), set.Constant(-104) // exp(-104) is 0 in float32
		c.wide.magnitude, c.wide.sign = set.Bits(math.MaxInt32), set.Bits(1<<31)
		c.log2e, c.wide.ln2hi, c.wide.ln2lo = set.Constant(-math.Log2E), set.Constant(0.693359375), set.Constant(-2.12194440e-4)
		c.wide.two = set.Constant(2)
		// Cephes expf: (exp(r)-1-r)/r^2, odd powers of the negated argument
		poly = []float64{-1.9875691500e-4, 1.3981999507e-3, -8.3334519073e-3, 4.1665795894e-2, -1.6666665459e-1, 5.0000001201e-1}
	} else {
		c.floor, c.narrow.ceiling = set.Constant(-87), set.Constant(87) // beyond them exp(-z) is no normal number
		c.log2e, c.narrow.magic, c.narrow.ln2 = set.Constant(-math.Log2E), set.Constant(0x1.8p23), set.Constant(math.Ln2)
	}
	c.poly = set.Constant(poly[0])
	for _, f := range poly[1:] {
		c.more = append(c.more, set.Constant(f))
	}
	return c
}

// sigmoid returns 1/(1+exp(-z)) and z within the limits.
func (c *logistic) sigmoid(z VecVirtual) (s, within VecVirtual) {
	if c.Wide() {
		return c.sigmoidWide(z)
	}
	return c.sigmoidNarrow(z)
}

// sigmoidNarrow is short, for the units that multiply are what it waits for: off
// by 3e-7 of the value and, below -87, by no more than 1e-35.
//
// exp(-z) = 2^n exp(r), n the integer nearest to -z log2(e), which the sum with
// 1.5*2^23 leaves in its low bits, whence a shift brings it to the exponent.
func (c *logistic) sigmoidNarrow(z VecVirtual) (s, within VecVirtual) {
	v, n, r, p := c.Copy(c.floor), c.New(), c.Copy(c.narrow.ceiling), c.Copy(c.poly)
	VMAXPS(z, v, v) // of two operands one of which is not a number, the first here
	VMINPS(v, r, v)
	t := c.Copy(c.narrow.magic)
	VFMADD231PS(c.log2e, v, t)
	VSUBPS(c.narrow.magic, t, n)
	VMOVAPS(v, r)
	VFNMSUB231PS(c.narrow.ln2, n, r)
	VPSLLD(U8(23), t, t)
	for _, k := range c.more {
		VFMADD213PS(k, r, p)
	}
	VPADDD(t, p, p)
	VADDPS(c.one, p, p)
	s = c.Copy(c.one)
	VDIVPS(p, s, s)
	return s, v
}

// sigmoidWide is t/(1+t) with t = exp(-|z|) where z is negative, 1/(1+t)
// elsewhere; the reciprocal is the 14-bit estimate with one Newton step.
func (c *logistic) sigmoidWide(z VecVirtual) (s, within VecVirtual) {
	t, a := c.decay(z)
	d, q := c.New(), c.New()
	VADDPS(c.one, t, d)
	VRCP14PS(d, q)
	VFNMADD213PS(c.wide.two, q, d) // 2 - d q
	VMULPS(q, d, q)
	VPMOVD2M(z, K2)
	VMULPS(t, q, t)
	VMOVAPS(t, K2, q)
	sign := c.New()
	VANDPS(c.wide.sign, z, sign)
	VORPS(sign, a, a)
	return q, a
}

// decay returns exp(-|z|) and min(|z|, 104), or not a number.
//
// exp(-a) = 2^n exp(-r), r = a + n ln2, |r| <= ln2/2: the odd coefficients of
// the polynomial in -r change sign. Results below the normal numbers are
// rounded like all others.
func (c *logistic) decay(z VecVirtual) (t, a VecVirtual) {
	a, n := c.New(), c.New()
	r := c.Copy(c.wide.limit)
	VANDPS(c.wide.magnitude, z, a)
	VMINPS(a, r, a) // of two operands one of which is not a number, the first here
	VMULPS(c.log2e, a, n)
	VRNDSCALEPS(U8(0), n, n)
	VMOVAPS(a, r)
	VFMADD231PS(c.wide.ln2hi, n, r)
	VFMADD231PS(c.wide.ln2lo, n, r)
	t = c.Copy(c.poly)
	for _, k := range c.more {
		VFMADD213PS(k, r, t)
	}
	VFNMADD213PS(c.one, r, t) // 1 - r t
	VFNMADD213PS(c.one, r, t) // exp(-r) = 1 - r + r^2 t
	VSCALEFPS(n, t, t)
	return t, a
}

// chain returns dy * act'(z).
func (c *logistic) chain(act string, z, dy VecVirtual) VecVirtual {
	s, within := c.sigmoid(z)
	t := c.Copy(c.one)
	VSUBPS(s, t, t)
	if act == "Swish" { // s*(1+z*(1-s))
		VFMADD213PS(c.one, within, t)
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
