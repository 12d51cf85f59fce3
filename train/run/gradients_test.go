package run

import (
	"context"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/train/group"
)

// recorder is a rank of two that doubles what is summed, and remembers how much.
type recorder struct {
	group.Alone
	sums [][]float32
}

func (r *recorder) Size() int { return 2 }

func (r *recorder) StartSum(x []float32) func(context.Context) error {
	r.sums = append(r.sums, x)
	for i := range x {
		x[i] *= 2
	}
	return func(context.Context) error { return nil }
}

// TestBuckets: as parts of the backward pass end, from the head to the stem, gradients go out
// in pieces before the last part has ended, each of them once and with the mean of the passes.
func TestBuckets(t *testing.T) {
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []int{1, 2} {
		r, grad := &recorder{}, w.Like()
		s := newGradients(grad, r, 2*own, own)
		for range 2 { // updates
			s.begin()
			r.sums = nil
			for pass := range own {
				for i, p := range grad.Params {
					for j := range p.Data {
						p.Data[j] = float32(i%7 + pass)
					}
				}
				if pass < own-1 {
					s.add(pass == 0)
				}
			}
			for from := len(grad.Params) - 1; from >= 0; from -= 3 {
				s.settle(from)
			}
			early := len(r.sums)
			s.settle(0)
			s.settle(0)
			all := 0
			for _, x := range r.sums {
				all += len(x)
			}
			if all != w.Count() || early < 2 || len(r.sums) > 1+all/bucket {
				t.Errorf("%d passes: %d sums, %d of them early, of %d gradients; there are %d", own, len(r.sums), early, all, w.Count())
			}
			for i, p := range grad.Params {
				sum := 0
				for pass := range own {
					sum += i%7 + pass
				}
				for j, v := range p.Data {
					if want := float32(sum) / float32(own); v != want { // twice the half of the other rank's passes
						t.Fatalf("%d passes: %s[%d] is %v, want %v", own, p.Name, j, v, want)
					}
				}
			}
		}
	}
}
