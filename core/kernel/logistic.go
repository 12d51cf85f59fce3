package kernel

import (
	"math"
	"unsafe"
)

// The exponential of the float32 activations. math.Exp has assembly on some machines, whose
// last bit differs from the portable code. This one gives the same bits everywhere: it is
// plain Go, and each product is converted before it is added to, which according to the
// language specification prevents fusing.
//
// e^t = 2^k e^r with k = round(t/ln 2) and |r| <= ln(2)/2; e^r is the minimax
// polynomial of degree 6 (Remez exchange), relative error below 1.9e-9. Done in
// float64, so that sigmoid and swish in float32 are rounded once, from a value
// off by less than 0.04 units in the last place.
const (
	log2E = 1 / math.Ln2
	// Adding it leaves the nearest integer in the low bits of the sum.
	roundMagic = 0x1.8p52

	exp0 = 1.000000000554209
	exp1 = 1.0000000363252484
	exp2 = 0.4999999207936656
	exp3 = 0.166664201604885
	exp4 = 0.041668225628322404
	exp5 = 0.008374816603369889
	exp6 = 0.0013836845097732174

	// Below the floor the logistic function is 0 in float32; 2^k stays a normal number.
	logisticFloor, logisticCeiling = -200, 200
)

// exponential returns e^t for |t| of at most 200, or NaN.
func exponential(t float64) float64 {
	n := float64(t*log2E) + roundMagic
	r := t - float64((n-roundMagic)*math.Ln2)
	r2 := r * r
	p := float64(float64(exp1*r)+exp0) + float64(float64(float64(exp3*r)+exp2)*r2)
	p += float64(float64(float64(float64(exp5*r)+exp4)+float64(exp6*r2)) * float64(r2*r2))
	return math.Float64frombits(math.Float64bits(p) + math.Float64bits(n)<<52)
}

// logistic returns 1/(1+e^-x) for x between floor and ceiling, or NaN.
func logistic(x float64) float64 { return 1 / (1 + exponential(-x)) }

// sigmoid returns 1/(1+e^-x), with the same bits on all platforms for float32.
func sigmoid[T Float](x T) float64 {
	v := float64(x)
	if unsafe.Sizeof(x) == 8 {
		return 1 / (1 + math.Exp(-v))
	}
	if v < logisticFloor {
		v = logisticFloor
	} else if v > logisticCeiling {
		v = logisticCeiling
	}
	return logistic(v)
}
