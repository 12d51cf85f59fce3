package kernel

import "math"

// FoldNormalisation computes, for each of len(scale) channels of a batch
// normalisation with statistics of its own, what to multiply by and what to add:
// scale = gamma/sqrt(variance+epsilon) and shift = beta - scale*mean, in double
// precision and rounded once.
func FoldNormalisation(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	if active.foldNormalisation != nil {
		active.foldNormalisation(scale, shift, gamma, beta, mean, variance, epsilon)
		return
	}
	for i := range scale {
		s := float64(gamma[i]) / math.Sqrt(float64(variance[i])+epsilon)
		scale[i] = float32(s)
		shift[i] = float32(float64(beta[i]) - float64(s*float64(mean[i])))
	}
}

// The ends of the arguments of Exp: its results are normal numbers.
const lowestExp, highestExp = -80, 87

// Exp computes y = e^x, for x held to -80 .. 87. y may be x.
func Exp(y, x []float32) {
	if active.exp != nil {
		active.exp(y, x)
		return
	}
	for i, v := range x {
		y[i] = float32(exponential(float64(min(max(v, lowestExp), highestExp))))
	}
}
