package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"bignas/core/fault"
)

// Sections of a WebAssembly module (WebAssembly Core Specification, 5.5).
const (
	customSection = 0
	codeSection   = 10
	dataSection   = 11
)

// maxGap is how many zeros between two pieces of data are written out. Go's
// linker starts a new segment after eight, which is right for a file that is
// never compressed: an address in every segment costs more, gzipped, than the
// zeros. From 64 on it makes no difference.
const maxGap = 1024

// pack writes a module of Go's linker anew, so that it is smaller once
// compressed and does the same: the data in few segments, no custom sections,
// and code and tables that repeat themselves (see writeCode and shareTables).
func pack(module []byte) ([]byte, error) {
	const header = "\x00asm\x01\x00\x00\x00"
	r := reader{data: module}
	if string(r.take(uint64(len(header)))) != header {
		r.bad = true
	}
	out := []byte(header)
	for len(r.data) > 0 && !r.bad {
		kind := r.byte()
		body := r.take(r.unsigned())
		switch kind {
		case customSection: // the names of the build and of the compiler
			continue
		case codeSection:
			code, ok := writeCode(body)
			if !ok {
				return nil, notGo()
			}
			body = code
		case dataSection:
			segments, ok := readData(body)
			if !ok {
				return nil, notGo()
			}
			for _, s := range segments {
				shareTables(s.data)
			}
			body = writeData(segments)
		}
		out = append(out, kind)
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	if r.bad {
		return nil, notGo()
	}
	return out, nil
}

func notGo() error {
	return fault.New("other_go", "look at site/assemble/pack.go; without it the page works, but its programs are a tenth bigger",
		"the WebAssembly module is not as Go's linker writes it")
}

// segment is data that is in memory before the program starts.
type segment struct {
	at   int64
	data []byte
}

// readData returns the segments of a data section, in the order of their
// addresses and where maxGap allows it in one, and whether they are what Go's
// linker writes: at constant addresses, none over another.
func readData(section []byte) (merged []segment, ok bool) {
	r := reader{data: section}
	var all []segment
	for n := r.unsigned(); n > 0 && !r.bad; n-- {
		if r.byte() != 0 || r.byte() != opI32Const { // in the memory, at
			return nil, false
		}
		s := segment{at: r.signed()}
		if r.byte() != opEnd {
			return nil, false
		}
		s.data = r.take(r.unsigned())
		all = append(all, s)
	}
	if r.bad || len(r.data) > 0 {
		return nil, false
	}
	slices.SortStableFunc(all, func(a, b segment) int { return int(a.at - b.at) })
	for i, s := range all {
		gap := int64(math.MaxInt64)
		if i > 0 {
			last := merged[len(merged)-1]
			if gap = s.at - last.at - int64(len(last.data)); gap < 0 {
				return nil, false
			}
		}
		if gap > maxGap {
			merged = append(merged, segment{s.at, bytes.Clone(s.data)})
			continue
		}
		last := &merged[len(merged)-1]
		last.data = append(append(last.data, make([]byte, gap)...), s.data...)
	}
	return merged, true
}

func writeData(segments []segment) []byte {
	out := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		out = appendSigned(append(out, 0, opI32Const), s.at)
		out = binary.AppendUvarint(append(out, opEnd), uint64(len(s.data)))
		out = append(out, s.data...)
	}
	return out
}

// appendSigned is LEB128, the signed kind, which is not that of encoding/binary.
func appendSigned(out []byte, v int64) []byte {
	for v < -64 || v > 63 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v)&0x7f)
}

// reader takes a module apart; past its end, or at a number that is none, it is bad.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.data)) {
		r.bad = true
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) unsigned() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) signed() (v int64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if shift < 57 && b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.bad = true
	return 0
}
