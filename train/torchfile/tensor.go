package torchfile

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"
	"strings"

	"bignas/core/fault"
	"bignas/core/weights"
)

// element is the type of a tensor's values.
type element struct {
	name string // as in torch
	size int    // bytes
}

// elements are the types by the name of their storage in torch.
var elements = map[string]element{
	"Float": {"float32", 4}, "Double": {"float64", 8}, "Half": {"float16", 2}, "BFloat16": {"bfloat16", 2},
	"Long": {"int64", 8}, "Int": {"int32", 4}, "Short": {"int16", 2}, "Char": {"int8", 1}, "Byte": {"uint8", 1}, "Bool": {"bool", 1},
	"ComplexFloat": {"complex64", 8}, "ComplexDouble": {"complex128", 16}, "QInt8": {"qint8", 1}, "QUInt8": {"quint8", 1}, "QInt32": {"qint32", 4},
	"Untyped": {"uint8", 1}, "_Untyped": {"uint8", 1},
}

// storage is what tensors are views of.
type storage struct {
	element
	count  int    // elements
	device string // where the tensors were: "cpu", "cuda:0"
	data   []byte // in the mapped file, nil before it is known
	swap   bool   // the most significant byte is first
	sum    *uint32
}

// span is a part of a storage as the pickle refers to it.
type span struct {
	of       *storage
	from, to int // elements
}

// storageClass reads the name of a storage's class.
func storageClass(v any) element {
	class, ok := v.(global)
	name, is := strings.CutSuffix(class.name, "Storage")
	e, known := elements[name]
	if !ok || !is || !known || class.module != "torch" && !strings.HasPrefix(class.module, "torch.") {
		panic(refuse("a storage has %s for its class", kind(v)))
	}
	return e
}

// Tensor is a tensor of a File, whose values stay in the file until they are read.
type Tensor struct {
	Shape   []int
	strides []int
	first   int
	element
	of *storage
}

// rebuild returns the tensor of (storage, offset, shape, strides, ...), or nil where it is of a
// kind that is not read here.
func (u *unpickler) rebuild(given []any) *Tensor {
	if len(given) < 4 {
		return nil
	}
	s, isSpan := given[0].(span)
	offset, isInt := given[1].(int64)
	shape, strides := u.sizes(given[2]), u.sizes(given[3])
	if !isSpan || !isInt || shape == nil || strides == nil {
		return nil
	}
	t := &Tensor{Shape: shape, strides: strides, element: s.of.element, of: s.of}
	u.spend(160)
	room := s.to - s.from
	if len(given) > 6 { // version 3 has a type for a storage without one
		dtype, _ := given[6].(global)
		e, ok := named(dtype.name)
		if !ok {
			return nil
		}
		if e.size > 1 && s.from != 0 {
			panic(refuse("a tensor of %s is a view of bytes", e.name))
		}
		room = room * t.size / e.size
		t.element = e
	}
	if offset < 0 || offset > int64(room) || len(shape) != len(strides) {
		panic(refuse("a tensor of shape %v has the strides %v from %d on", shape, strides, offset))
	}
	last, empty := offset, false // the last element, where there is any
	for i, n := range shape {
		if n == 0 {
			empty = true
		} else if high, low := bits.Mul64(uint64(n-1), uint64(strides[i])); high != 0 || low > math.MaxInt64-uint64(last) {
			panic(refuse("a tensor of shape %v has the strides %v", shape, strides))
		} else {
			last += int64(low)
		}
	}
	if !empty && last >= int64(room) {
		panic(refuse("a tensor of shape %v, strides %v and offset %d does not fit into its storage of %d", shape, strides, offset, room))
	}
	t.first = s.from + int(offset)
	return t
}

// named returns the type with this name in torch.
func named(name string) (element, bool) {
	for _, e := range elements {
		if e.name == name {
			return e, true
		}
	}
	return element{}, false
}

// mostDimensions is more than the tensors of any layer have.
const mostDimensions = 16

// sizes reads a tuple of non-negative numbers; it returns nil for anything else.
func (u *unpickler) sizes(v any) []int {
	t, ok := v.(tuple)
	if !ok || len(t) > mostDimensions {
		return nil
	}
	u.spend(8 * len(t))
	all := make([]int, len(t))
	for i, v := range t {
		n, ok := v.(int64)
		if !ok || n < 0 || n > math.MaxInt {
			return nil
		}
		all[i] = int(n)
	}
	return all
}

// Type is the type of the values as torch calls it: "float32", "int64".
func (t *Tensor) Type() string { return t.name }

// Device is where the tensor was when it was saved: "cpu", "cuda:0".
func (t *Tensor) Device() string { return t.of.device }

// Len is the number of values, 0 if it is beyond what an int holds.
func (t *Tensor) Len() int {
	n := uint64(1)
	for _, d := range t.Shape {
		high, low := bits.Mul64(n, uint64(d))
		if high != 0 || low > math.MaxInt {
			return 0
		}
		n = low
	}
	return int(n)
}

// Floats reads the values, the last dimension first, into to, which has as many
// elements. They may be float32, float16, bfloat16, which are exact, or float64, which
// is rounded.
func (t *Tensor) Floats(to []float32) error {
	data, err := t.bytes(len(to))
	if err != nil {
		return err
	}
	if inner, step, _ := t.run(); t.name == "float32" && inner == len(to) && step == 1 && !t.of.swap { // most tensors of most files
		for i := range to {
			to[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*(t.first+i):]))
		}
		return nil
	}
	var value func(b []byte) float32
	switch t.name {
	case "float32":
		value = func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case "float16":
		value = func(b []byte) float32 { return weights.Single(binary.LittleEndian.Uint16(b)) }
	case "bfloat16":
		value = func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	case "float64":
		value = func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	default:
		return fault.New(CodeFile, "", "a tensor holds %s, not numbers with a fraction", t.name)
	}
	read(t, data, to, value)
	return nil
}

// Ints reads the values like Floats. They may be int64, int32, int16, int8, uint8 or bool.
func (t *Tensor) Ints(to []int64) error {
	data, err := t.bytes(len(to))
	if err != nil {
		return err
	}
	var value func(b []byte) int64
	switch t.name {
	case "int64":
		value = func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	case "int32":
		value = func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	case "int16":
		value = func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) }
	case "int8":
		value = func(b []byte) int64 { return int64(int8(b[0])) }
	case "uint8", "bool":
		value = func(b []byte) int64 { return int64(b[0]) }
	default:
		return fault.New(CodeFile, "", "a tensor holds %s, not integers", t.name)
	}
	read(t, data, to, value)
	return nil
}

// bytes returns the tensor's storage, for n values.
func (t *Tensor) bytes(n int) ([]byte, error) {
	if n != t.Len() {
		return nil, fault.New(CodeFile, "", "a tensor of shape %v is read as %d values", t.Shape, n)
	}
	s := t.of
	if s.sum != nil {
		if crc32.ChecksumIEEE(s.data) != *s.sum {
			return nil, refuse("a storage of %d %s does not have its checksum, as a damaged file, or one of torch.serialization.set_crc32_options(False)", s.count, s.name)
		}
		s.sum = nil // it has been compared
	}
	return s.data, nil
}

// read copies a tensor's values into to.
func read[T any](t *Tensor, data []byte, to []T, value func([]byte) T) {
	if len(to) == 0 {
		return
	}
	inner, step, outer := t.run()
	index := make([]int, outer)
	var turned [16]byte
	for at := t.first; ; {
		for i := range inner {
			from := (at + i*step) * t.size
			b := data[from : from+t.size]
			if t.of.swap {
				for j := range b {
					turned[len(b)-1-j] = b[j]
				}
				b = turned[:len(b)]
			}
			to[i] = value(b)
		}
		if to = to[inner:]; len(to) == 0 {
			return
		}
		for d := outer - 1; ; d-- {
			if index[d]++; index[d] < t.Shape[d] {
				at += t.strides[d]
				break
			}
			at -= (t.Shape[d] - 1) * t.strides[d]
			index[d] = 0
		}
	}
}

// run is the longest run of values that are step elements apart, and how many
// dimensions are not part of it.
func (t *Tensor) run() (n, step, outer int) {
	n, step, outer = 1, 1, len(t.Shape)
	for ; outer > 0; outer-- {
		size, stride := t.Shape[outer-1], t.strides[outer-1]
		switch {
		case size == 1:
		case n == 1:
			n, step = size, stride
		case stride == n*step:
			n *= size
		default:
			return n, step, outer
		}
	}
	return n, step, outer
}
