package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// guard is the value of the cells after an output, which must stay.
const guard = 12345

// guarded returns n random elements followed by guard cells.
func guarded(r *rand.Rand, n int) []float32 {
	s := make([]float32, n+64)
	for i := range s {
		s[i] = float32(r.NormFloat64())
		if i >= n {
			s[i] = guard
		}
	}
	return s
}

// clone copies, so that two implementations start from the same cells.
func clone(s []float32) []float32 { return append([]float32(nil), s...) }

// same holds n elements against a reference, to tol of the biggest, and the guard cells after them.
func same(t *testing.T, what string, got, want []float32, n int, tol float64) {
	t.Helper()
	scale := 0.0
	for _, v := range want[:n] {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i := range got {
		if i >= n {
			if got[i] != guard {
				t.Fatalf("%s: wrote past the end", what)
			}
			continue
		}
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tol*(1+scale)) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, n, got[i], want[i])
		}
	}
}
