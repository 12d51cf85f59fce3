package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/supernet"
)

// TestMixedTargets: a mixed image's row is the mixture of the rows of its two
// classes, one mixed with its own class keeps its, and the loss of a step is the
// mixture of the losses of both labellings.
func TestMixedTargets(t *testing.T) {
	const classes, smoothing = 3, 0.1
	labels, mixed, weight := []int{0, 1, 2, 1}, []int{2, 1, 0, 1}, []float64{0.7, 0.25, 1, 0.5}
	row := func(l int) []float64 {
		r := make([]float64, classes)
		LabelTargets(r, []int{l}, classes, smoothing)
		return r
	}
	got := make([]float64, len(labels)*classes)
	LabelTargets(got, labels, classes, smoothing)
	MixTargets(got, labels, mixed, weight, classes, smoothing)
	for i, l := range labels {
		a, b := row(l), row(mixed[i])
		for c := range classes {
			if want := weight[i]*a[c] + (1-weight[i])*b[c]; math.Abs(got[i*classes+c]-want) > 1e-15 {
				t.Errorf("image %d class %d: target %g, want %g", i, c, got[i*classes+c], want)
			}
		}
	}

	r := rand.New(rand.NewPCG(5, 5))
	w, err := supernet.NewWeightsOf[float64](tiny(), classes)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(r, false)
	x := map[int][]float64{16: images(r, 4, 16), 32: images(r, 4, 32)}
	loss := func(labels, mixed []int, weight []float64) float64 {
		tr := New(Config{RandomChildren: 1, Distill: true, LabelSmoothing: smoothing}, w, nil)
		b := Batch[float64]{Labels: labels, At: func(res int) []float64 { return x[res] }, Mixed: mixed, Weight: weight}
		return tr.Gradients(b, rand.New(rand.NewPCG(1, 1))).Children[0].Loss
	}
	half := []float64{0.25, 0.25, 0.25, 0.25}
	a, b := loss(labels, nil, nil), loss(mixed, nil, nil)
	if got, want := loss(labels, mixed, half), 0.25*a+0.75*b; math.Abs(got-want) > 1e-12 || a == b {
		t.Errorf("mixed loss %g, want %g of %g and %g", got, want, a, b)
	}
}
