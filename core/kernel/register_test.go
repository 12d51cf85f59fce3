package kernel

import (
	"slices"
	"testing"
)

// TestRegister: an implementation from outside is used for what it has, portable
// for the rest.
func TestRegister(t *testing.T) {
	before, was := implementations, active
	t.Cleanup(func() { implementations, active = before, was })
	calls := 0
	Register(Inference{Name: "outside",
		Pack: func(w []float32, k, n, _ int, _, bias []float32) func(y, x []float32, m int, act Act, residual []float32) {
			if k != 1 || n != 1 || w[0] != 2 || bias[0] != 3 {
				t.Errorf("Pack got k %d, n %d, w %v, bias %v", k, n, w, bias)
			}
			return func(y, x []float32, m int, act Act, residual []float32) {
				calls++
				y[0] = x[0]*2 + 3 + residual[0]
			}
		},
		Activate: func(y, x []float32, act Act) { calls++ },
	})
	if Active() != "outside" || !slices.Contains(Implementations(), "outside") {
		t.Fatalf("%s is active of %v", Active(), Implementations())
	}
	y := make([]float32, 1)
	Pack([]float32{2}, 1, 1, 1, nil, []float32{3}).Apply(y, []float32{5}, 1, None, []float32{7})
	if y[0] != 20 {
		t.Errorf("Apply gave %v, want 20", y[0])
	}
	Activate(y, y, Swish)
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
	if GlobalPool(y, []float32{1, 3}, 1, 2, 1); y[0] != 2 {
		t.Errorf("the mean of 1 and 3 is %v", y[0])
	}
}
