package augment

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMixedBatches makes the same epoch with and without mixing, and finds in
// every mixed image the two that it was made of, in the shares that it states.
func TestMixedBatches(t *testing.T) {
	data := images(t, 11)
	plainBatches := epoch(NewLoader(data, Default, identity, 7, 5, 0), 3, 8, 0)
	for what, change := range map[string]func(*Config){
		"mixup":  func(c *Config) { c.Mixup = 0.4 },
		"cutmix": func(c *Config) { c.CutMix = 1 },
		"both":   func(c *Config) { c.Mixup, c.CutMix, c.Unmixed = 0.4, 1, 0.3 },
	} {
		c := Default
		change(&c)
		unmixed, n := 0, 0
		for k, b := range epoch(NewLoader(data, c, identity, 7, 5, 0), 3, 8, 0) {
			old := plainBatches[k]
			if !slices.Equal(b.Labels, old.Labels) {
				t.Fatalf("%s: other labels", what)
			}
			for i := range b.N {
				j, w := b.N-1-i, float64(b.Weight[i])
				if w < 0 || w > 1 || b.Mixed[i] != b.Labels[j] {
					t.Fatalf("%s: weight %g, mixed with class %d, want %d", what, w, b.Mixed[i], b.Labels[j])
				}
				if n++; w == 1 {
					unmixed++
				}
				checkMixed(t, fmt.Sprint(what, " step ", k, " image ", i), img8(b, i), img8(old, i), img8(old, j), w)
			}
		}
		// One of five has no partner.
		if want := 1 + n/5; what != "both" && unmixed > want || unmixed == n {
			t.Errorf("%s: %d of %d images are unmixed", what, unmixed, n)
		}
	}
}

// TestMixEpochs compares the epochs before and after mixing ends with those that mix always and never.
func TestMixEpochs(t *testing.T) {
	data := images(t, 11)
	always := Default
	always.Mixup = 0.4
	until := always
	until.MixEpochs = 2
	of := func(c Config, number int) []Batch {
		return epoch(NewLoader(data, c, identity, 7, 5, 0), number, 8, 0)
	}
	same(t, "epoch 2 of 2 that mix", of(until, 1), of(always, 1))
	for k, b := range of(until, 2) {
		if !slices.Equal(b.Images, of(Default, 2)[k].Images) || slices.Min(b.Weight) != 1 {
			t.Errorf("epoch 3, step %d: images are mixed", k)
		}
	}
	until.Mixup = 0
	if err := until.Check(); err == nil {
		t.Error("mix_epochs without mixing is accepted")
	}
}

func img8(b Batch, i int) []float32 { return b.Images[i*192 : (i+1)*192] }

// checkMixed accepts the blend of own and other, or own with a rectangle of other
// of the area that the weight says.
func checkMixed(t *testing.T, what string, got, own, other []float32, w float64) {
	t.Helper()
	blend, foreign := true, 0
	for i, v := range got {
		if math.Abs(w*float64(own[i])+(1-w)*float64(other[i])-float64(v)) > 1e-5 {
			blend = false
		}
		if i%3 == 0 && v != own[i] {
			if foreign++; v != other[i] {
				foreign = 1000
			}
		}
	}
	// Inside the rectangle a value may be equal in both by coincidence.
	if area := (1 - w) * 64; !blend && (float64(foreign) > area+0.01 || float64(foreign) < area-3) {
		t.Errorf("%s: neither a blend of weight %g nor a rectangle of %g pixels (%d differ)", what, w, area, foreign)
	}
}

// TestEverythingIsRepeatable: with every part on, workers and resuming change
// nothing.
func TestEverythingIsRepeatable(t *testing.T) {
	data := images(t, 11)
	c := Default
	c.Policy, c.Ops, c.Magnitude, c.Hue, c.Mixup, c.CutMix, c.Erase = RandAugment, 2, 9, 0.1, 0.2, 1, 0.5
	want := epoch(NewLoader(data, c, identity, 7, 4, 0), 3, 16, 0)
	same(t, "3 workers", epoch(NewLoader(data, c, identity, 7, 4, 3), 3, 16, 0), want)
	same(t, "resumed", epoch(NewLoader(data, c, identity, 7, 4, 0), 3, 16, 2), want[2:])
	l := NewLoader(data, c, identity, 7, 4, 2)
	for range l.Epoch(context.Background(), 2, 12, 0) {
	}
	same(t, "used before", epoch(l, 3, 16, 0), want)
}

// TestBeta compares mean and variance of Beta(a, a), 1/2 and 1/(8a+4).
func TestBeta(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range []float64{0.2, 1, 3} {
		const n = 20000
		sum, squares := 0.0, 0.0
		for range n {
			v := beta(r, a) - 0.5
			sum, squares = sum+v, squares+v*v
		}
		if mean, variance, want := sum/n, squares/n, 1/(8*a+4); math.Abs(mean) > 0.01 || math.Abs(variance-want) > 0.04*want {
			t.Errorf("Beta(%g): mean %.4f, variance %.4f, want 0.5 and %.4f", a, mean+0.5, variance, want)
		}
	}
}
