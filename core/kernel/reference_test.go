package kernel

import (
	"math"
	"testing"
)

// TestExp holds every implementation's exponential against math.Exp, where it is
// held to its ends too.
func TestExp(t *testing.T) {
	var x []float32
	for v := float32(-100); v < 100; v += 0.0173 {
		x = append(x, v)
	}
	for _, name := range Implementations() {
		undo, err := Use(name)
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float32, len(x))
		Exp(y, x)
		undo()
		for i, v := range x {
			want := math.Exp(min(max(float64(v), lowestExp), highestExp))
			if d := math.Abs(float64(y[i])/want - 1); !(d < 4e-7) {
				t.Fatalf("%s: exp(%v) is %v, want %v: off by %.2g", name, v, y[i], want, d)
			}
		}
	}
}
