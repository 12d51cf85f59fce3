package teach

// HoldOut says which images are held out of a training: about the share fraction of
// them, 0 to 1, those with the lowest ranks. A rank is a hash of what an image is
// known by, its content or its name, so that it stays on its side when others come
// and go. Of a class with two images or more at least one is held out and at least
// one is not; a class with one image keeps it.
func HoldOut(ranks []uint64, labels []int, classes int, fraction float64) []bool {
	out := make([]bool, len(ranks))
	if !(fraction > 0) {
		return out
	}
	type class struct{ lowest, highest, held, all int }
	of := make([]class, classes)
	for i, rank := range ranks {
		c := &of[labels[i]]
		if c.all == 0 || rank < ranks[c.lowest] {
			c.lowest = i
		}
		if c.all == 0 || rank > ranks[c.highest] {
			c.highest = i
		}
		c.all++
		if float64(rank) < fraction*(1<<64) {
			out[i] = true
			c.held++
		}
	}
	for _, c := range of {
		if c.all > 1 && c.held == 0 {
			out[c.lowest] = true
		}
		if c.all > 0 && c.held == c.all {
			out[c.highest] = false
		}
	}
	return out
}
