package torchfile

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"math"
	"strconv"
)

// Saved is a tensor that Save writes: of float32 or, where Ints is not nil, of int64.
type Saved struct {
	Name   string
	Shape  []int
	Floats func(to []float32) // writes the values, the last dimension first
	Ints   []int64
}

func (s Saved) len() int {
	n := 1
	for _, d := range s.Shape {
		n *= d
	}
	return n
}

// Save writes a state dict as torch.save of torch 1.6 and later does: a zip container, not
// compressed. With key it is the entry of that name of a dictionary, as projects save their
// checkpoints. The file uses what torch.load(weights_only=True) accepts.
func Save(w io.Writer, key string, all []Saved) error {
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name string
		data []byte
	}{{"data.pkl", dictPickle(key, all)}, {"byteorder", []byte("little")}, {"version", []byte("3\n")}} {
		if err := stored(z, part.name, part.data); err != nil {
			return err
		}
	}
	var values []float32
	var room []byte
	for i, s := range all {
		room = room[:0]
		for _, v := range s.Ints {
			room = binary.LittleEndian.AppendUint64(room, uint64(v))
		}
		if s.Ints == nil {
			if n := s.len(); cap(values) < n {
				values = make([]float32, n)
			}
			values = values[:s.len()]
			s.Floats(values)
			for _, v := range values {
				room = binary.LittleEndian.AppendUint32(room, math.Float32bits(v))
			}
		}
		if err := stored(z, "data/"+strconv.Itoa(i), room); err != nil {
			return err
		}
	}
	return z.Close()
}

// stored adds a file that is not compressed; torch takes the folder from the first.
func stored(z *zip.Writer, name string, data []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// pickle is a pickle of protocol 2 in the making.
type pickle []byte

func (p *pickle) add(ops string)        { *p = append(*p, ops...) }
func (p *pickle) global(m, name string) { p.add("c" + m + "\n" + name + "\n") }

func (p *pickle) text(s string) {
	*p = binary.LittleEndian.AppendUint32(append(*p, 'X'), uint32(len(s)))
	p.add(s)
}

func (p *pickle) int(n int) { *p = binary.LittleEndian.AppendUint32(append(*p, 'J'), uint32(int32(n))) }

func (p *pickle) ints(all []int) {
	p.add("(")
	for _, n := range all {
		p.int(n)
	}
	p.add("t")
}

// ordered is an empty collections.OrderedDict.
func (p *pickle) ordered() {
	p.global("collections", "OrderedDict")
	p.add(")R")
}

// dictPickle is the pickle that names the tensors. The storage of tensor i is the file data/i.
func dictPickle(key string, all []Saved) []byte {
	var p pickle
	p.add("\x80\x02")
	if key != "" {
		p.add("}")
		p.text(key)
	}
	p.ordered()
	p.add("(")
	for i, s := range all {
		p.text(s.Name)
		p.tensor(s, strconv.Itoa(i))
	}
	p.add("u")
	if key != "" {
		p.add("s")
	}
	p.add(".")
	return p
}

// tensor is a call of torch._utils._rebuild_tensor_v2: storage, offset, shape, strides, whether it
// requires a gradient, hooks.
func (p *pickle) tensor(s Saved, storage string) {
	class := "FloatStorage"
	if s.Ints != nil {
		class = "LongStorage"
	}
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.add("((")
	p.text("storage")
	p.global("torch", class)
	p.text(storage)
	p.text("cpu")
	p.int(s.len())
	p.add("tQ")
	p.int(0)
	p.ints(s.Shape)
	strides, step := make([]int, len(s.Shape)), 1
	for i := len(s.Shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= s.Shape[i]
	}
	p.ints(strides)
	p.add("\x89")
	p.ordered()
	p.add("tR")
}
