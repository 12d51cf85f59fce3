// Package slowfiles makes image files of few bytes that take long to decode, for tests.
package slowfiles

import "encoding/binary"

// JPEG returns a plain grey JPEG of w x h pixels, at most 65,535 each. With one scan it is a
// sequential file. With more it is progressive: a scan of the means, and then the same scan of
// all other coefficients again and again, which takes a few bytes, and for which a decoder goes
// through all blocks (ITU T.81, annexes B, F and G).
func JPEG(w, h, scans int) []byte {
	frame := byte(0xc0)
	if scans > 1 {
		frame = 0xc2
	}
	b := segment([]byte{0xff, 0xd8}, 0xdb, append(make([]byte, 1, 65), ones(64)...))
	size := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, uint16(h)), uint16(w))
	b = segment(b, frame, append(size, 1, 1, 0x11, 0))
	b = segment(b, 0xc4, append([]byte{0x00, 1}, make([]byte, 16)...))    // one bit, 0: the mean is that of the block before
	ends := []byte{0x10, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} // four bits each:
	for n := range byte(15) {
		ends = append(ends, n<<4) // the next 2^n blocks and more, as n bits say, have nothing else
	}
	b = segment(b, 0xc4, ends)
	blocks := (w + 7) / 8 * ((h + 7) / 8)
	var s bits
	if scans == 1 {
		b = segment(b, 0xda, []byte{1, 1, 0, 0, 63, 0})
		for range blocks {
			s.put(0, 1)
			s.put(0, 4)
		}
		return append(s.flush(b), 0xff, 0xd9)
	}
	b = segment(b, 0xda, []byte{1, 1, 0, 0, 0, 0})
	for range blocks {
		s.put(0, 1)
	}
	b = s.flush(b)
	for range blocks {
		run, n := min(blocks, 1<<15-1), 0
		for run>>n > 1 {
			n++
		}
		s.put(n, 4)
		s.put(run-1<<n, n)
		if blocks -= run; blocks == 0 {
			break
		}
	}
	again := s.flush(segment(nil, 0xda, []byte{1, 1, 0, 1, 63, 0}))
	for range scans - 1 {
		b = append(b, again...)
	}
	return append(b, 0xff, 0xd9)
}

// segment appends a marker, its length and its body.
func segment(b []byte, marker byte, body []byte) []byte {
	b = binary.BigEndian.AppendUint16(append(b, 0xff, marker), uint16(2+len(body)))
	return append(b, body...)
}

// ones returns n bytes of value 1.
func ones(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 1
	}
	return b
}

// bits collects the codes of a scan.
type bits struct {
	done []byte
	last uint32
	n    int
}

func (s *bits) put(v, n int) {
	s.last, s.n = s.last<<n|uint32(v), s.n+n
	for ; s.n >= 8; s.n -= 8 {
		v := byte(s.last >> (s.n - 8))
		if s.done = append(s.done, v); v == 0xff {
			s.done = append(s.done, 0)
		}
	}
}

// flush appends the bits to b, padded with ones, and clears them.
func (s *bits) flush(b []byte) []byte {
	if s.n > 0 {
		s.put(0xff>>s.n, 8-s.n)
	}
	b = append(b, s.done...)
	*s = bits{}
	return b
}
