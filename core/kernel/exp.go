package kernel

// The ends of the arguments of Exp: its results are normal numbers.
const lowestExp, highestExp = -80, 80

// Exp computes y = e^x, for x held to -80 .. 80. y may be x.
func Exp(y, x []float32) {
	if active.exp != nil {
		active.exp(y, x)
		return
	}
	for i, v := range x {
		y[i] = float32(exponential(float64(min(max(v, lowestExp), highestExp))))
	}
}
