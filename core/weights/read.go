package weights

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"

	"bignas/core/fault"
	"bignas/core/plainjson"
)

// Read parses a whole safetensors file. The tensors are copied out of data, in the order of
// their bytes. Digests are checked if the file has them. The error is a *fault.Error: not a
// weights file, truncated, damaged, or an element type other than F32 and F16.
func Read(data []byte) (*File, error) {
	h, body, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	if err := h.check(body); err != nil {
		return nil, err
	}
	f := &File{Metadata: h.metadata}
	for _, p := range h.places {
		p.Data = decode(nil, body[p.begin:p.end], p.DType)
		f.Tensors = append(f.Tensors, p.Tensor)
	}
	return f, nil
}

// header is the part of a file before the tensors.
type header struct {
	size     int // bytes before the first tensor
	metadata map[string]string
	places   []place // in the order of their bytes
	total    int64   // bytes of all tensors
}

// place is a tensor and its bytes, counted from the first tensor byte.
type place struct {
	Tensor     // without Data
	begin, end int64
}

// readHeader parses the header and returns it with the bytes that follow.
func readHeader(data []byte) (*header, []byte, error) {
	entries, body, err := split(data)
	if err != nil {
		return nil, nil, err
	}
	h := &header{size: len(data) - len(body), metadata: map[string]string{}}
	if err := entries.Fill(false, plainjson.Member(metadataKey, &h.metadata)); err != nil {
		return nil, nil, damaged("its metadata is not a table of texts")
	}
	if want, ok := h.metadata[HeaderKey]; ok {
		if got, _ := headerDigest(data[:h.size]); got != want {
			return nil, nil, damaged("its header has the digest %s, and says %s", got, want)
		}
	}
	h.places = make([]place, 0, len(entries.Names))
	for i, name := range entries.Names {
		if name == metadataKey {
			continue
		}
		t, e, err := parseEntry(name, entries.Items[i])
		if err != nil {
			return nil, nil, err
		}
		h.places = append(h.places, place{t, e.Offsets[0], e.Offsets[1]})
	}
	sort.Slice(h.places, func(i, j int) bool {
		a, b := h.places[i], h.places[j]
		if a.begin != b.begin {
			return a.begin < b.begin
		}
		if a.end != b.end {
			return a.end < b.end
		}
		return a.Name < b.Name
	})
	for _, p := range h.places {
		if p.begin != h.total {
			return nil, nil, damaged("tensor %q begins at byte %d, expected %d", p.Name, p.begin, h.total)
		}
		h.total = p.end
	}
	return h, body, nil
}

// check compares the length and the digest of all tensor bytes with the header.
func (h *header) check(body []byte) error {
	if n := int64(len(body)); h.total > n {
		return fault.New(CodeTruncated, hintAgain, "the weights file ends too early: it has %d bytes of tensors and its header says %d", n, h.total)
	} else if h.total < n {
		return damaged("%d bytes follow the last tensor", n-h.total)
	}
	if want, ok := h.metadata[DigestKey]; ok {
		return checkDigest(body, want)
	}
	return nil
}

func checkDigest(data []byte, want string) error {
	if got := digest(data); got != want {
		return damaged("its tensors have the digest %s, its header says %s", got, want)
	}
	return nil
}

// split checks the length word and parses the header.
func split(data []byte) (header plainjson.Value, body []byte, err error) {
	head := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 64)])))
	switch {
	case len(data) == 0:
		return header, nil, fault.New(CodeTruncated, hintAgain, "the weights file is empty")
	case strings.HasPrefix(head, "<!doctype"), strings.HasPrefix(head, "<html"):
		return header, nil, fault.New(CodeNotWeights, "check the address of the weights", "the weights file is a web page")
	case strings.HasPrefix(head, "version https://git-lfs"):
		return header, nil, fault.New(CodeNotWeights, "run git lfs pull", "the weights file is a Git LFS pointer")
	case len(data) < 8:
		return header, nil, fault.New(CodeTruncated, hintAgain, "the weights file ends after %d bytes", len(data))
	}
	size := binary.LittleEndian.Uint64(data)
	if size > maxHeader || size < 2 {
		return header, nil, fault.New(CodeNotWeights, hintNotWeights, "this is not a weights file: a header of %d bytes, allowed is 2 to %d", size, maxHeader)
	}
	if size > uint64(len(data)-8) {
		return header, nil, fault.New(CodeTruncated, hintAgain, "the weights file ends too early: it has %d bytes and its header alone %d", len(data), size)
	}
	if header, err = plainjson.Parse(data[8 : 8+size]); err != nil || header.Kind != plainjson.Object {
		return header, nil, fault.New(CodeNotWeights, hintNotWeights, "this is not a weights file: its header is not JSON")
	}
	return header, data[8+size:], nil
}

// parseEntry parses and checks the header of one tensor. readHeader and check compare the
// offsets of all of them with each other and with the end of the file.
func parseEntry(name string, v plainjson.Value) (Tensor, entry, error) {
	var e entry
	var offsets []int64
	err := v.Fill(true, plainjson.Member("dtype", &e.DType), plainjson.Member("shape", &e.Shape), plainjson.Member("data_offsets", &offsets))
	if err != nil || len(offsets) != 2 {
		return Tensor{}, e, damaged("tensor %q has an unreadable header", name)
	}
	e.Offsets = [2]int64(offsets)
	t := Tensor{Name: name, Shape: make([]int, len(e.Shape))}
	switch e.DType {
	case "F32":
		t.DType = Float32
	case "F16":
		t.DType = Float16
	default:
		return t, e, fault.New(CodeDType, hintNotWeights, "tensor %q has the element type %q, allowed are F32 and F16", name, e.DType)
	}
	const most = 1 << 31 // values; keeps every product below 1<<62
	values := int64(1)
	for i, d := range e.Shape {
		if d < 0 || d > most {
			return t, e, damaged("tensor %q has the shape %v", name, e.Shape)
		}
		values *= d
		if values > most {
			return t, e, damaged("tensor %q has the shape %v, more than %d values", name, e.Shape, int64(most))
		}
		t.Shape[i] = int(d)
	}
	if e.Offsets[0] < 0 || e.Offsets[1]-e.Offsets[0] != values*int64(t.DType.size()) {
		return t, e, damaged("tensor %q of shape %v and type %s is at bytes %d to %d", name, e.Shape, e.DType, e.Offsets[0], e.Offsets[1])
	}
	return t, e, nil
}
