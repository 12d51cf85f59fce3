package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gorgonia.org/tensor"

	"bignas/core/supernet"
)

// WriteNpy writes a slice of a shared tensor as a numpy file (little-endian float32, C order, format version
// 1.0).
func WriteNpy(w io.Writer, v supernet.Slice[float32]) error {
	d, err := Materialise(v)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := d.WriteNpy(b); err != nil {
		return fmt.Errorf("store: write %s: %w", v.Param.Name, err)
	}
	return b.Flush()
}

// ReadNpy reads a numpy file of float32 in C order, whose shape must be want. The shape is compared before memory
// of that size is allocated.
func ReadNpy(r io.Reader, want ...int) (*tensor.Dense, error) { return readNpy(r, "'<f4'", want) }

// readNpy reads numbers of a type such as "<f4", whose digit is their size in bytes.
func readNpy(r io.Reader, descr string, want []int) (d *tensor.Dense, err error) {
	size := int(descr[3] - '0')
	for _, n := range want {
		size *= n
	}
	b := bufio.NewReader(r)
	header, err := npyHeader(b)
	if err != nil {
		return nil, err
	}
	if got := shapeText(want); !strings.Contains(strings.ReplaceAll(header, " ", ""), "'shape':"+got) {
		return nil, fmt.Errorf("store: npy header is %s; want shape %s", strings.TrimSpace(header), got)
	}
	if !strings.Contains(header, descr) || strings.Contains(header, "True") {
		return nil, fmt.Errorf("store: npy header is %s; want %s in C order: numpy.ascontiguousarray(x, %[2]s)", strings.TrimSpace(header), descr)
	}
	header = forGorgonia(header)
	body := make([]byte, size)
	if _, err := io.ReadFull(b, body); err != nil {
		return nil, fmt.Errorf("store: npy file ends before its %d bytes of data: %w", size, err)
	}
	d = new(tensor.Dense)
	prefix := []byte{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, byte(len(header)), byte(len(header) >> 8)}
	if err := d.ReadNpy(io.MultiReader(bytes.NewReader(prefix), strings.NewReader(header), bytes.NewReader(body))); err != nil {
		return nil, fmt.Errorf("store: read npy: %w", err)
	}
	return d, d.Reshape(want...)
}

// npyHeader reads the header of a numpy file of format version 1.0 (numpy/lib/format.py) and returns the text of
// its dictionary.
func npyHeader(r io.Reader) (string, error) {
	var start [10]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || !bytes.Equal(start[:7], []byte("\x93NUMPY\x01")) {
		return "", errors.New("store: not a numpy file of format version 1.0; numpy.save writes one")
	}
	text := make([]byte, int(start[8])|int(start[9])<<8)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", fmt.Errorf("store: npy file ends within its header: %w", err)
	}
	return string(text), nil
}

// shapeText formats a shape as a Python tuple without spaces.
func shapeText(shape []int) string {
	s := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ",")
	if len(shape) == 1 {
		s += ","
	}
	return "(" + s + ")"
}
