package store

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// net returns seeded weights of the space nette.
func net(t testing.TB) *supernet.Weights {
	t.Helper()
	s, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(s, 10)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	return w
}

// TestSlicesAgreeWithGorgonia is the outside oracle of slicing: for random
// children, every view of the supernet holds the elements that gorgonia's own
// Slice and Materialize give.
func TestSlicesAgreeWithGorgonia(t *testing.T) {
	w := net(t)
	r := rand.New(rand.NewPCG(3, 4))
	children := []arch.Arch{w.Space.Min(), w.Space.Max()}
	for range 20 {
		children = append(children, w.Space.Sample(r))
	}
	for _, a := range children {
		views, err := w.Slices(a)
		if err != nil {
			t.Fatal(err)
		}
		if len(views) < 50 {
			t.Fatalf("%s has only %d views", a, len(views))
		}
		for _, v := range views {
			d, err := Materialise(v)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal([]int(d.Shape()), extent(v)) || !slices.Equal(d.Data().([]float32), v.Copy()) {
				t.Fatalf("%s: %s from %v to %v differs from gorgonia's slice %v", a, v.Param.Name, v.From, v.To, d.Shape())
			}
		}
	}
}

// TestExtractAgreesWithGorgonia does the same for a child copied out, and checks
// that the oracle sees a wrong slice.
func TestExtractAgreesWithGorgonia(t *testing.T) {
	w := net(t)
	a := w.Space.Sample(rand.New(rand.NewPCG(5, 6)))
	child, err := w.Extract(a)
	if err != nil {
		t.Fatal(err)
	}
	views, err := w.Slices(a)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range views {
		d, err := Materialise(v)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Data().([]float32), child.Params[i].Data) {
			t.Fatalf("%s of the extracted child differs", v.Param.Name)
		}
	}
	p := w.Blocks[1][0].Expand.Weight
	last := supernet.Slice[float32]{Param: p, From: []int{1, 0}, To: []int{p.Shape[0], p.Shape[1] - 1}}
	first := supernet.Slice[float32]{Param: p, From: []int{0, 0}, To: []int{p.Shape[0] - 1, p.Shape[1] - 1}}
	d, err := Materialise(last)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(d.Data().([]float32), first.Copy()) {
		t.Error("the oracle can't tell the last rows from the first ones")
	}
}

// TestSharedMemory: a tensor and its slices are windows on the parameter.
func TestSharedMemory(t *testing.T) {
	p := &supernet.Param{Name: "p", Shape: []int{3, 4}, Data: make([]float32, 12)}
	d := FromParam(p)
	if err := d.SetAt(float32(7), 1, 2); err != nil {
		t.Fatal(err)
	}
	if p.Data[6] != 7 {
		t.Errorf("set through gorgonia, the parameter is %v", p.Data)
	}
	s, err := Slice(supernet.Slice[float32]{Param: p, From: []int{1, 1}, To: []int{3, 3}})
	if err != nil {
		t.Fatal(err)
	}
	p.Data[9] = 5 // row 2, column 1
	if v, err := s.At(1, 0); err != nil || v != float32(5) {
		t.Errorf("the slice shows %v (%v), want the 5 written to the parameter", v, err)
	}
}

// TestAxesOfOne: gorgonia drops an axis of one element, Materialise keeps it.
func TestAxesOfOne(t *testing.T) {
	p := &supernet.Param{Name: "p", Shape: []int{3, 3, 4}, Data: make([]float32, 36)}
	for i := range p.Data {
		p.Data[i] = float32(i)
	}
	for _, v := range []supernet.Slice[float32]{
		{Param: p, From: []int{1, 1, 0}, To: []int{2, 2, 3}},
		{Param: p, From: []int{0, 0, 0}, To: []int{3, 3, 1}},
		{Param: p, From: []int{2, 2, 3}, To: []int{3, 3, 4}},
	} {
		d, err := Materialise(v)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal([]int(d.Shape()), extent(v)) || !slices.Equal(d.Data().([]float32), v.Copy()) {
			t.Errorf("from %v to %v became %v %v, want %v", v.From, v.To, d.Shape(), d.Data(), v.Copy())
		}
	}
	if _, err := Slice(supernet.Slice[float32]{Param: p, From: []int{0, 0, 0}, To: []int{3, 3, 5}}); err == nil {
		t.Error("a slice beyond the tensor was given")
	}
}

// TestWrongOnViews pins why this package materialises: MatMul of a view in
// v0.9.24 gives another product than that of its elements. When this fails, the
// library was repaired, and the package comment can be shortened.
func TestWrongOnViews(t *testing.T) {
	p := &supernet.Param{Name: "p", Shape: []int{4, 4}, Data: make([]float32, 16)}
	for i := range p.Data {
		p.Data[i] = float32(i)
	}
	corner := supernet.Slice[float32]{Param: p, From: []int{0, 0}, To: []int{2, 2}}
	view, err := Slice(corner)
	if err != nil {
		t.Fatal(err)
	}
	one := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 0, 0, 1}))
	wrong, err := tensor.MatMul(view, one)
	if err != nil {
		t.Fatal(err)
	}
	dense, err := Materialise(corner)
	if err != nil {
		t.Fatal(err)
	}
	right, err := tensor.MatMul(dense, one)
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{0, 1, 4, 5}
	if got := right.Data().([]float32); !slices.Equal(got, want) {
		t.Errorf("materialised corner times one is %v, want %v", got, want)
	}
	if got := wrong.Data().([]float32); slices.Equal(got, want) {
		t.Errorf("MatMul of a view is right now: %v", got)
	}
}
