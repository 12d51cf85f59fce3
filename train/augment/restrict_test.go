package augment

import (
	"slices"
	"testing"
)

// TestRestrict: loaders that share the steps of an epoch, or the images of each batch, make
// together what one makes, mixed images included.
func TestRestrict(t *testing.T) {
	data := images(t, 11)
	c := Default
	c.Mixup, c.CutMix = 0.4, 1
	for _, workers := range []int{0, 2} {
		whole := epoch(NewLoader(data, c, identity, 7, 5, 0), 3, 8, 0)
		var steps []Batch
		for k := range len(whole) {
			l := NewLoader(data, c, identity, 7, 5, workers)
			l.Restrict(nil, func(step int) bool { return step == k })
			steps = append(steps, epoch(l, 3, 8, 0)...)
		}
		same(t, "steps", whole, steps)
		for _, own := range [][]int{{0, 4}, {1, 2, 3}} {
			l := NewLoader(data, c, identity, 7, 5, workers)
			l.Restrict(own, nil)
			for k, b := range epoch(l, 3, 8, 0) {
				w := whole[k]
				for at, i := range own {
					if b.N != len(own) || !slices.Equal(img8(b, at), img8(w, i)) || b.Labels[at] != w.Labels[i] || b.Mixed[at] != w.Mixed[i] || b.Weight[at] != w.Weight[i] {
						t.Fatalf("%d workers: image %d of step %d differs where %v are made", workers, i, k, own)
					}
				}
			}
		}
	}
}
