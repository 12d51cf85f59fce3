package dataset

import (
	"cmp"
	"slices"
	"strings"
)

// Subset is some of the images of a Dataset, in a fixed order. It is a view.
type Subset struct {
	data  *Dataset
	index []int
}

// HasVal tells whether the data came with a val/ half of its own.
func (d *Dataset) HasVal() bool {
	return slices.ContainsFunc(d.items, func(it item) bool { return it.half == valHalf })
}

// All is every image, both halves together.
func (d *Dataset) All() Subset {
	s := Subset{data: d, index: make([]int, len(d.items))}
	for i := range s.index {
		s.index[i] = i
	}
	return s
}

// OfClasses is every image of the classes that are wanted, by their numbers.
func (d *Dataset) OfClasses(wanted func(class int) bool) Subset {
	s := Subset{data: d}
	for i, it := range d.items {
		if wanted(it.label) {
			s.index = append(s.index, i)
		}
	}
	return s
}

// Len is the number of images.
func (s Subset) Len() int { return len(s.index) }

// Image returns image i of the subset, Side*Side RGB bytes, shared.
func (s Subset) Image(i int) []uint8 { return s.data.Image(s.index[i]) }

// Label returns the class of image i of the subset.
func (s Subset) Label(i int) int { return s.data.Label(s.index[i]) }

// Name returns the path of image i of the subset inside the data set.
func (s Subset) Name(i int) string { return s.data.Name(s.index[i]) }

// Side is the number of pixels on a side of every image.
func (s Subset) Side() int { return s.data.Side }

// Classes is the number of classes of the whole data set.
func (s Subset) Classes() int { return len(s.data.Classes) }

// Limit returns n images of the subset, spread evenly over the classes and
// picked by the hash of their names; all of them if n is 0 or not less than Len.
// The images of a smaller n are among those of a bigger one.
func (s Subset) Limit(n int) Subset {
	if n <= 0 {
		return s
	}
	return s.Part(0, n)
}

// Part returns n other images of the subset for every i until all have had their
// turn, each time spread over the classes as Limit's are, which is part 0; then
// they come again. It is all of them if n is not less than Len.
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

// Mixed is the subset in an order in which every stretch has all classes alike, by
// the hash of names.
func (s Subset) Mixed() Subset { return Subset{data: s.data, index: s.spread()} }

// spread is the images in an order whose beginnings are spread evenly over the
// classes and that depends on nothing but their names.
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
	// The k-th image of every class comes before the (k+1)-th of any.
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
