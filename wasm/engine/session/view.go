package session

import (
	"hash/crc32"
	"math"
	"slices"

	"bignas/core/classify"
	"bignas/core/fault"
)

// view posts the image as a child of that resolution sees it: the crop and the
// filter of the weights file, without the normalisation, as RGBA bytes.
func (s *Session) view(q request) error {
	e, p, err := s.looking()
	if err != nil {
		return err
	}
	if of := e.Info().Space.Resolutions; !slices.Contains(of, q.Resolution) {
		return fault.New(CodeBadMessage, "", "the resolution is %d, allowed are %v", q.Resolution, of)
	}
	s.post(encode(q.ID, "view", record{member("width", q.Resolution), member("height", q.Resolution)}), pixels(e.Crop(p, q.Resolution)))
	return nil
}

// pixels makes RGBA bytes of RGB values of 0 to 1.
func pixels(x []float32) []byte {
	rgba := make([]byte, len(x)/3*4)
	for i := range len(x) / 3 {
		for c := range 3 {
			rgba[4*i+c] = byte(min(255, max(0, math.Round(255*float64(x[3*i+c]))))) // the filter overshoots at edges
		}
		rgba[4*i+3] = 255
	}
	return rgba
}

// checksums returns the CRC-32 of every shared tensor's bits.
func checksums(e *classify.Engine) []uint32 {
	var sums []uint32
	var bytes []byte
	for _, p := range e.Weights().Params {
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
	now := checksums(e)
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
