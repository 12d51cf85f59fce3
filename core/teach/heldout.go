package teach

import (
	"encoding/binary"
	"strconv"

	"bignas/core/weights"
)

// HeldOut is the share of the images that is held out of a training, where they do not come
// with a half for that.
const HeldOut = 0.2

// Rank is what HoldOut takes for the image in a file, so that the same file is on the same
// side wherever it is.
func Rank(file []byte) uint64 {
	return first(strconv.AppendUint(nil, first(file), 16))
}

// first returns 8 bytes of a SHA-256.
func first(data []byte) uint64 {
	sum := weights.Sum256(data)
	return binary.BigEndian.Uint64(sum[:8])
}

// HoldOut selects the images to hold out of a training: about the given fraction of them, 0 to
// 1, with the lowest ranks. The rank is a hash of what identifies an image, its content or its
// name, so that an image stays on its side when others are added or removed. Of a class with
// two or more images at least one is held out and at least one is not; the only image of a
// class is not held out.
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
