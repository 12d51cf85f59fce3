package supernet_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/trainer"
)

// TestFusedEqualsReference: every implementation's child, layers fused or not,
// gives the logits of the reference loops one after the other; on one image and on
// two, in its own buffers and in those of another child.
func TestFusedEqualsReference(t *testing.T) {
	w := nette(t)
	for _, a := range []arch.Arch{w.Space.Min(), w.Space.Sample(rand.New(rand.NewPCG(4, 4)))} {
		a.Resolution = 96
		x := randomImages(7, 2, a.Resolution)
		st, err := trainer.Calibrate(w, a, one(x, 2))
		if err != nil {
			t.Fatal(err)
		}
		logits := func(name string, threads int) []float32 {
			undo, err := kernel.Use(name)
			if err != nil {
				t.Fatal(err)
			}
			kernel.SetThreads(threads)
			defer func() { kernel.SetThreads(0); undo() }()
			old, err := w.Child(a, st)
			if err != nil {
				t.Fatal(err)
			}
			two, _ := old.Forward(x, 2, nil)
			c, err := w.Child(a, st)
			if err != nil {
				t.Fatal(err)
			}
			c.Recycle(old)
			first, _ := c.Forward(x[:len(x)/2], 1, nil)
			second, _ := c.Forward(x[len(x)/2:], 1, nil)
			return append(append(two, first...), second...)
		}
		want := logits("reference", 1)
		for _, name := range kernel.Implementations() {
			for threads := 1; threads <= 3; threads++ {
				for i, v := range logits(name, threads) {
					if d := math.Abs(float64(v - want[i])); !(d <= 2e-5*(1+math.Abs(float64(want[i])))) {
						t.Fatalf("%s, %s on %d threads: logit %d is %v, reference %v", a, name, threads, i, v, want[i])
					}
				}
			}
		}
	}
}
