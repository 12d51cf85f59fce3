package kernel

import (
	"math"
	"testing"
)

// TestPackCopies checks that weights may change after Pack.
func TestPackCopies(t *testing.T) {
	for _, name := range Implementations() {
		use(t, name)
		w, bias, x, y := []float32{2, 3}, []float32{1, 1}, []float32{5}, make([]float32, 2)
		p := Pack(w, 1, 2, 2, nil, bias)
		clear(w)
		clear(bias)
		if p.Apply(y, x, 1, None, nil); y[0] != 11 || y[1] != 16 {
			t.Errorf("%s: got %v, want [11 16]", name, y)
		}
	}
}

// TestLogistic checks the accuracy of the float32 activations, and what they do
// at the ends of the number line.
func TestLogistic(t *testing.T) {
	worst := 0.0
	for x := float32(-86); x < 100; x += 0.00371 {
		for _, a := range []Act{Sigmoid, Swish} {
			want := 1 / (1 + math.Exp(-float64(x)))
			if a == Swish {
				want *= float64(x)
			}
			got := activation(x, a)
			ulp := float64(math.Nextafter32(float32(math.Abs(want)), math.MaxFloat32)) - math.Abs(float64(float32(math.Abs(want))))
			worst = max(worst, math.Abs(float64(got)-want)/ulp)
		}
	}
	if worst > 0.55 {
		t.Errorf("off by up to %.3f units in the last place, want at most 0.55", worst)
	}
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		x, sigmoid, swish float32
	}{{0, 0.5, 0}, {inf, 1, inf}, {-inf, 0, 0}, {1e30, 1, 1e30}, {-1e30, 0, 0}, {250, 1, 250}, {-250, 0, 0}, {200, 1, 200}} {
		y := make([]float32, 1)
		for _, name := range []string{"reference", "portable"} {
			use(t, name)
			if Activate(y, []float32{c.x}, Sigmoid); y[0] != c.sigmoid {
				t.Errorf("%s: sigmoid(%v) is %v, want %v", name, c.x, y[0], c.sigmoid)
			}
			if Activate(y, []float32{c.x}, Swish); y[0] != c.swish {
				t.Errorf("%s: swish(%v) is %v, want %v", name, c.x, y[0], c.swish)
			}
			if Activate(y, []float32{float32(math.NaN())}, Swish); y[0] == y[0] {
				t.Errorf("%s: swish of not a number is %v", name, y[0])
			}
		}
	}
}
