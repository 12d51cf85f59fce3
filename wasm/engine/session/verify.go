package session

import (
	"hash/crc32"
	"math"

	"bignas/core/supernet"
)

// checksums returns the CRC-32 of the bits of every tensor.
func checksums(params []*supernet.Param) []uint32 {
	var sums []uint32
	var bytes []byte
	for _, p := range params {
		bytes = bytes[:0]
		columns := p.Shape[len(p.Shape)-1]
		for row := range p.Len() / columns {
			for _, v := range p.Row(row, columns) {
				b := math.Float32bits(v)
				bytes = append(bytes, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
			}
		}
		sums = append(sums, crc32.ChecksumIEEE(bytes))
	}
	return sums
}

// verify counts the shared weights that lie in tensors whose bits are not those
// of the file any more: the page's "weights changed" is measured, not claimed.
func (s *Session) verify(q request) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	s.mu.Lock()
	before := s.baseline
	s.mu.Unlock()
	now := checksums(e.Weights().Params)
	weights, changed := 0, 0
	for i, p := range e.Weights().Params {
		weights += p.Len()
		if now[i] != before[i] {
			changed += p.Len()
		}
	}
	s.send(q.ID, "verified", member("check", record{member("weights", weights), member("changed", changed)}))
	return nil
}
