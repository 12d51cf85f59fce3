package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/supernet"
)

// TestOptimisers checks two updates of each optimiser by hand, and that decay
// touches matrices but not BN parameters or biases.
func TestOptimisers(t *testing.T) {
	for _, kind := range []string{"sgd", "rmsprop", "adamw"} {
		w, _ := supernet.NewWeightsOf[float64](tiny(), 3)
		for _, p := range w.Params {
			for i := range p.Data {
				p.Data[i] = 1
			}
		}
		o, err := NewOptimiser(kind, 0.9, 0.9, 1e-3, w)
		if err != nil {
			t.Fatal(err)
		}
		grad := w.Like()
		for _, p := range grad.Params {
			for i := range p.Data {
				p.Data[i] = 0.5
			}
		}
		const lr, decay = 0.1, 0.2
		want := func(wd float64) float64 {
			x, v, s := 1.0, 0.0, 1.0
			for range 2 {
				d := 0.5 + wd*x
				switch kind {
				case "sgd":
					v = 0.9*v + d
					x -= lr * (d + 0.9*v)
				case "adamw": // a steady gradient: both averages, corrected, are of it alone
					x -= lr * (0.5/(0.5+1e-3) + wd*x)
				default:
					s = 0.9*s + 0.1*d*d
					v = 0.9*v + lr*d/math.Sqrt(s+1e-3)
					x -= v
				}
			}
			return x
		}
		for i := range 2 {
			o.Update(w, grad, i, lr, decay, false)
		}
		for _, p := range w.Params {
			wd := 0.0
			if p.Decay {
				wd = decay
			}
			if math.Abs(p.Data[0]-want(wd)) > 1e-12 {
				t.Errorf("%s %s: %g, want %g", kind, p.Name, p.Data[0], want(wd))
			}
		}
	}
	if _, err := NewOptimiser[float64]("adamax", 0, 0, 0, nil); err == nil {
		t.Error("an unknown optimiser was accepted")
	}
}

func TestClipNorm(t *testing.T) {
	w, _ := supernet.NewWeightsOf[float64](tiny(), 3)
	w.Init(rand.New(rand.NewPCG(1, 1)), false)
	before := ClipNorm(w, 0)
	ClipNorm(w, before/4)
	if after := ClipNorm(w, 0); math.Abs(after-before/4) > 1e-9*before {
		t.Errorf("norm %g clipped to %g, want %g", before, after, before/4)
	}
}

// TestZeroGamma: with zero gamma a block begins as its shortcut, so that the
// depth of a stage makes no difference before the first update.
func TestZeroGamma(t *testing.T) {
	w, _ := supernet.NewWeightsOf[float64](tiny(), 3)
	r := rand.New(rand.NewPCG(1, 1))
	w.Init(r, true)
	x := images(r, 4, 32)
	shallow, deep := w.Space.Max(), w.Space.Max()
	shallow.Stages[1].Depth, shallow.Stages[1].Kernels = 1, []int{5}
	var ar Arena[float64]
	a := Forward(&ar, w, shallow, x, 4, BatchOptions{}).Logits
	b := Forward(&ar, w, deep, x, 4, BatchOptions{}).Logits
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("logit %d: %g with one layer, %g with two", i, a[i], b[i])
		}
	}
}
