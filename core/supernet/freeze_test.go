package supernet_test

import (
	"math"
	"reflect"
	"testing"

	"bignas/core/supernet"
	"bignas/core/trainer"
)

// TestFreeze: a child of frozen weights gives the logits of one of the same
// weights that was packed for itself, also with the buffers of another child.
func TestFreeze(t *testing.T) {
	w := nette(t)
	small, big := w.Space.Min(), w.Space.Max()
	x := randomImages(3, 2, small.Resolution)
	st, err := trainer.Calibrate(w, small, one(x, 2))
	if err != nil {
		t.Fatal(err)
	}
	child, err := w.Child(small, st)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := child.Forward(x, 2, nil)
	w.Freeze()
	flat := supernet.NewStatistics(supernet.BNLayers(big))
	for _, v := range flat.Variance {
		for i := range v {
			v[i] = 1
		}
	}
	other, err := w.Child(big, flat)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Forward(randomImages(4, 1, big.Resolution), 1, nil); err != nil {
		t.Fatal(err)
	}
	before, err := w.Folded(small, st)
	if err != nil {
		t.Fatal(err)
	}
	lean, err := supernet.NewFrozen(w.Space, w.Classes)
	if err != nil {
		t.Fatal(err)
	}
	var room []float32
	for range 2 { // as often as a file has levels
		for i, p := range lean.Params {
			values := supernet.Values(p, room)
			copy(values, w.Params[i].Data)
			room = supernet.SetValues(p, values)
		}
	}
	lean.Freeze()
	if after, err := lean.Folded(small, st); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("frozen while it arrived, the child is another one: %v", err)
	}
	frozen, err := lean.Child(small, st)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Recycle(other)
	got, _ := frozen.Forward(x, 2, nil)
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-5*(1+math.Abs(float64(want[i])))) {
			t.Errorf("logit %d: frozen %v, packed %v", i, got[i], want[i])
		}
	}
}
