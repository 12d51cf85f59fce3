package trainer

import (
	"math"
	"testing"
)

// TestPaperSchedule pins the paper's schedule: 0.256 x 0.97 every 2.4 epochs
// falls to 5 % at about epoch 236 and stays there.
func TestPaperSchedule(t *testing.T) {
	s := Schedule{Kind: "exponential", Peak: 0.256, DecayRate: 0.97, DecayEpochs: 2.4, EndFraction: 0.05}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	end := 0.0
	for e := 0.0; e < 360; e += 0.1 {
		if s.Rate(e) == 0.05*0.256 {
			end = e
			break
		}
	}
	if math.Abs(end-236) > 3 {
		t.Errorf("the constant ending begins at epoch %.1f, want 236", end)
	}
	if s.Rate(360) != s.Rate(240) {
		t.Error("the ending is not constant")
	}
}

func TestScheduleShapes(t *testing.T) {
	c := Schedule{Kind: "cosine", Peak: 1, Warmup: 2, Epochs: 10, EndFraction: 0.05}
	for _, p := range []struct{ epoch, want float64 }{{0, 0}, {1, 0.5}, {2, 1}, {6, 0.5}, {10, 0.05}, {12, 0.05}} {
		if got := c.Rate(p.epoch); math.Abs(got-p.want) > 1e-12 {
			t.Errorf("cosine at %g: %g, want %g", p.epoch, got, p.want)
		}
	}
	tr := Schedule{Kind: "trapezoid", Peak: 1, Warmup: 1, DecayEpochs: 4, Epochs: 10, EndFraction: 0.05}
	for _, p := range []struct{ epoch, want float64 }{{0.5, 0.5}, {1, 1}, {6, 1}, {8, 0.5}, {9, 0.25}, {10, 0.05}, {12, 0.05}} {
		if got := tr.Rate(p.epoch); math.Abs(got-p.want) > 1e-12 {
			t.Errorf("trapezoid at %g: %g, want %g", p.epoch, got, p.want)
		}
	}
	for _, bad := range []Schedule{{Kind: "linear"}, {Kind: "cosine", Epochs: 1, Warmup: 2}, {Kind: "exponential", DecayRate: 2, DecayEpochs: 1},
		{Kind: "trapezoid", Epochs: 10, Warmup: 1}, {Kind: "trapezoid", Epochs: 10, Warmup: 1, DecayEpochs: 9.5}} {
		if bad.Check() == nil {
			t.Errorf("%+v passed Check", bad)
		}
	}
}
