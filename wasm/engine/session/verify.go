package session

import (
	"math"

	"bignas/core/classify"
	"bignas/core/supernet"
)

// checksums returns a checksum of the bits of every tensor, as they lie in memory.
func checksums(params []*supernet.Param) []uint64 {
	sums := make([]uint64, len(params))
	for i, p := range params {
		sums[i] = checksum(p.Stored())
	}
	return sums
}

// checksum is FNV-1a of 64 bits, a value a step. A step is one to one in what was before it
// and in the value, so that a change of one value always shows.
func checksum(values []float32) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, v := range values {
		h = (h ^ uint64(math.Float32bits(v))) * 0x100000001b3
	}
	return h
}

// idle makes use of the time in which nobody waits for an answer: it takes the checksums that verify compares with.
func (s *Session) idle() {
	if e, _ := s.current(); e != nil {
		s.comparing(e, func() []uint64 { return checksums(e.Weights().Params) })
	}
}

// comparing returns the checksums to compare with; where there are none yet they are now's.
func (s *Session) comparing(e *classify.Engine, now func() []uint64) []uint64 {
	s.mu.Lock()
	before := s.baseline
	s.mu.Unlock()
	if before != nil {
		return before
	}
	before = now()
	s.mu.Lock()
	if s.engine == e {
		s.baseline = before
	}
	s.mu.Unlock()
	return before
}

// verify counts the shared weights that lie in tensors whose bits are not those
// of the file any more: the page's "weights changed" is measured, not claimed.
func (s *Session) verify(q request) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	now := checksums(e.Weights().Params)
	before := s.comparing(e, func() []uint64 { return now })
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
