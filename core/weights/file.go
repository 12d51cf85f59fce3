// Package weights reads and writes weights files: safetensors
// (https://huggingface.co/docs/safetensors) with float16 or float32 tensors, which any tool
// of the field opens. Metadata and tensors together are a Bundle, all that is needed to
// run children of a supernet.
package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"bignas/core/fault"
	"bignas/core/plainjson"
)

// DType is the element type of a stored tensor.
type DType uint8

// The element types that are read and written.
const (
	Default DType = iota // of a Tensor: the one given to Write
	Float32              // "F32"
	Float16              // "F16"
)

// String returns the safetensors name.
func (d DType) String() string {
	switch d {
	case Float32:
		return "F32"
	case Float16:
		return "F16"
	}
	return "default"
}

func (d DType) size() int {
	if d == Float16 {
		return 2
	}
	return 4
}

// Tensor is one named array.
type Tensor struct {
	Name  string
	Shape []int     // row-major; empty for a scalar
	DType DType     // as stored; Default: the one given to Write
	Data  []float32 // product of Shape values

	raw  []byte                    // in place of Data: as stored
	read func() ([]float32, error) // in place of Data: returns the values, to be used before the next call of any
}

// values returns the number of values.
func (t *Tensor) values() int {
	switch {
	case t.raw != nil:
		return len(t.raw) / t.DType.size()
	case t.read != nil:
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		return n
	}
	return len(t.Data)
}

// eachPiece calls f with the bytes of the tensors as they are stored, some at a time, of type
// dtype where a tensor has none of its own.
func eachPiece(all []Tensor, dtype DType, f func(piece []byte) error) error {
	const most = 1 << 17 // values of a tensor
	var piece []byte
	flush := func() error {
		err := f(piece)
		piece = piece[:0]
		return err
	}
	for _, t := range all {
		if t.raw != nil {
			if err := flush(); err != nil {
				return err
			}
			if err := f(t.raw); err != nil {
				return err
			}
			continue
		}
		values := t.Data
		if t.read != nil {
			var err error
			if values, err = t.read(); err != nil {
				return err
			}
		}
		for len(values) > 0 {
			n := min(len(values), most)
			piece, values = encode(piece, values[:n], cmp.Or(t.DType, dtype)), values[n:]
			if len(piece) >= most {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// File is the content of a safetensors file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their bytes

	digest string // of the tensors, where it is known before Write
}

// The metadata entries that Write adds and Read checks, "sha256:" and a hexadecimal
// SHA-256. Together they cover every byte of the file.
const (
	// DigestKey is the digest of all tensor bytes. It identifies the weights, whatever
	// else the file says of them.
	DigestKey = "digest"
	// HeaderKey is the digest of all bytes before the tensors, with zeros for its own 64
	// digits. Files of older programs have none.
	HeaderKey = "header_digest"
)

const (
	metadataKey = "__metadata__"
	maxHeader   = 100_000_000 // bytes; the format's own limit
)

// Codes of the errors of this package, all of type *fault.Error.
const (
	CodeNotWeights = "not_weights"       // not a safetensors file, or not one of this program
	CodeTruncated  = "weights_truncated" // shorter than its header says
	CodeDamaged    = "weights_damaged"   // inconsistent header, wrong digest
	CodeDType      = "weights_dtype"     // an element type other than F32 and F16
	CodeValue      = "weights_value"     // a value that cannot be stored
	CodeMismatch   = "weights_mismatch"  // another space, class count or shape than needed
)

const (
	hintAgain      = "copy or download it again"
	hintNotWeights = "give a .safetensors file written by train"
)

// entry is the header of one tensor.
type entry struct {
	DType   string
	Shape   []int64
	Offsets [2]int64
}

func (e entry) record() plainjson.Record {
	return plainjson.Record{plainjson.Member("dtype", e.DType), plainjson.Member("shape", e.Shape), plainjson.Member("data_offsets", e.Offsets[:])}
}

// Write writes f, with tensors of type dtype where they have no DType of their own, in the
// order of f.Tensors, and adds the digests to the metadata. The error is a repeated name, a
// shape that does not fit the data, a value that the type cannot hold (infinite, NaN,
// beyond 65504 in float16), or what w returns.
func Write(w io.Writer, f *File, dtype DType) error {
	if dtype == Default {
		dtype = Float32
	}
	header := make(map[string]plainjson.Record, len(f.Tensors)+1)
	end := int64(0)
	for _, t := range f.Tensors {
		if _, twice := header[t.Name]; twice || t.Name == metadataKey || t.Name == "" {
			return fmt.Errorf("weights: tensor name %q is reserved or used twice", t.Name)
		}
		n, shape := 1, make([]int64, len(t.Shape))
		for i, d := range t.Shape {
			n, shape[i] = n*d, int64(d)
		}
		if n != t.values() {
			return fmt.Errorf("weights: tensor %q has shape %v and %d values", t.Name, t.Shape, t.values())
		}
		kind := cmp.Or(t.DType, dtype)
		if err := checkStorable(t.Name, t.Data, kind); err != nil {
			return err
		}
		begin := end
		end += int64(kind.size() * n)
		header[t.Name] = entry{kind.String(), shape, [2]int64{begin, end}}.record()
	}
	sum := f.digest
	if sum == "" {
		h := newHash()
		if err := eachPiece(f.Tensors, dtype, func(piece []byte) error { h.add(piece); return nil }); err != nil {
			return err
		}
		sum = digestText(h.sum())
	}
	metadata := make(map[string]string, len(f.Metadata)+1)
	for k, v := range f.Metadata {
		metadata[k] = v
	}
	metadata[DigestKey] = sum
	metadata[HeaderKey] = digestPrefix + noDigits
	all := plainjson.Record{plainjson.Member(metadataKey, metadata)}
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	for _, name := range names {
		all = append(all, plainjson.Member(name, header[name]))
	}
	head, err := plainjson.Append(make([]byte, 8), all)
	if err != nil {
		return err
	}
	for len(head)%8 != 0 { // spaces, which the format allows, align the tensors
		head = append(head, ' ')
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	own, at := headerDigest(head)
	copy(head[at:], own)
	if _, err := w.Write(head); err != nil {
		return err
	}
	return eachPiece(f.Tensors, dtype, func(piece []byte) error {
		_, err := w.Write(piece)
		return err
	})
}

// storable reports whether v can be stored: halves end at 65504, and no weight is infinite
// or NaN.
func storable(v float32, d DType) bool {
	magnitude := math.Abs(float64(v))
	return magnitude <= math.MaxFloat32 && (d != Float16 || magnitude < 65520)
}

func checkStorable(name string, values []float32, d DType) error {
	if i := slices.IndexFunc(values, func(v float32) bool { return !storable(v, d) }); i >= 0 {
		return fault.New(CodeValue, "write float32, and check that the training did not collapse", "value %d of the tensor %q is %v, which %s cannot hold", i, name, values[i], d)
	}
	return nil
}

func encode(to []byte, values []float32, d DType) []byte {
	if d == Float16 {
		for _, v := range values {
			to = binary.LittleEndian.AppendUint16(to, Half(v))
		}
		return to
	}
	for _, v := range values {
		to = binary.LittleEndian.AppendUint32(to, math.Float32bits(v))
	}
	return to
}

// decode uses the memory of buffer where that is big enough.
func decode(buffer []float32, from []byte, d DType) []float32 {
	n := len(from) / d.size()
	if cap(buffer) < n {
		buffer = make([]float32, n)
	}
	values := buffer[:n]
	if d == Float16 {
		for i := range values {
			h := binary.LittleEndian.Uint16(from[2*i:])
			if exponent := h & 0x7c00; exponent != 0 && exponent != 0x7c00 { // as Single does with most
				values[i] = math.Float32frombits(uint32(h&0x8000)<<16 | (uint32(h&0x7fff)<<13 + 112<<23))
				continue
			}
			values[i] = Single(h)
		}
		return values
	}
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))
	}
	return values
}

const digestPrefix = "sha256:"

func digest(data []byte) string { return digestText(Sum256(data)) }

func digestText(sum [32]byte) string { return digestPrefix + hex.EncodeToString(sum[:]) }

// noDigits stands for the digits of a digest while it is computed.
const noDigits = "0000000000000000000000000000000000000000000000000000000000000000"

// headerDigest returns the digest that HeaderKey should have in a header, all bytes before
// the first tensor's, and where the header has it. It returns "" where the header does not
// have the entry as Write writes it. Quotes in a text are escaped, so that the name is
// found nowhere else.
func headerDigest(head []byte) (sum string, at int) {
	name := []byte(`"` + HeaderKey + `":"`)
	at = bytes.Index(head, name) + len(name)
	if at < len(name) || len(head)-at < len(digestPrefix)+len(noDigits) {
		return "", 0
	}
	head = bytes.Clone(head)
	copy(head[at+len(digestPrefix):], noDigits)
	return digest(head), at
}

// Lacks says in a line what a file with that metadata lacks that Write would add; "" where
// it lacks nothing.
func Lacks(metadata map[string]string) string {
	if metadata[HeaderKey] != "" {
		return ""
	}
	return "written by an older program: no digest covers its labels, preprocessing and list of tensors; train rewrite adds one"
}

// damaged returns the error of a header that contradicts itself.
func damaged(format string, args ...any) error {
	return fault.New(CodeDamaged, hintAgain, "the weights file is damaged: %s", fmt.Sprintf(format, args...))
}
