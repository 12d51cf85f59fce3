package predict

import (
	"math"

	"bignas/core/cholesky"
)

// evidence is the likelihood of targets under hyperparameters and quantities that follow from
// it, by the Cholesky factor of the covariance (Rasmussen and Williams, algorithm 2.1).
type evidence struct {
	n       int
	log     float64   // the logarithm of the likelihood, with the prior of the lengths
	signal  []float64 // [n][n], the covariance without noise
	inverse []float64 // [n][n], of the covariance
	weights []float64 // the inverse times the targets
}

func newEvidence(x [][]float64, y []float64, h hyper) *evidence {
	n := len(x)
	e := &evidence{n: n, signal: make([]float64, n*n), weights: make([]float64, n)}
	scaled := make([][]float64, n)
	for i, row := range x {
		scaled[i] = make([]float64, len(row))
		for j, v := range row {
			scaled[i][j] = v * math.Exp(-h.lengths[j])
		}
	}
	power := math.Exp(2 * h.signal)
	covariance := make([]float64, n*n)
	for i := range n {
		for j := 0; j <= i; j++ {
			k := power * alike(scaled[i], scaled[j])
			e.signal[i*n+j], e.signal[j*n+i], covariance[i*n+j] = k, k, k
		}
		covariance[i*n+i] += math.Exp(2*h.noise) + 1e-6*power
	}
	l := cholesky.Factor(covariance, n)
	e.inverse = cholesky.Inverse(l, n)
	copy(e.weights, y)
	cholesky.Solve(l, n, e.weights)
	for i := range n {
		e.log -= math.Log(l[i*n+i]) + y[i]*e.weights[i]/2
	}
	for _, v := range h.lengths {
		e.log -= square((v-usualLength)/lengthSpread) / 2
	}
	return e
}

// slopes returns the derivatives of the logarithm by each length, the signal and the noise
// (equation 5.9).
func (e *evidence) slopes(x [][]float64, h hyper) []float64 {
	d := len(h.lengths)
	g := make([]float64, d+2)
	for i := range e.n {
		for j := range i {
			// The trace has two equal halves.
			w := (e.weights[i]*e.weights[j] - e.inverse[i*e.n+j]) * e.signal[i*e.n+j]
			g[d] += 2 * w
			for k, v := range x[i] {
				g[k] += w * square(v-x[j][k])
			}
		}
		own := e.weights[i]*e.weights[i] - e.inverse[i*e.n+i]
		g[d] += own * e.signal[i*e.n+i]
		g[d+1] += own * math.Exp(2*h.noise)
	}
	for k, v := range h.lengths {
		g[k] = g[k]*math.Exp(-2*v) - (v-usualLength)/square(lengthSpread)
	}
	return g
}

func square(v float64) float64 { return v * v }
