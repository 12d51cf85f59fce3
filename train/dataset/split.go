package dataset

import (
	"cmp"
	"slices"
	"strings"
)

// Subset is some of the images of a Dataset, in a fixed order. It shares their memory.
type Subset struct {
	data  *Dataset
	index []int
}

// HasVal reports whether the data has its own val/ half.
func (d *Dataset) HasVal() bool {
	return slices.ContainsFunc(d.items, func(it item) bool { return it.half == valHalf })
}

// All returns all images of both halves.
func (d *Dataset) All() Subset {
	s := Subset{data: d, index: make([]int, len(d.items))}
	for i := range s.index {
		s.index[i] = i
	}
	return s
}

// OfClasses returns all images of the classes, given by number, for which wanted is true.
func (d *Dataset) OfClasses(wanted func(class int) bool) Subset {
	s := Subset{data: d}
	for i, it := range d.items {
		if wanted(it.label) {
			s.index = append(s.index, i)
		}
	}
	return s
}

// Len returns the number of images.
func (s Subset) Len() int { return len(s.index) }

// Image returns image i of the subset, Side*Side RGB bytes, shared.
func (s Subset) Image(i int) []uint8 { return s.data.Image(s.index[i]) }

// Label returns the class of image i of the subset.
func (s Subset) Label(i int) int { return s.data.Label(s.index[i]) }

// Labels returns the classes of the images of the subset.
func (s Subset) Labels() []int {
	all := make([]int, s.Len())
	for i := range all {
		all[i] = s.Label(i)
	}
	return all
}

// Name returns the path of image i of the subset in the data set.
func (s Subset) Name(i int) string { return s.data.Name(s.index[i]) }

// Side returns the number of pixels on a side of the images.
func (s Subset) Side() int { return s.data.Side }

// Classes returns the number of classes of the data set.
func (s Subset) Classes() int { return len(s.data.Classes) }

// Limit returns n images of the subset, spread evenly over the classes and chosen by the hashes of their names, or all if n is 0 or at
// least Len. The images of a smaller n are among those of a bigger one.
func (s Subset) Limit(n int) Subset {
	if n <= 0 {
		return s
	}
	return s.Part(0, n)
}

// Part returns n images of the subset, different ones for each i until all have been used, after which they repeat. They are spread
// over the classes; Limit returns part 0. If n is at least Len, Part returns all.
func (s Subset) Part(i, n int) Subset {
	if n >= len(s.index) {
		return s
	}
	order := s.spread()
	part := make([]int, n)
	for k := range part {
		part[k] = order[(i*n+k)%len(order)]
	}
	slices.Sort(part)
	return Subset{data: s.data, index: part}
}

// Mixed returns the subset in an order in which each stretch has all classes alike, by the hashes of names.
func (s Subset) Mixed() Subset { return Subset{data: s.data, index: s.spread()} }

// spread returns the images in an order, by their names alone, whose beginnings are spread evenly over the classes.
func (s Subset) spread() []int {
	order, ranks := slices.Clone(s.index), make(map[int]uint64, len(s.index))
	for _, i := range order {
		ranks[i] = rank(s.data.items[i].name)
	}
	slices.SortFunc(order, func(a, b int) int {
		if by := cmp.Compare(ranks[a], ranks[b]); by != 0 {
			return by
		}
		return strings.Compare(s.data.items[a].name, s.data.items[b].name)
	})
	// The k-th image of each class comes before the (k+1)-th of any.
	turn := make([]int, len(s.data.Classes))
	round := make(map[int]int, len(order))
	for _, i := range order {
		label := s.data.items[i].label
		round[i] = turn[label]
		turn[label]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return round[a] - round[b] })
	return order
}
