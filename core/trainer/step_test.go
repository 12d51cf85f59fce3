package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/supernet"
)

// TestTargets: with a label share of 1 the children learn from the labels as
// the biggest does; with 0 from its softmax alone; between, from the mixture,
// whose cross entropy is the mixture of both.
func TestTargets(t *testing.T) {
	const n, classes = 4, 3
	r := rand.New(rand.NewPCG(4, 4))
	w, err := supernet.NewWeightsOf[float64](tiny(), classes)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(r, false)
	x := map[int][]float64{16: images(r, n, 16), 32: images(r, n, 32)}
	labels := []int{0, 1, 2, 0}
	smallest := func(distill bool, share float64) float64 {
		tr := New(Config{RandomChildren: 1, Distill: distill, LabelSmoothing: 0.1}, w, nil)
		b := Batch[float64]{Labels: labels, At: func(res int) []float64 { return x[res] }, LabelShare: share}
		return tr.Gradients(b, rand.New(rand.NewPCG(1, 1))).Children[1].Loss
	}
	hard, soft := smallest(true, 1), smallest(true, 0)
	if want := smallest(false, 0); math.Abs(hard-want) > 1e-12 {
		t.Errorf("label share 1: loss %g, without distillation %g", hard, want)
	}
	if math.Abs(hard-soft) < 1e-6 {
		t.Errorf("labels and teacher give the same loss, %g", hard)
	}
	if mixed, want := smallest(true, 0.25), 0.25*hard+0.75*soft; math.Abs(mixed-want) > 1e-12 {
		t.Errorf("label share 0.25: loss %g, want %g", mixed, want)
	}
}

// TestChildren: the biggest comes first, at the biggest resolution allowed, then
// the smallest, then random ones that are valid and allowed.
func TestChildren(t *testing.T) {
	w, err := supernet.NewWeightsOf[float64](tiny(), 3)
	if err != nil {
		t.Fatal(err)
	}
	tr := New(Config{RandomChildren: 6}, w, nil)
	below := w.Space.Resolutions[0] - 1
	for _, a := range tr.Children(rand.New(rand.NewPCG(2, 2)), below) {
		if a.Resolution != below {
			t.Errorf("a step below the space's resolutions has the child %s, want all at %d", a, below)
		}
	}
	for _, limit := range []int{0, 16} {
		as := tr.Children(rand.New(rand.NewPCG(2, 2)), limit)
		if len(as) != 8 {
			t.Fatalf("%d children, want 8", len(as))
		}
		big := w.Space.Max()
		if limit > 0 {
			big.Resolution = limit
		}
		if !as[0].Equal(big) || !as[1].Equal(w.Space.Min()) {
			t.Errorf("limit %d: first %s and %s", limit, as[0], as[1])
		}
		for _, a := range as {
			if err := w.Space.Validate(a); err != nil || limit > 0 && a.Resolution > limit {
				t.Errorf("limit %d: child %s: %v", limit, a, err)
			}
		}
	}
}

// TestAblations: without the sandwich no child is fixed and all learn from the
// labels; regularising all, dropout changes the smallest child's loss too.
func TestAblations(t *testing.T) {
	const n, classes = 6, 3
	r := rand.New(rand.NewPCG(4, 4))
	w, _ := supernet.NewWeightsOf[float64](tiny(), classes)
	w.Init(r, false)
	x := map[int][]float64{16: images(r, n, 16), 32: images(r, n, 32)}
	step := func(c Config) []ChildResult {
		b := Batch[float64]{Labels: []int{0, 1, 2, 0, 1, 2}, At: func(res int) []float64 { return x[res] }}
		return New(c, w, nil).Gradients(b, rand.New(rand.NewPCG(1, 1))).Children
	}
	free := step(Config{RandomChildren: 2, Distill: true, RandomOnly: true})
	again := step(Config{RandomChildren: 2, RandomOnly: true})
	if len(free) != 4 || free[0].Arch.Equal(w.Space.Max()) && free[1].Arch.Equal(w.Space.Min()) {
		t.Errorf("random only: %d children, the first %s and %s", len(free), free[0].Arch, free[1].Arch)
	}
	for i := range free {
		if free[i].Loss != again[i].Loss {
			t.Errorf("random only: child %d has a teacher", i)
		}
	}
	usual := step(Config{Dropout: 0.5})[1].Loss
	if alone := step(Config{})[1].Loss; usual != alone {
		t.Errorf("dropout of the biggest child moved the smallest's loss from %g to %g", alone, usual)
	}
	if all := step(Config{Dropout: 0.5, RegulariseAll: true})[1].Loss; all == usual {
		t.Error("regularising all children left the smallest's loss as it was")
	}
}
