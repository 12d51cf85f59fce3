package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
)

// SearchSplit cuts the share fraction (0 to 1) off a training half: pictures on
// which a search may choose among children, as the validation half is kept for
// what is quoted. BN statistics are calibrated on rest. A trainer that leaves
// search out too makes the choice blind to what the weights have seen.
//
// As in HeldOut the base name alone decides, by another hash, so that the two are
// independent: the first 8 bytes of SHA-256("search/" + base name), big endian,
// over 2^64, are less than fraction.
func (s Subset) SearchSplit(fraction float64) (rest, search Subset) {
	rest.data, search.data = s.data, s.data
	for _, i := range s.index {
		if ForSearch(s.data.items[i].name, fraction) {
			search.index = append(search.index, i)
		} else {
			rest.index = append(rest.index, i)
		}
	}
	return rest, search
}

// ForSearch tells whether a training picture is in the share that SearchSplit
// cuts off.
func ForSearch(name string, fraction float64) bool {
	sum := sha256.Sum256([]byte("search/" + path.Base(name)))
	return float64(binary.BigEndian.Uint64(sum[:8])) < fraction*(1<<64)
}
