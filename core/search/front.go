package search

import (
	"fmt"
	"math"
	"slices"

	"bignas/core/arch"
)

// Kind says where an accuracy comes from. Accuracies of different kinds are never mixed.
type Kind string

// The kinds of accuracy.
const (
	Measured  Kind = "measured"  // the child was run on N images
	Predicted Kind = "predicted" // a predictor estimated it
	MadeUp    Kind = "made-up"   // computed by a formula, to compare methods; no file of results has it
)

// Point is one child with its costs and its accuracy.
type Point struct {
	Arch     arch.Arch
	Costs    Costs
	Accuracy float64 // share of images classified correctly, 0 to 1
	Kind     Kind
	N        int // images that it was measured on; 0 where it is predicted
	// Error of the accuracy, 0 to 1: of a measured one the standard error of a share of N
	// images, of a predicted one the predictor's mean absolute error on children that it
	// was not fitted on.
	Error float64
}

// standardError returns the standard error of a share p of n images.
func standardError(p float64, n int) float64 { return math.Sqrt(p * (1 - p) / float64(max(n, 1))) }

// Front is a set of children of one Kind, none of which another one dominates.
type Front struct {
	Against []Metric
	points  []Point
}

// NewFront returns an empty front of accuracy against the given costs.
func NewFront(against ...Metric) *Front {
	if len(against) == 0 {
		panic("search: a front needs a cost")
	}
	return &Front{Against: slices.Clone(against)}
}

// Points returns the members, the cheapest first. The slice is shared and must not be changed.
func (f *Front) Points() []Point { return f.points }

// Dominates reports whether a is at least as good as b in accuracy and in all the costs, and
// better in at least one.
func Dominates(a, b Point, against []Metric) bool {
	if a.Accuracy < b.Accuracy {
		return false
	}
	better := a.Accuracy > b.Accuracy
	for _, m := range against {
		switch x, y := a.Costs.Of(m), b.Costs.Of(m); {
		case x > y:
			return false
		case x < y:
			better = true
		}
	}
	return better
}

// equal reports whether accuracy and all costs are the same.
func equal(a, b Point, against []Metric) bool {
	return a.Accuracy == b.Accuracy && !slices.ContainsFunc(against, func(m Metric) bool { return a.Costs.Of(m) != b.Costs.Of(m) })
}

// Insert adds p, unless a member dominates or equals it, and removes the members that p
// dominates. It reports whether p was added. It panics where p is of another Kind.
func (f *Front) Insert(p Point) bool {
	for _, q := range f.points {
		if q.Kind != p.Kind {
			panic(fmt.Sprintf("search: a %s point in a front of %s ones", p.Kind, q.Kind))
		}
		if equal(q, p, f.Against) || Dominates(q, p, f.Against) {
			return false
		}
	}
	f.points = slices.DeleteFunc(f.points, func(q Point) bool { return Dominates(p, q, f.Against) })
	at, _ := slices.BinarySearchFunc(f.points, p, f.order)
	f.points = slices.Insert(f.points, at, p)
	return true
}

// order compares by the costs, in their order, then by accuracy.
func (f *Front) order(a, b Point) int {
	for _, m := range f.Against {
		if x, y := a.Costs.Of(m), b.Costs.Of(m); x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	switch {
	case a.Accuracy > b.Accuracy:
		return -1
	case a.Accuracy < b.Accuracy:
		return 1
	}
	return 0
}

// Best returns the most accurate member within the limits, the cheapest of equal ones.
func (f *Front) Best(l Limits) (Point, bool) {
	var best Point
	found := false
	for _, p := range f.points {
		if l.Allow(p.Costs) && (!found || p.Accuracy > best.Accuracy) {
			best, found = p, true
		}
	}
	return best, found
}
