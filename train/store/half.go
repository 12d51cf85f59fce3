package store

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"gorgonia.org/tensor"

	"bignas/core/supernet"
	"bignas/core/weights"
)

// gorgonia has no float16. Its uint16 files have the same bytes except for one letter of the header.
const asUint16, asFloat16 = "'<u2'", "'<f2'"

// WriteNpyHalf is WriteNpy in float16. Values beyond 65504 become infinite.
func WriteNpyHalf(w io.Writer, v supernet.Slice[float32]) error {
	d, err := Materialise(v)
	if err != nil {
		return err
	}
	values, ok := d.Data().([]float32)
	if !ok {
		return fmt.Errorf("store: %s is not float32", v.Param.Name)
	}
	bits := make([]uint16, len(values))
	for i, x := range values {
		bits[i] = weights.Half(x)
	}
	var b bytes.Buffer
	if err := tensor.New(tensor.WithShape(extent(v)...), tensor.WithBacking(bits)).WriteNpy(&b); err != nil {
		return fmt.Errorf("store: write %s: %w", v.Param.Name, err)
	}
	head := bytes.Index(b.Bytes(), []byte(asUint16))
	if head < 0 {
		return fmt.Errorf("store: gorgonia wrote no %s for %s", asUint16, v.Param.Name)
	}
	copy(b.Bytes()[head:], asFloat16)
	_, err = w.Write(b.Bytes())
	return err
}

// ReadNpyValues reads the values of a file of WriteNpy or, where half is true, of WriteNpyHalf, whose shape must
// be want.
func ReadNpyValues(r io.Reader, half bool, want ...int) ([]float32, error) {
	if !half {
		d, err := ReadNpy(r, want...)
		if err != nil {
			return nil, err
		}
		values, ok := d.Data().([]float32)
		if !ok {
			return nil, fmt.Errorf("store: gorgonia read %T", d.Data())
		}
		return values, nil
	}
	d, err := readNpy(r, asFloat16, want)
	if err != nil {
		return nil, err
	}
	bits, ok := d.Data().([]uint16)
	if !ok {
		return nil, fmt.Errorf("store: gorgonia read %T", d.Data())
	}
	values := make([]float32, len(bits))
	for i, b := range bits {
		values[i] = weights.Single(b)
	}
	return values, nil
}

// forGorgonia returns a header that gorgonia can read.
func forGorgonia(header string) string { return strings.Replace(header, asFloat16, asUint16, 1) }
