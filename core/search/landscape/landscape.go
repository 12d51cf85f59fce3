// Package landscape computes made-up accuracies of known structure, to test searches and
// predictors without training. They say nothing about any weights.
package landscape

import (
	"math"
	"math/rand/v2"

	"bignas/core/arch"
)

// Landscape is a made-up accuracy over a space. Its coefficients are drawn from a seed, within
// a structure that children of supernets have: bigger choices help, with diminishing returns;
// depth, width and resolution help each other; and a stage much wider than the one before it
// wastes channels.
type Landscape struct {
	space  *arch.Space
	stages []stage
	resolution, stem, head,
	together float64
}

// stage is the worth of each choice of a stage.
type stage struct{ width, depth, expansion, kernel, waste float64 }

// New draws a landscape.
func New(s *arch.Space, seed uint64) *Landscape {
	r := rand.New(rand.NewPCG(seed, 0x1a5d))
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	l := &Landscape{space: s, resolution: between(0.8, 1.6), stem: between(0, 0.2), head: between(0.1, 0.4), together: between(0.3, 0.8)}
	for range s.Stages {
		l.stages = append(l.stages, stage{between(0.05, 0.6), between(0.05, 0.6), between(0, 0.4), between(-0.05, 0.25), between(0.1, 0.5)})
	}
	return l
}

// Accuracy returns the accuracy of a valid architecture: about 0.6 for the smallest child and at
// most 0.9.
func (l *Landscape) Accuracy(a arch.Arch) float64 {
	res := level(a.Resolution, l.space.Resolutions)
	worth := l.resolution*gain(res) + l.stem*gain(level(a.Stem, l.space.Stem)) + l.head*gain(level(a.Head, l.space.Head))
	before := level(a.Stem, l.space.Stem)
	depth := 0.0
	for i, c := range a.Stages {
		st, v := l.space.Stages[i], l.stages[i]
		w, d := level(c.Width, st.Widths), level(c.Depth, st.Depths)
		kernel, expansion := 0.0, 0.0
		for j, k := range c.Kernels {
			kernel += level(k, st.Kernels) / float64(len(c.Kernels))
			expansion += level(c.ExpansionOf(j), st.Expansions)
		}
		expansion /= float64(len(c.Kernels))
		worth += v.width*gain(w) + v.depth*gain(d) + v.expansion*gain(expansion) + v.kernel*kernel*(0.5+res/2)
		worth -= v.waste * math.Pow(max(0, w-before-0.25), 2)
		before = w
		depth += d / float64(len(a.Stages))
	}
	worth += l.together * math.Sqrt(res*depth)
	return 0.6 + 0.3*(1-math.Exp(-worth/3))
}

// gain is concave, from 0 to 1.
func gain(level float64) float64 { return (1 - math.Exp(-2*level)) / (1 - math.Exp(-2)) }

// level returns the rank of a choice, 0 to 1.
func level(v int, of []int) float64 {
	for i, x := range of {
		if x == v && len(of) > 1 {
			return float64(i) / float64(len(of)-1)
		}
	}
	return 0
}
