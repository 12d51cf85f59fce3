// Package cholesky solves symmetric positive definite systems of a few hundred unknowns, to fit
// BN statistics, the accuracy predictor and the confidence model. Matrices are dense, [n][n],
// row-major.
package cholesky

import "math"

// least is the smallest pivot. It replaces one that is zero or negative through rounding.
const least = 1e-12

// Factor returns the lower triangular L with L L^T = a. a must be symmetric and positive
// definite; only its lower triangle is read.
func Factor(a []float64, n int) []float64 {
	l := make([]float64, n*n)
	for i := range n {
		row := l[i*n : i*n+i+1]
		for j := range i {
			row[j] = (a[i*n+j] - dot(row[:j], l[j*n:])) / l[j*n+j]
		}
		row[i] = math.Sqrt(max(a[i*n+i]-dot(row[:i], row), least))
	}
	return l
}

// Solve overwrites b, [n], with the solution x of L L^T x = b.
func Solve(l []float64, n int, b []float64) {
	for i := range n {
		b[i] = (b[i] - dot(b[:i], l[i*n:])) / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= l[k*n+i] * b[k]
		}
		b[i] /= l[i*n+i]
	}
}

// Inverse returns the inverse of L L^T, [n][n].
func Inverse(l []float64, n int) []float64 {
	// Row j of t is column j of the inverse of L.
	t := make([]float64, n*n)
	for j := range n {
		row := t[j*n : (j+1)*n]
		row[j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			row[i] = -dot(l[i*n+j:i*n+i], row[j:]) / l[i*n+i]
		}
	}
	y := make([]float64, n*n)
	for i := range n {
		for j := 0; j <= i; j++ {
			v := dot(t[i*n+i:(i+1)*n], t[j*n+i:])
			y[i*n+j], y[j*n+i] = v, v
		}
	}
	return y
}

// dot returns the product of a and the first len(a) elements of b.
func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
