package search

import (
	"sort"

	"bignas/core/arch"
)

// random draws children within the limits, each once.
type random struct{ s *Search }

func (r random) next() (arch.Arch, bool) { return r.s.draw() }
func (r random) tell(int)                {}
func (r random) phase() string           { return "random" }

// coarse is the coarse-to-fine selection of the paper. First come skeletons, the
// architectures of a coarse grid of choices made for the whole network (resolution, depth,
// width, kernel size). Then come mutations of the best children found so far.
//
// Without limits there is no single best child, and mutations start from any member of the
// front.
type coarse struct {
	s    *Search
	grid []arch.Arch // skeletons that have not been judged yet
	best []int       // indices of the most accurate children so far, at most parents
	at   map[int]int // the index of the best of each resolution
	fine bool
}

// parents is the number of best children that mutations start from. With the best alone, the
// search ends where no single mutation is an improvement.
const parents = 6

// newCoarse judges the skeletons within the limits in random order, and only a sample of them
// where they would take more than half of the evaluations.
func newCoarse(s *Search) *coarse {
	c := &coarse{s: s, at: map[int]int{}}
	for _, a := range s.genome.grid() {
		if s.within(a) {
			c.grid = append(c.grid, a)
		}
	}
	s.rand.Shuffle(len(c.grid), func(i, j int) { c.grid[i], c.grid[j] = c.grid[j], c.grid[i] })
	c.grid = c.grid[:min(len(c.grid), max(1, s.options.Evaluations/2))]
	return c
}

func (c *coarse) next() (arch.Arch, bool) {
	if len(c.grid) > 0 {
		a := c.grid[0]
		c.grid = c.grid[1:]
		return a, true
	}
	c.fine = true
	s := c.s
	return s.near(func() []int {
		if f := s.front.points; len(s.problem.Limits) == 0 {
			return s.genome.mutate(s.genome.of(f[s.rand.IntN(len(f))].Arch), s.rand)
		}
		return s.genome.mutate(s.genome.of(s.points[c.parent()].Arch), s.rand)
	})
}

// parent returns one of the best children or, every second time, the best one of a random
// resolution.
func (c *coarse) parent() int {
	r := c.s.rand
	if r.IntN(2) == 0 {
		res := make([]int, 0, len(c.at))
		for r := range c.at {
			res = append(res, r)
		}
		sort.Slice(res, func(i, j int) bool { return res[i] < res[j] })
		return c.at[res[r.IntN(len(res))]]
	}
	return c.best[r.IntN(len(c.best))]
}

// tell keeps the most accurate children, best first.
func (c *coarse) tell(index int) {
	points := c.s.points
	at := len(c.best)
	for at > 0 && points[index].Accuracy > points[c.best[at-1]].Accuracy {
		at--
	}
	c.best = append(c.best[:at], append([]int{index}, c.best[at:]...)...)
	c.best = c.best[:min(len(c.best), parents)]
	res := points[index].Arch.Resolution
	if old, ok := c.at[res]; !ok || points[index].Accuracy > points[old].Accuracy {
		c.at[res] = index
	}
}

func (c *coarse) phase() string {
	if c.fine {
		return "fine"
	}
	return "coarse"
}
