package store

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// WriteNpy writes what a child uses of one shared tensor as a numpy file
// (little-endian float32, C order, format version 1.0).
func WriteNpy(w io.Writer, v supernet.View[float32]) error {
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

// ReadNpy reads a numpy file of float32 in C order whose shape must be want.
// The shape is compared before anything of its size is allocated.
func ReadNpy(r io.Reader, want ...int) (*tensor.Dense, error) { return readNpy(r, "'<f4'", want) }

// readNpy reads numbers of that type, of as many bytes as its digit says.
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

// npyHeader reads up to the data of a numpy file of format version 1.0
// (numpy/lib/format.py) and returns the text of the dictionary.
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

// shapeText is the Python tuple of a shape, without spaces.
func shapeText(shape []int) string {
	s := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ",")
	if len(shape) == 1 {
		s += ","
	}
	return "(" + s + ")"
}

// WriteChild writes every tensor that the child a uses, under its name, as one
// .npz file: numpy.load opens it. BN statistics are not in it.
func WriteChild(w io.Writer, net *supernet.Weights, a arch.Arch) error {
	views, err := net.Views(a)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, v := range views {
		// Stored, as numpy.savez does: weights do not compress.
		f, err := z.CreateHeader(&zip.FileHeader{Name: v.Param.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := WriteNpy(f, v); err != nil {
			return err
		}
	}
	return z.Close()
}

// ReadChild reads a file of WriteChild into a copy of the child a of net, whose
// layout says which tensors there must be and of what shapes. net is not
// changed. A missing, surplus or misshapen tensor is an error that names it.
func ReadChild(r io.ReaderAt, size int64, net *supernet.Weights, a arch.Arch) (*supernet.Weights, error) {
	child, err := net.Extract(a)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("store: not an .npz file: %w", err)
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		files[strings.TrimSuffix(f.Name, ".npy")] = f
	}
	for _, p := range child.Params {
		f := files[p.Name]
		if f == nil {
			return nil, fmt.Errorf("store: the file has no %s, which child %s needs", p.Name, a)
		}
		delete(files, p.Name)
		if err := readInto(p, f); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	for name := range files {
		return nil, fmt.Errorf("store: the file has %s, which child %s has not", name, a)
	}
	return child, nil
}

// readInto fills p from one file of an archive.
func readInto(p *supernet.Param, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	d, err := ReadNpy(r, p.Shape...)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	data, ok := d.Data().([]float32)
	if !ok || len(data) != len(p.Data) || !slices.Equal(d.Shape(), p.Shape) {
		return fmt.Errorf("store: gorgonia read shape %v, want %v", d.Shape(), p.Shape)
	}
	copy(p.Data, data)
	return nil
}
