package weights

import (
	"bytes"
	"strconv"
	"strings"

	"bignas/core/plainjson"
)

// WithClassifier returns the weights file data with another classifier, the matrix [widest
// head, classes], row-major, and the bias [classes], and with the names of its classes.
// The other tensors are copied as they are, which takes no more memory than the two files.
// change edits the metadata that Marshal does not write. What the file says about confidence
// is left out, because it is about the old classes. The error is a *fault.Error where data is
// not a weights file of this program, or is damaged.
func WithClassifier(data []byte, matrix, bias []float32, labels []string, change func(metadata map[string]string)) ([]byte, error) {
	h, body, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	if err := h.check(body); err != nil {
		return nil, err
	}
	m := h.metadata
	if err := recognise(m); err != nil {
		return nil, err
	}
	space, err := readSpace(m)
	if err != nil {
		return nil, err
	}
	ls, err := readLevels(m, space, h.total)
	if err != nil {
		return nil, err
	}
	classes := len(bias)
	if len(h.places) == 0 || len(matrix) != classes*space.Head[len(space.Head)-1] || len(labels) != classes {
		return nil, damaged("it has %d tensors, and the new classifier %d weights for %d classes with %d names", len(h.places), len(matrix), classes, len(labels))
	}
	weight := newStored("classifier.weight", []int{len(matrix) / classes, classes}, matrix, len(ls))
	shift := newStored("classifier.bias", []int{classes}, bias, len(ls))
	for i := len(ls) - 1; i >= 0; i-- {
		weight.mark(i, []int{0, 0}, []int{ls[i].child.Head, classes})
		shift.mark(i, []int{0}, []int{classes})
	}
	weight.count()
	shift.count()
	dtype, next := h.places[0].DType, 0
	ends := make([]int64, len(ls))
	for l := range ls {
		ends[l] = ls[l].Bytes
	}
	f := &File{Metadata: m}
	err = f.lay(ls, dtype, func(l int) (all []Tensor) {
		for ; next < len(h.places) && h.places[next].end <= ends[l]; next++ {
			p := h.places[next]
			if name, _, _ := strings.Cut(p.Name, "@"); name == weight.name || name == shift.name {
				continue
			}
			p.raw = body[p.begin:p.end]
			all = append(all, p.Tensor)
		}
		return append(append(all, weight.part(l)...), shift.part(l)...)
	})
	if err != nil {
		return nil, err
	}
	change(m)
	delete(m, KeyConfidence)
	names, err := plainjson.Append(nil, labels)
	if err != nil {
		return nil, err
	}
	text, err := plainjson.Append(nil, records(ls))
	if err != nil {
		return nil, err
	}
	m[KeyVersion], m[KeyLayout], m[KeyLevels] = formatVersion, layoutText, string(text)
	m[KeyClasses], m[KeyLabels] = strconv.Itoa(classes), string(names)
	var out bytes.Buffer
	out.Grow(len(data) + len(data)/64)
	err = Write(&out, f, dtype)
	return out.Bytes(), err
}
