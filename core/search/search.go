// Package search finds the best children of a supernet for a budget, by the coarse-to-fine
// selection of BigNAS (arXiv 2003.11142, section 3.4), by evolution (NSGA-II, Deb et al. 2002)
// or at random.
//
// A search proceeds by single evaluations (Step), so that a worker can handle its messages in
// between. It needs no goroutine, file or clock. It depends on the seed and on the evaluations
// alone, so that it is stored as its evaluations and resumed by repeating its decisions
// (Resume), with the same result as without the interruption.
package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"bignas/core/arch"
	"bignas/core/fault"
)

// Judge is a source of accuracies.
type Judge struct {
	Kind Kind
	N    int // images that every child is measured on; 0 where it is predicted
	// Error is the mean absolute error of a predictor on children that it was not fitted
	// on, 0 to 1. It is not used for measured accuracies.
	Error float64
	// Of returns the share of images classified correctly, 0 to 1.
	Of func(arch.Arch, Costs) (float64, error)
}

// Problem is a search problem: accurate children of a space within limits.
type Problem struct {
	Space   *arch.Space
	Classes int    // of the classifier, which is counted
	Digest  string // of the weights, "sha256:..."; accuracies belong to them
	Judge   Judge
	Limits  Limits
	// Against are the costs of the front. Where it is empty, they are those that are
	// limited, or MACs.
	Against []Metric
	// Latency predicts the milliseconds of a child; nil where that is not known. It should
	// not decrease with any choice.
	Latency func(arch.Arch) float64
}

// Costs returns the costs of a valid architecture, with the latency where it is known.
func (p *Problem) Costs(a arch.Arch) Costs {
	c := Count(a, p.Classes)
	if p.Latency != nil {
		c.Latency = p.Latency(a)
	}
	return c
}

// Point judges one child, such as the smallest, outside a search.
func (p *Problem) Point(a arch.Arch) (Point, error) { return p.judge(a, p.Costs(a)) }

func (p *Problem) judge(a arch.Arch, c Costs) (Point, error) {
	acc, err := p.Judge.Of(a, c)
	if err != nil {
		return Point{}, err
	}
	return p.point(a, c, acc)
}

func (p *Problem) point(a arch.Arch, c Costs, acc float64) (Point, error) {
	if !(acc >= 0 && acc <= 1) {
		return Point{}, fmt.Errorf("search: the accuracy of %s is %v, which is not a share of images", a, acc)
	}
	pt := Point{Arch: a, Costs: c, Accuracy: acc, Kind: p.Judge.Kind, N: p.Judge.N, Error: p.Judge.Error}
	if pt.Kind == Measured {
		pt.Error = standardError(acc, pt.N)
	}
	return pt, nil
}

// Methods lists the names of the methods.
var Methods = []string{"coarse-to-fine", "evolution", "random"}

// Options of a search.
type Options struct {
	Method      string // one of Methods
	Seed        uint64
	Evaluations int // largest number of children to judge
}

// method proposes children. It depends on the search's random numbers and on the points it was
// told about, and on nothing else.
type method interface {
	next() (arch.Arch, bool) // a child within the limits that has not been judged; false at the end, or where Search.paused
	tell(index int)          // the child has been judged and is Search.points[index]
	phase() string           // for progress
}

// Search is a search in progress. It must not be used concurrently.
type Search struct {
	problem Problem
	options Options
	rand    *rand.Rand
	genome  *genome
	method  method
	points  []Point
	seen    map[string]bool // texts of the points' architectures
	front   *Front
	best    int // index of the most accurate point, the cheaper of equal ones
	ended   bool
	// The state of looking for a proposal: tries near something and anywhere so far, and
	// whether the next step continues.
	tried, drawn int
	paused       bool
}

// New prepares a search. The error, a *fault.Error, is a method that does not exist or limits
// that no child is within.
func New(p Problem, o Options) (*Search, error) {
	if !slices.Contains(Methods, o.Method) {
		return nil, fault.New(CodeMethod, "choose one of them", "there is no method %q; known: %s", o.Method, strings.Join(Methods, ", "))
	}
	if o.Evaluations < 1 {
		return nil, fault.New(CodeMethod, "", "the number of evaluations is %d, allowed is 1 or more", o.Evaluations)
	}
	if _, ok := p.Limits[Latency]; ok && p.Latency == nil {
		return nil, fault.New(CodeMethod, "measure the device first", "latency is limited and there is no latency model")
	}
	for _, m := range p.Against {
		if !slices.Contains(Metrics, m) {
			return nil, fault.New(CodeMethod, "", "there is no cost %q to trade accuracy for; known: %v", m, Metrics)
		}
		if m == Latency && p.Latency == nil {
			return nil, fault.New(CodeMethod, "measure the device first", "accuracy cannot be traded for latency without a latency model")
		}
	}
	if err := p.Limits.check(p.Costs(p.Space.Min())); err != nil {
		return nil, err
	}
	if len(p.Against) == 0 {
		for _, m := range Metrics {
			if _, ok := p.Limits[m]; ok {
				p.Against = append(p.Against, m)
			}
		}
		if len(p.Against) == 0 {
			p.Against = []Metric{MACs}
		}
	}
	s := &Search{problem: p, options: o, genome: newGenome(p.Space), seen: map[string]bool{}, best: -1,
		rand: rand.New(rand.NewPCG(o.Seed, 0x5ea7c4)), front: NewFront(p.Against...)}
	switch o.Method {
	case "coarse-to-fine":
		s.method = newCoarse(s)
	case "evolution":
		s.method = newEvolution(s)
	case "random":
		s.method = random{s}
	}
	return s, nil
}

// Step judges one more child or, where new ones within the limits are rare, looks for one, so
// that no step takes long. It reports whether the search has ended: all evaluations are used,
// or no new child was found.
func (s *Search) Step() (done bool, err error) {
	if s.ended || len(s.points) >= s.options.Evaluations {
		return true, nil
	}
	// The proposal has used random numbers, so that the search cannot go on after an error.
	// It can be resumed from its state.
	a, ok := s.next()
	if !ok {
		s.ended = !s.paused
		return s.ended, nil
	}
	p, err := s.problem.judge(a, s.problem.Costs(a))
	if err != nil {
		s.ended = true
		return true, err
	}
	s.add(p)
	return len(s.points) >= s.options.Evaluations, nil
}

// next asks the method for a child, or continues where it paused.
func (s *Search) next() (arch.Arch, bool) {
	s.paused = false
	a, ok := s.method.next()
	if !s.paused {
		s.tried, s.drawn = 0, 0
	}
	return a, ok
}

func (s *Search) add(p Point) {
	s.points = append(s.points, p)
	s.seen[p.Arch.String()] = true
	s.front.Insert(p)
	if s.best < 0 || p.Accuracy > s.points[s.best].Accuracy ||
		p.Accuracy == s.points[s.best].Accuracy && s.front.order(p, s.points[s.best]) < 0 {
		s.best = len(s.points) - 1
	}
	s.method.tell(len(s.points) - 1)
}

// Progress is the progress of a search.
type Progress struct {
	Done, Total int    // evaluations
	Phase       string // of the method, for people
	Best        Point  // the most accurate child so far
	Front       int    // members of the front
}

// Progress returns the progress of the search.
func (s *Search) Progress() Progress {
	p := Progress{Done: len(s.points), Total: s.options.Evaluations, Phase: s.method.phase(), Front: len(s.front.points)}
	if s.best >= 0 {
		p.Best = s.points[s.best]
	}
	return p
}

// Run calls Step until the search ends, or between two steps until ctx ends, whose error it
// returns. each, where not nil, is called after each step; its error ends the run too. Run can
// be called again to continue.
func (s *Search) Run(ctx context.Context, each func(Progress) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		before := len(s.points)
		done, err := s.Step()
		if err != nil {
			return err
		}
		if each != nil && len(s.points) > before {
			if err := each(s.Progress()); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
	}
}

// Front returns the judged children that no other one dominates.
func (s *Search) Front() *Front { return s.front }

// Points returns all judged children in their order. The slice is shared and must not be
// changed.
func (s *Search) Points() []Point { return s.points }

// Best returns the most accurate child, the cheapest of equal ones. It returns false before the
// first step.
func (s *Search) Best() (Point, bool) {
	if s.best < 0 {
		return Point{}, false
	}
	return s.points[s.best], true
}

// allowed reports whether a child is within the limits and has not been judged.
func (s *Search) allowed(a arch.Arch) bool {
	return !s.seen[a.String()] && s.within(a)
}

func (s *Search) within(a arch.Arch) bool {
	return len(s.problem.Limits) == 0 || s.problem.Limits.Allow(s.problem.Costs(a))
}

// A proposal is looked for at most tries times, and patience times in one step: in a browser a
// try takes up to half a millisecond.
const tries, patience = 200, 8

// draw returns a random child that is allowed: drawn uniformly from the space or, where few
// children are within the limits, drawn uniformly and made smaller at random until it is.
func (s *Search) draw() (arch.Arch, bool) {
	for ; s.drawn < 32; s.drawn++ {
		if a := s.problem.Space.Sample(s.rand); s.allowed(a) {
			return a, true
		}
	}
	within := func(v []int) bool { return s.within(s.genome.arch(v)) }
	for range patience {
		if s.drawn == 32+tries {
			return arch.Arch{}, false
		}
		s.drawn++
		v := s.genome.of(s.problem.Space.Sample(s.rand))
		if a := s.genome.arch(s.genome.shrink(v, s.rand, within)); s.allowed(a) {
			return a, true
		}
	}
	s.paused = true
	return arch.Arch{}, false
}

// near returns an allowed child from propose, or a random one. A proposal beyond the limits is
// made smaller at random until it is within them.
func (s *Search) near(propose func() []int) (arch.Arch, bool) {
	within := func(v []int) bool { return s.within(s.genome.arch(v)) }
	for range patience {
		if s.tried == tries {
			return s.draw()
		}
		s.tried++
		if a := s.genome.arch(s.genome.shrink(propose(), s.rand, within)); !s.seen[a.String()] {
			return a, true
		}
	}
	s.paused = true
	return arch.Arch{}, false
}
