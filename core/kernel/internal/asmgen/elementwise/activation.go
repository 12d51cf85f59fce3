package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// logistic holds the constants of the sigmoid and its derivative.
type logistic struct {
	*vector.Set
	one, floor, ceiling, magic, log2e, ln2, poly Op
	more                                         []Op // coefficients after the first
}

func logisticFor(set *vector.Set, act string) *logistic {
	if act != "Swish" && act != "Sigmoid" {
		return nil
	}
	c := &logistic{Set: set, one: set.Constant(1), magic: set.Constant(0x1.8p23)}
	c.floor, c.ceiling = set.Constant(-87), set.Constant(87) // beyond these exp(-z) overflows or is subnormal
	c.log2e, c.ln2 = set.Constant(-math.Log2E), set.Constant(math.Ln2)
	// exp(r) on |r| <= ln2/2, minimax with constant 1: relative error 9.3e-8.
	c.poly = set.Constant(0.008290272)
	for _, f := range []float64{0.04189816, 0.16667639, 0.49999148, 0.9999997, 1} {
		c.more = append(c.more, set.Constant(f))
	}
	return c
}

// sigmoid returns 1/(1+exp(-z)), and z clamped to the limits. The relative error is at most
// 3e-7; below -87 the absolute error is at most 1e-35. The code is bound by the units that
// multiply, so it uses as few products as that error allows. With AVX-512, where a division
// takes as long as all the rest, it refines a 14-bit estimate of the reciprocal with one
// step of Newton's method.
//
// exp(-z) is computed as 2^n exp(r), where n is the integer nearest to -z log2(e). Adding
// 1.5*2^23 leaves n in the low bits of the sum, and a shift moves it to the exponent.
func (c *logistic) sigmoid(z VecVirtual) (s, within VecVirtual) {
	v, n, r, p := c.Copy(c.floor), c.New(), c.Copy(c.ceiling), c.Copy(c.poly)
	VMAXPS(z, v, v) // if either is NaN, the result is the first of the two, z
	VMINPS(v, r, v)
	t := c.Copy(c.magic)
	VFMADD231PS(c.log2e, v, t)
	VSUBPS(c.magic, t, n)
	VMOVAPS(v, r)
	VFNMSUB231PS(c.ln2, n, r)
	VPSLLD(U8(23), t, t)
	for _, k := range c.more {
		VFMADD213PS(k, r, p)
	}
	VPADDD(t, p, p)
	VADDPS(c.one, p, p)
	if c.Wide() {
		s = c.New()
		VRCP14PS(p, s)
		VFNMADD213PS(c.one, s, p) // 1 - p s
		VFMADD231PS(s, p, s)      // s + s(1 - p s)
		return s, v
	}
	s = c.Copy(c.one)
	VDIVPS(p, s, s)
	return s, v
}

// chain returns dy * act'(z), and clobbers dy.
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
