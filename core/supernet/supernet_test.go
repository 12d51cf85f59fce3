package supernet_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

func nette(t testing.TB) *supernet.Weights { return drawn(t, "nette") }

// drawn is random weights of the space.
func drawn(t testing.TB, space string) *supernet.Weights {
	t.Helper()
	s, err := arch.Lookup(space)
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(s, 10)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	return w
}

// transformed is random weights of Once-for-All's space whose transforms are no identities.
func transformed(t testing.TB) *supernet.Weights {
	w := drawn(t, "ofa-mbv3")
	r := rand.New(rand.NewPCG(5, 2))
	for _, p := range w.Params {
		if strings.Contains(p.Name, "depthwise.") && len(p.Shape) == 2 {
			for i := range p.Data {
				p.Data[i] += float32(0.1 * r.NormFloat64())
			}
		}
	}
	return w
}

func randomImages(seed uint64, n, r int) []float32 {
	g := rand.New(rand.NewPCG(seed, 4))
	x := make([]float32, n*r*r*3)
	for i := range x {
		x[i] = float32(g.NormFloat64())
	}
	return x
}

func one(x []float32, n int) func(func([]float32, int) bool) {
	return func(yield func([]float32, int) bool) { yield(x, n) }
}

// TestSlicedEqualsExtracted: the slice of the shared weights and the child
// copied out of them give the same logits, bit for bit.
func TestSlicedEqualsExtracted(t *testing.T) {
	w := nette(t)
	r := rand.New(rand.NewPCG(3, 3))
	archs := []arch.Arch{w.Space.Min(), w.Space.Max()}
	for range 4 {
		archs = append(archs, w.Space.Sample(r))
	}
	slicedEqualsExtracted(t, w, archs)

	w = drawn(t, "attentivenas")
	a := w.Space.Sample(r)
	a.Resolution, a.Stem, a.Stages[0].Width = 192, 16, 24 // a shortcut with a convolution that the biggest child does not have
	a.Stages[1].Width = 24                                // and one that is only pooled
	slicedEqualsExtracted(t, w, []arch.Arch{w.Space.Min(), a})

	w = transformed(t)
	a = w.Space.Sample(r)
	a.Resolution = 132 // of sizes that are odd
	slicedEqualsExtracted(t, w, []arch.Arch{w.Space.Min(), a})
}

func slicedEqualsExtracted(t *testing.T, w *supernet.Weights, archs []arch.Arch) {
	for _, a := range archs {
		x := randomImages(5, 2, a.Resolution)
		st, err := trainer.Calibrate(w, a, one(x, 2))
		if err != nil {
			t.Fatal(err)
		}
		child, err := w.Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := w.Extract(a)
		if err != nil {
			t.Fatal(err)
		}
		if want := cost.ForClasses(a, w.Classes).Params; int64(plain.Count()) != want {
			t.Errorf("%s: extracted are %d parameters, counted %d", a, plain.Count(), want)
		}
		alone, err := plain.Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := child.Forward(x, 2, nil)
		want, _ := alone.Forward(x, 2, nil)
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) || math.IsNaN(float64(got[i])) {
				t.Fatalf("%s logit %d: sliced %v, extracted %v", a, i, got[i], want[i])
			}
		}
	}
}

// TestFoldedEqualsBatch: on the batch a child was calibrated on, inference with
// folded statistics gives the logits of the training forward pass.
func TestFoldedEqualsBatch(t *testing.T) {
	w := nette(t)
	a := w.Space.Sample(rand.New(rand.NewPCG(8, 8)))
	a.Resolution = 96
	const n = 8
	x := randomImages(6, n, a.Resolution)
	st, err := trainer.Calibrate(w, a, one(x, n))
	if err != nil {
		t.Fatal(err)
	}
	child, err := w.Child(a, st)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := child.Forward(x, n, nil)
	var ar trainer.Arena[float32]
	want := trainer.Forward(&ar, w, a, x, n, trainer.BatchOptions{}).Logits
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); d > 2e-4*(1+math.Abs(float64(want[i]))) {
			t.Errorf("logit %d: folded %v, batch %v", i, got[i], want[i])
		}
	}
}

// TestRefusals: uncalibrated children, foreign statistics and architectures
// beyond the weights are refused with a reason.
func TestRefusals(t *testing.T) {
	w := nette(t)
	small, big := w.Space.Min(), w.Space.Max()
	if _, err := w.Child(small, nil); err == nil {
		t.Error("a child without statistics was accepted")
	}
	if _, err := w.Child(small, supernet.NewStatistics(supernet.BNLayers(big))); err == nil {
		t.Error("the biggest child's statistics were accepted for the smallest")
	}
	plain, err := w.Extract(small)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Child(big, supernet.NewStatistics(supernet.BNLayers(big))); err == nil {
		t.Error("an extracted smallest child ran as the biggest")
	}
	bad := small.Clone()
	bad.Stages[2].Width++
	if _, err := w.Slices(bad); err == nil {
		t.Error("an impossible width was accepted")
	}
	if _, err := trainer.Calibrate(w, small, func(func([]float32, int) bool) {}); err == nil {
		t.Error("calibration without images succeeded")
	}
	attentive := drawn(t, "attentivenas")
	few, err := attentive.Extract(attentive.Space.Min())
	if err != nil {
		t.Fatal(err)
	}
	more := attentive.Space.Min().Clone()
	more.Stages[1].Expansion = 5
	if _, err := few.Child(more, supernet.NewStatistics(supernet.BNLayers(more))); err == nil {
		t.Error("an extracted child ran with more expanded channels than it has")
	}
}

// TestInherit: inherited statistics have the child's shape and the biggest
// child's first values.
func TestInherit(t *testing.T) {
	w := nette(t)
	big := w.Space.Max()
	st := supernet.NewStatistics(supernet.BNLayers(big))
	for i := range st.Mean {
		for c := range st.Mean[i] {
			st.Mean[i][c] = float32(i*1000 + c)
		}
	}
	a := w.Space.Min()
	in, err := st.Inherit(big, a)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.BelongTo(a); err != nil {
		t.Fatal(err)
	}
	for i := range in.Mean { // channel c of a layer must come from channel c of one layer
		layer := in.Mean[i][0]
		for c, v := range in.Mean[i] {
			if v != layer+float32(c) {
				t.Fatalf("layer %d channel %d came from %v", i, c, v)
			}
		}
	}
	if in.Mean[len(in.Mean)-1][0] != float32((len(st.Mean)-1)*1000) {
		t.Error("the head's statistics are not the head's")
	}
}

// TestShared: a child shares all of itself with itself and with the biggest.
func TestShared(t *testing.T) {
	w := nette(t)
	small, big := w.Space.Min(), w.Space.Max()
	both, a, b, err := w.Shared(small, big)
	if err != nil {
		t.Fatal(err)
	}
	if both != a || b != w.Count() || a >= b {
		t.Errorf("shared %d of %d and %d; weights hold %d", both, a, b, w.Count())
	}
}
