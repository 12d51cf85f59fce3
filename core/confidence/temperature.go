package confidence

import "math"

// LogTemperature returns the logarithm of the temperature, from a tenth to ten, at which loss, a
// function of that logarithm which falls and then rises, is lowest: by golden-section search.
func LogTemperature(loss func(log float64) float64) float64 {
	const golden = 0.6180339887498949
	lo, hi := -math.Log(10), math.Log(10)
	a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
	la, lb := loss(a), loss(b)
	for hi-lo > 1e-3 {
		if la < lb {
			hi, b, lb = b, a, la
			a = hi - golden*(hi-lo)
			la = loss(a)
		} else {
			lo, a, la = a, b, lb
			b = lo + golden*(hi-lo)
			lb = loss(b)
		}
	}
	return (lo + hi) / 2
}
