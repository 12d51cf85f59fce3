package supernet_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/trainer"
)

// TestWithClassifier: children of every width have the first rows of the new classifier
// on the body as it was, frozen or not, and the old weights are as before.
func TestWithClassifier(t *testing.T) {
	w := nette(t)
	old := w.Classes
	r := rand.New(rand.NewPCG(8, 8))
	matrix, bias := make([]float32, 640*3), make([]float32, 3)
	for i := range matrix {
		matrix[i] = float32(r.NormFloat64())
	}
	for i := range bias {
		bias[i] = float32(r.NormFloat64())
	}
	a := w.Space.Min()
	x := randomImages(3, 2, a.Resolution)
	st, err := trainer.Calibrate(w, a, one(x, 2))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n := w.WithClassifier(matrix, bias)
		c, err := n.Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		logits, err := c.Forward(x, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		pooled := c.Pooled()
		if n.Classes != 3 || len(logits) != 6 || w.Classes != old || w.Classifier.Shape[1] != old || n.Classifier.Name != w.Classifier.Name || n.Count() != w.Count()-641*(old-3) {
			t.Fatalf("%d classes, %d logits", n.Classes, len(logits))
		}
		for i := range 2 {
			for j := range 3 {
				want := float64(bias[j])
				for k, v := range pooled[i*a.Head : (i+1)*a.Head] {
					want += float64(v) * float64(matrix[k*3+j])
				}
				if got := float64(logits[i*3+j]); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
					t.Errorf("image %d, class %d: %v, want %v", i, j, got, want)
				}
			}
		}
		for i, p := range n.Params[:len(n.Params)-2] {
			if p != w.Params[i] {
				t.Fatalf("%s is not that of the body", p.Name)
			}
		}
		w.Freeze()
	}
}
