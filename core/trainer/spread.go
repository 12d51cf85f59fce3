package trainer

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Spread says how a batch is spread over processes that train together, each with its own
// images of it. Their batch normalisations have the statistics of the whole batch, and the
// gradients of the processes add up to those that one process would compute.
type Spread struct {
	// Local has the place of each image of the whole batch among those of this process, or -1
	// for the images of others.
	Local []int
	// Sum replaces x by its sum over the processes. All call it for the same sums in turn.
	Sum func(x []float64)
}

// rows returns how many rows the whole batch has where the n images of this process have m.
func (s *Spread) rows(m, n int) int {
	if s == nil {
		return m
	}
	return m / n * len(s.Local)
}

// share returns the share of the whole batch that n images are.
func (s *Spread) share(n int) float64 {
	if s == nil {
		return 1
	}
	return float64(n) / float64(len(s.Local))
}

// newMoments returns empty sums of c columns over the whole batch.
func newMoments[T kernel.Float](parts, c int, s *Spread) *kernel.Moments[T] {
	m := kernel.NewMoments[T](parts, c)
	if s != nil {
		m.Pool = s.Sum
	}
	return m
}

// newGradSums returns empty sums of c columns over the whole batch.
func newGradSums(parts, c int, s *Spread) *kernel.GradSums {
	g := kernel.NewGradSums(parts, c)
	if s != nil {
		g.Pool = s.Sum
	}
	return g
}

// drawKeep draws the factors by which the images' features are multiplied, width for each
// image: 0 with probability p and otherwise 1/(1-p), which leaves the mean unchanged. Those
// of the images of other processes are drawn too, so that every image has the factor that it
// would have in one process.
func drawKeep[T kernel.Float](keep []T, width int, o BatchOptions, p float64) {
	if o.Spread == nil {
		for i := range keep {
			keep[i] = factor[T](o.Rand, p)
		}
		return
	}
	for _, at := range o.Spread.Local {
		for j := range width {
			if f := factor[T](o.Rand, p); at >= 0 {
				keep[at*width+j] = f
			}
		}
	}
}

func factor[T kernel.Float](r *rand.Rand, p float64) T {
	if r.Float64() < p {
		return 0
	}
	return T(1 / (1 - p))
}

// Skip draws the random numbers of a step over n images without the step: that of another
// process, which draws from the same source before this one's.
func (t *Trainer[T]) Skip(n, maxResolution int, r *rand.Rand) {
	for i, a := range t.draw(r, maxResolution) {
		o := t.options(i, r)
		for range n * draws(a.Network(), o) {
			r.Uint64() // as Float64 draws
		}
	}
}

// draws returns how many random numbers a forward pass draws for an image.
func draws(net arch.Network, o BatchOptions) int {
	count := 0
	for i, b := range net.Blocks {
		if o.dropAt(i, len(net.Blocks)) > 0 && b.Shortcut != arch.NoShortcut {
			count++
		}
	}
	if o.Dropout > 0 {
		count += net.Head.Out
	}
	return count
}
