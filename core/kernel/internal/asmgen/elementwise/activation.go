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
	one, floor, ceiling, magic, log2e, ln2, poly Op
	more                                         []Op // coefficients after the first
}

func logisticFor(set *vector.Set, act string) *logistic {
	if act != "Swish" && act != "Sigmoid" {
		return nil
	}
	c := &logistic{Set: set, one: set.Constant(1), magic: set.Constant(0x1.8p23)}
	c.floor, c.ceiling = set.Constant(-87), set.Constant(87) // beyond them exp(-z) is no normal number
	c.log2e, c.ln2 = set.Constant(-math.Log2E), set.Constant(math.Ln2)
	// exp(r) on |r| <= ln2/2, minimax with constant 1: relative error 9.3e-8.
	c.poly = set.Constant(0.008290272)
	for _, f := range []float64{0.04189816, 0.16667639, 0.49999148, 0.9999997, 1} {
		c.more = append(c.more, set.Constant(f))
	}
	return c
}

// sigmoid returns 1/(1+exp(-z)) and z within the limits. It is short, for the
// units that multiply are what it waits for: off by 3e-7 of the value and, below
// -87, by no more than 1e-35. Division of wide vectors takes as long as all the rest,
// so that there it is an estimate of 14 bits with one step of Newton's.
//
// exp(-z) = 2^n exp(r), n the integer nearest to -z log2(e), which the sum with
// 1.5*2^23 leaves in its low bits, whence a shift brings it to the exponent.
func (c *logistic) sigmoid(z VecVirtual) (s, within VecVirtual) {
	v, n, r, p := c.Copy(c.floor), c.New(), c.Copy(c.ceiling), c.Copy(c.poly)
	VMAXPS(z, v, v) // of two operands one of which is not a number, the first here
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
		VFMADD231PS(s, p, s)      // s plus what it is too small by
		return s, v
	}
	s = c.Copy(c.one)
	VDIVPS(p, s, s)
	return s, v
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
