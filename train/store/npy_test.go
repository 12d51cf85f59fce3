package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"bignas/core/supernet"
	"bignas/core/weights"
)

// npy builds a file by hand from numpy's description of the format.
func npy(header string, values ...float32) []byte {
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	b = append(b, header...)
	b, _ = binary.Append(b, binary.LittleEndian, values)
	return b
}

// TestNpyByHand reads and writes against bytes that this package did not make.
func TestNpyByHand(t *testing.T) {
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" // as numpy.save writes it
	file := npy(header+strings.Repeat(" ", 117-len(header))+"\n", 1, 2, 3, 4, 5, 6)
	d, err := ReadNpy(bytes.NewReader(file), 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Data().([]float32), []float32{1, 2, 3, 4, 5, 6}) || d.Dims() != 2 {
		t.Errorf("read %v %v", d.Shape(), d.Data())
	}

	p := &supernet.Param{Name: "p", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}
	var out bytes.Buffer
	if err := WriteNpy(&out, supernet.Slice[float32]{Param: p, From: []int{0, 0}, To: []int{2, 2}}); err != nil {
		t.Fatal(err)
	}
	got := out.Bytes()
	data, _ := binary.Append(nil, binary.LittleEndian, []float32{1, 2, 4, 5}) // the corner, not the first four
	if !bytes.HasSuffix(got, data) || !bytes.HasPrefix(got, []byte("\x93NUMPY\x01\x00")) || (len(got)-len(data))%16 != 0 {
		t.Errorf("wrote %q", got)
	}
	if !bytes.Contains(got, []byte("'shape': (2, 2)")) || !bytes.Contains(got, []byte("'<f4'")) {
		t.Errorf("header of %q", got)
	}
}

// TestWriteNpyWrongOnViews pins the second operation that ignores strides.
func TestWriteNpyWrongOnViews(t *testing.T) {
	p := &supernet.Param{Name: "p", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}
	s, err := Slice(supernet.Slice[float32]{Param: p, From: []int{0, 0}, To: []int{2, 2}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	right, _ := binary.Append(nil, binary.LittleEndian, []float32{1, 2, 4, 5})
	if err := s.(*tensor.Dense).WriteNpy(&out); err != nil {
		t.Fatal(err)
	}
	if bytes.HasSuffix(out.Bytes(), right) {
		t.Error("WriteNpy of a view is right now")
	}
}

// TestReadNpyRefuses: what is not the tensor asked for is named.
func TestReadNpyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":     {nil, "not a numpy file"},
		"text":      {[]byte("hello, this is text"), "not a numpy file"},
		"version 2": {append([]byte("\x93NUMPY\x02\x00"), 0, 0, 0, 0), "version 1.0"},
		"header":    {npy("{'descr': '<f4'")[:16], "within its header"},
		"shape":     {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 1, 2, 3, 4, 5, 6), "want shape (2,3)"},
		"huge":      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3000000000), }"), "want shape (2,3)"},
		"float64":   {npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 1, 2, 3, 4, 5, 6), "ascontiguousarray"},
		"fortran":   {npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 1, 2, 3, 4, 5, 6), "ascontiguousarray"},
		"short":     {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 1, 2, 3), "before its 24 bytes"},
	} {
		if _, err := ReadNpy(bytes.NewReader(c.file), 2, 3); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want it to say %q", name, err, c.want)
		}
	}
}

// FuzzReadNpy: no bytes make the reader panic or allocate more than was asked for.
func FuzzReadNpy(f *testing.F) {
	f.Add(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 1, 2, 3, 4, 5, 6))
	f.Add(npy("{'shape': (2, 3), 'shape': (9, 9), 'descr': '<f4', 'descr': '<i8', 'fortran_order': False}", 1, 2, 3, 4, 5, 6))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := ReadNpy(bytes.NewReader(file), 2, 3)
		if err != nil {
			return
		}
		if v, ok := d.Data().([]float32); !ok || len(v) != 6 {
			t.Fatalf("accepted %q as %v", file, d)
		}
	})
}

// TestHalf: float16 files have numpy's header for it and are read back as the
// nearest halves; the wrong format and the wrong shape are refused.
func TestHalf(t *testing.T) {
	p := &supernet.Param{Name: "p", Shape: []int{2, 3}, Data: []float32{0, 1, -2.5, 1.0 / 3, 65504, 1e-8}}
	v := supernet.Slice[float32]{Param: p, From: []int{0, 0}, To: []int{2, 3}}
	var b bytes.Buffer
	if err := WriteNpyHalf(&b, v); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte("'descr': '<f2'")) || b.Len()%16 != 12 {
		t.Errorf("%d bytes: %q", b.Len(), b.Bytes())
	}
	got, err := ReadNpyValues(bytes.NewReader(b.Bytes()), true, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range p.Data {
		if want := weights.Single(weights.Half(x)); got[i] != want {
			t.Errorf("value %d is %v, want %v", i, got[i], want)
		}
	}
	if _, err := ReadNpyValues(bytes.NewReader(b.Bytes()), false, 2, 3); err == nil || !strings.Contains(err.Error(), "want '<f4'") {
		t.Errorf("read as float32: %v", err)
	}
	if _, err := ReadNpyValues(bytes.NewReader(b.Bytes()), true, 3, 2); err == nil || !strings.Contains(err.Error(), "want shape (3,2)") {
		t.Errorf("read as 3x2: %v", err)
	}
}
