package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func constant(f float64) VecVirtual {
	r, v := GP32(), ZMM()
	MOVL(U32(math.Float32bits(float32(f))), r)
	VPBROADCASTD(r, v)
	return v
}

// consts are the broadcast constants of the sigmoid.
type consts struct {
	one, two, limit, log2e, ln2hi, ln2lo VecVirtual
	poly                                 []VecVirtual
}

func constsFor(act string) *consts {
	if act != "Swish" && act != "Sigmoid" {
		return nil
	}
	// All for the exponential of minus z.
	c := &consts{one: constant(1), two: constant(2), limit: constant(87),
		log2e: constant(-math.Log2E), ln2hi: constant(0.693359375), ln2lo: constant(-2.12194440e-4)}
	// Cephes expf: (exp(r)-1-r)/r^2 on |r| <= ln2/2
	for i, f := range []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		if i%2 == 0 {
			f = -f // odd powers of the negated argument
		}
		c.poly = append(c.poly, constant(f))
	}
	return c
}

// sigmoid returns 1/(1+exp(-z)) for |z| <= 87, the ends beyond.
//
// exp(-z) = 2^n exp(-r), r = z + n ln2, |r| <= ln2/2: the odd coefficients of
// the polynomial in -r change sign. The reciprocal is the 14-bit estimate with one
// Newton step.
func (c *consts) sigmoid(z VecVirtual) VecVirtual {
	r, n, p, q := ZMM(), ZMM(), ZMM(), ZMM()
	VRANGEPS(U8(2), c.limit, z, r) // the smaller magnitude, sign of z
	VMULPS(c.log2e, r, n)
	VRNDSCALEPS(U8(0), n, n)
	VFMADD231PS(c.ln2hi, n, r)
	VFMADD231PS(c.ln2lo, n, r)
	VMOVAPS(c.poly[0], p)
	for _, k := range c.poly[1:] {
		VFMADD213PS(k, r, p)
	}
	VFNMADD213PS(c.one, r, p) // 1 - r p
	VFNMADD213PS(c.one, r, p) // exp(-r) = 1 - r + r^2 p
	VSCALEFPS(n, p, p)        // exp(-z)
	VADDPS(c.one, p, p)       // 1 + exp(-z)
	VRCP14PS(p, q)
	VFNMADD213PS(c.two, q, p) // 2 - p*q
	VMULPS(q, p, q)
	return q
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
