package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// cloud is n points with few different values, so that equals and ties occur.
func cloud(r *rand.Rand, n int) []Point {
	ps := make([]Point, n)
	for i := range ps {
		ps[i] = Point{Accuracy: float64(r.IntN(12)) / 12, Kind: Predicted,
			Costs: Costs{MACs: int64(r.IntN(9)), Params: int64(r.IntN(9))}}
	}
	return ps
}

var two = []Metric{MACs, Params}

// TestFrontIsWhatNothingDominates: against the definition, in any order of
// insertion, sorted by cost.
func TestFrontIsWhatNothingDominates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		ps := cloud(r, 1+r.IntN(60))
		f := NewFront(two...)
		for _, p := range ps {
			f.Insert(p)
		}
		for _, p := range ps {
			dominated := slices.ContainsFunc(ps, func(q Point) bool { return Dominates(q, p, two) })
			member := slices.ContainsFunc(f.Points(), func(q Point) bool { return equal(p, q, two) })
			if dominated == member {
				t.Fatalf("%+v: dominated %v, on the front %v", p, dominated, member)
			}
		}
		for i, p := range f.Points()[1:] {
			if q := f.Points()[i]; equal(p, q, two) || f.order(q, p) > 0 {
				t.Fatalf("%+v comes before %+v", q, p)
			}
		}
		best, ok := f.Best(Limits{Params: 4})
		for _, p := range ps {
			if p.Costs.Params <= 4 && (!ok || p.Accuracy > best.Accuracy) {
				t.Fatalf("the best within the limit is %+v, %v; there is %+v", best, ok, p)
			}
		}
	}
}

func TestDominanceIsAnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 20_000 {
		p := cloud(r, 3)
		ab, ba, bc, ac := Dominates(p[0], p[1], two), Dominates(p[1], p[0], two), Dominates(p[1], p[2], two), Dominates(p[0], p[2], two)
		if ab && ba || ab && bc && !ac || Dominates(p[0], p[0], two) {
			t.Fatalf("%+v", p)
		}
	}
}

// TestKindsAreNotMixed: a measured point among predicted ones is a mistake.
func TestKindsAreNotMixed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a measured point went into a predicted front")
		}
	}()
	f := NewFront(MACs)
	f.Insert(Point{Kind: Predicted, Accuracy: 0.5})
	f.Insert(Point{Kind: Measured, Accuracy: 0.1})
}

// TestSortFronts: every point is in one front; nothing in a front is dominated by
// a point of the same or a later one, and all of it by a point of the one before.
func TestSortFronts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 200 {
		ps := cloud(r, 2+r.IntN(50))
		var among []int
		for i := range ps {
			if r.IntN(4) > 0 {
				among = append(among, i)
			}
		}
		fronts := sortFronts(ps, among, two)
		var all []int
		for k, f := range fronts {
			all = append(all, f...)
			for _, p := range f {
				for _, later := range fronts[k:] {
					for _, q := range later {
						if Dominates(ps[q], ps[p], two) {
							t.Fatalf("front %d: %+v is dominated by %+v", k, ps[p], ps[q])
						}
					}
				}
				if k > 0 && !slices.ContainsFunc(fronts[k-1], func(q int) bool { return Dominates(ps[q], ps[p], two) }) {
					t.Fatalf("%+v belongs to an earlier front than %d", ps[p], k)
				}
			}
		}
		slices.Sort(all)
		if !slices.Equal(all, among) {
			t.Fatalf("sorted %v, want %v", all, among)
		}
	}
}

// TestSurvivors: the ends of the first front stay, better fronts go first, and
// the number is exact.
func TestSurvivors(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for range 200 {
		ps := cloud(r, 40)
		among := make([]int, len(ps))
		for i := range among {
			among[i] = i
		}
		first := len(sortFronts(ps, among, two)[0])
		n := 6 + r.IntN(30)
		kept := survivors(ps, among, two, n)
		best, infirst := 0, 0
		for _, m := range kept {
			if m.rank == 0 {
				infirst++
			}
			if ps[m.index].Accuracy > ps[kept[best].index].Accuracy {
				best = slices.Index(kept, m)
			}
		}
		if len(kept) != n || infirst != min(first, n) {
			t.Fatalf("%d kept, %d of the first front; want %d and %d", len(kept), infirst, n, min(first, n))
		}
		for _, p := range ps {
			if p.Accuracy > ps[kept[best].index].Accuracy {
				t.Fatalf("the most accurate point %+v did not survive", p)
			}
		}
	}
}
