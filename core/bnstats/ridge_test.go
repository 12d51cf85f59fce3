package bnstats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFitShared: four channels follow twelve features nearly alike; the last is in
// eight children only, too few to learn twelve coefficients from. Held near the
// others it is right for other children, held near zero it is not.
func TestFitShared(t *testing.T) {
	const features, children, rare = 12, 200, 8
	r := rand.New(rand.NewPCG(4, 2))
	var truth [4][features]float64
	for a := range features {
		shared := r.NormFloat64()
		for c := range truth {
			truth[c][a] = shared + 0.05*r.NormFloat64()
		}
	}
	draw := func(channels int) (x []float64, y []float32) {
		x = append(x, 1)
		for range features - 1 {
			x = append(x, 2*r.Float64()-1)
		}
		for c := range channels {
			y = append(y, float32(dotProduct(truth[c][:], x)))
		}
		return x, y
	}
	var rows [][]float64
	var targets [][]float32
	for i := range children {
		channels := 3
		if i < rare {
			channels = 4
		}
		x, y := draw(channels)
		rows, targets = append(rows, x), append(targets, y)
	}
	off := func(fit func([]float32, [][]float64, [][]float32, int) int) float64 {
		w := make([]float32, 4*features)
		if missing := fit(w, rows, targets, 4); missing >= 0 {
			t.Fatalf("channel %d is missing", missing)
		}
		sum := 0.0
		for range 100 {
			x, y := draw(4)
			got := 0.0
			for a, v := range x {
				got += v * float64(w[3*features+a])
			}
			sum += math.Abs(got-float64(y[3])) / 100
		}
		return sum
	}
	alone, shared := off(fitRidge), off(fitShared)
	t.Logf("the rare channel is off by %.3f alone, %.3f with the others", alone, shared)
	if !(shared < 0.15 && shared < alone/4) {
		t.Errorf("off by %v, alone by %v", shared, alone)
	}
	if missing := fitShared(make([]float32, 5*features), rows, targets, 5); missing != 4 {
		t.Errorf("missing is %d, want 4", missing)
	}
}

func dotProduct(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
