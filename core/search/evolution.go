package search

import (
	"math"
	"sort"

	"bignas/core/arch"
)

// evolution is NSGA-II (Deb, Pratap, Agarwal, Meyarivan 2002): generations of
// children; parents by tournament of rank and crowding; crossover and mutation;
// the next generation from parents and offspring together, front by front. There is no
// ageing (Real et al. 2019): it helps against lucky training runs, while accuracies here are
// those of fixed weights.
//
// Only children within the limits are proposed. The limits also say where on the front the
// answer is: of two children of one rank the tournament then prefers the more accurate one,
// and children that use less than most of the budget survive only while there is space.
type evolution struct {
	s      *Search
	size   int
	parent []member // of the current generation
	brood  []int    // indices of its offspring, or of the first generation
}

// interesting is the share of a budget from which on a child counts as near it.
const interesting = 0.6

// member is a point of the population with its rank.
type member struct {
	index    int
	rank     int     // of its non-dominated front, 0 is the best
	crowding float64 // distance to its neighbours in that front, infinite at the ends
}

// newEvolution divides the evaluations into about 20 generations.
func newEvolution(s *Search) *evolution {
	return &evolution{s: s, size: min(max(s.options.Evaluations/20, 8), 40)}
}

func (e *evolution) phase() string {
	if e.parent == nil {
		return "first generation"
	}
	return "evolution"
}

func (e *evolution) next() (arch.Arch, bool) {
	s := e.s
	if e.parent == nil {
		return s.draw()
	}
	return s.near(func() []int {
		v := s.genome.of(s.points[e.tournament()].Arch)
		if s.rand.Float64() < 0.7 {
			v = s.genome.cross(v, s.genome.of(s.points[e.tournament()].Arch), s.rand)
		}
		return s.genome.mutate(v, s.rand)
	})
}

// tournament returns the index of the better of two random members.
func (e *evolution) tournament() int {
	a, b := e.parent[e.s.rand.IntN(len(e.parent))], e.parent[e.s.rand.IntN(len(e.parent))]
	better := b.before(a)
	if points := e.s.points; len(e.s.problem.Limits) > 0 && a.rank == b.rank {
		better = points[b.index].Accuracy > points[a.index].Accuracy
	}
	if better {
		a = b
	}
	return a.index
}

// before is the crowded-comparison operator of NSGA-II.
func (m member) before(o member) bool {
	return m.rank < o.rank || m.rank == o.rank && m.crowding > o.crowding
}

// tell ends a generation when it is complete.
func (e *evolution) tell(index int) {
	if e.brood = append(e.brood, index); len(e.brood) < e.size {
		return
	}
	all := e.brood
	for _, m := range e.parent {
		all = append(all, m.index)
	}
	var near, far []int
	for _, i := range all {
		if e.s.problem.Limits.use(e.s.points[i].Costs) >= interesting {
			near = append(near, i)
		} else {
			far = append(far, i)
		}
	}
	e.parent = survivors(e.s.points, near, e.s.front.Against, e.size)
	e.parent = append(e.parent, survivors(e.s.points, far, e.s.front.Against, e.size-len(e.parent))...)
	e.brood = nil
}

// survivors returns n of the points: whole fronts, best first, and the least crowded members
// of the front that does not fit.
func survivors(points []Point, among []int, against []Metric, n int) []member {
	var out []member
	for rank, front := range sortFronts(points, among, against) {
		if len(out) == n {
			break
		}
		members := crowd(points, front, against)
		for i := range members {
			members[i].rank = rank
		}
		if room := n - len(out); len(members) > room {
			sort.Slice(members, func(i, j int) bool {
				a, b := members[i], members[j]
				return a.before(b) || !b.before(a) && a.index < b.index
			})
			return append(out, members[:room]...)
		}
		out = append(out, members...)
	}
	return out
}

// sortFronts divides the points (indices) into fronts, so that no member is dominated by one
// of its own or of a later front.
func sortFronts(points []Point, among []int, against []Metric) [][]int {
	dominated := make([]int, len(among)) // by how many
	var fronts [][]int
	left := 0
	for i, p := range among {
		for _, q := range among {
			if Dominates(points[q], points[p], against) {
				dominated[i]++
			}
		}
	}
	for left < len(among) {
		var front, at []int
		for i, d := range dominated {
			if d == 0 {
				front, at = append(front, among[i]), append(at, i)
			}
		}
		for _, i := range at {
			dominated[i] = -1
		}
		for i, p := range among {
			for _, q := range front {
				if dominated[i] > 0 && Dominates(points[q], points[p], against) {
					dominated[i]--
				}
			}
		}
		fronts = append(fronts, front)
		left += len(front)
	}
	return fronts
}

// crowd computes the crowding distances of one front: for each member the sum, over accuracy
// and costs, of the gap between its neighbours as a share of the range.
func crowd(points []Point, front []int, against []Metric) []member {
	out := make([]member, len(front))
	for i, p := range front {
		out[i].index = p
	}
	by := func(value func(Point) float64) {
		sort.Slice(out, func(i, j int) bool {
			a, b := out[i].index, out[j].index
			if x, y := value(points[a]), value(points[b]); x != y {
				return x < y
			}
			return a < b
		})
		last := len(out) - 1
		lo, hi := value(points[out[0].index]), value(points[out[last].index])
		out[0].crowding, out[last].crowding = math.Inf(1), math.Inf(1)
		for i := 1; i < last && hi > lo; i++ {
			out[i].crowding += (value(points[out[i+1].index]) - value(points[out[i-1].index])) / (hi - lo)
		}
	}
	by(func(p Point) float64 { return p.Accuracy })
	for _, m := range against {
		by(func(p Point) float64 { return p.Costs.Of(m) })
	}
	return out
}
