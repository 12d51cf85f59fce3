package measure

// Part is one process's part of a measurement that several share: every Size-th batch, from
// the Rank-th on. The zero value is the whole.
type Part struct {
	Rank, Size int
	// Sum replaces x by its sum over the processes.
	Sum func(x []float64) error
}

// images returns how many of so many images are in the part.
func (p Part) images(all, batch int) int {
	if p.Size <= 1 {
		return all
	}
	n := 0
	for from := p.Rank * batch; from < all; from += p.Size * batch {
		n += min(batch, all-from)
	}
	return n
}

// index returns which image of all image i of the part is.
func (p Part) index(i, batch int) int {
	if p.Size <= 1 {
		return i
	}
	return (i/batch*p.Size+p.Rank)*batch + i%batch
}
