package cholesky

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestCholesky: L L^T is the matrix, its inverse times the matrix the identity, and
// a solution times the matrix the right-hand side.
func TestCholesky(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0xc401))
	for _, n := range []int{1, 2, 7, 40} {
		// B B^T and a ridge: symmetric and positive definite.
		b, a := make([]float64, n*n), make([]float64, n*n)
		for i := range b {
			b[i] = r.NormFloat64()
		}
		product(a, b, b, n, true)
		for i := range n {
			a[i*n+i] += 0.5
		}
		// The upper triangle must not matter.
		lower := append([]float64(nil), a...)
		for i := range n {
			for j := i + 1; j < n; j++ {
				lower[i*n+j] = math.NaN()
			}
		}
		l := Factor(lower, n)
		got := make([]float64, n*n)
		near(t, "L L^T", product(got, l, l, n, true), a)
		identity := make([]float64, n*n)
		for i := range n {
			identity[i*n+i] = 1
		}
		near(t, "the inverse times the matrix", product(got, Inverse(l, n), a, n, false), identity)
		x := b[:n]
		want := append([]float64(nil), x...)
		Solve(l, n, x)
		sum := make([]float64, n)
		for i := range n {
			sum[i] = dot(a[i*n:(i+1)*n], x)
		}
		near(t, "the matrix times the solution", sum, want)
	}
	// Two equal rows: what rounding leaves of a pivot is no NaN.
	for _, v := range Factor([]float64{1, 1, 1, 1}, 2) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("a singular matrix gives %v", v)
		}
	}
}

// product is a b, or a b^T, into out.
func product(out, a, b []float64, n int, transposed bool) []float64 {
	for i := range n {
		for j := range n {
			sum := 0.0
			for k := range n {
				if transposed {
					sum += a[i*n+k] * b[j*n+k]
				} else {
					sum += a[i*n+k] * b[k*n+j]
				}
			}
			out[i*n+j] = sum
		}
	}
	return out
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i, v := range got {
		if !(math.Abs(v-want[i]) <= 1e-9*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v, want[i])
		}
	}
}
