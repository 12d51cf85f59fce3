package runner_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/onnx/runner"
	"bignas/core/supernet"
)

// file is the smallest child with random weights.
func file(t testing.TB, o onnx.Options) []byte {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(space, 3)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	st := supernet.NewStatistics(supernet.BNLayers(space.Min()))
	for _, v := range st.Variance {
		for i := range v {
			v[i] = 1
		}
	}
	folded, err := w.Folded(space.Min(), st)
	if err != nil {
		t.Fatal(err)
	}
	return onnx.Marshal(folded, o)
}

// TestMistakes: a damaged file, another graph and an image of another shape are
// errors of this package that say what is wrong.
func TestMistakes(t *testing.T) {
	good := file(t, onnx.Options{})
	replace := func(old, by string) []byte { return bytes.Replace(good, []byte(old), []byte(by), 1) }
	img, _ := runner.NewTensor(runner.Float32, 1, 3, 96, 96)
	small, _ := runner.NewTensor(runner.Float32, 1, 3, 64, 64)
	for _, c := range []struct {
		name  string
		data  []byte
		input runner.Tensor
		want  string
	}{
		{"cut short", good[:len(good)/2], img, "cannot be read"},
		{"not ONNX", []byte("<!doctype html>"), img, "cannot be read"},
		{"another operator", replace("Sigmoid", "Softmax"), img, "Softmax, stem.sigmoid: there is no such operator"},
		{"an input from nowhere", replace("stem.weight", "mets.weight"), img, `it reads "mets.weight"`},
		{"another attribute", replace("pads", "daps"), img, "pads is []"},
		{"another resolution", good, small, "input is [-1 3 96 96]"},
	} {
		g, err := runner.Read(c.data)
		if err == nil {
			_, err = g.Run(c.input)
		}
		if f := fault.Of(err); f == nil || f.Code != runner.CodeGraph || !strings.Contains(f.Message, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, ok := runner.NewTensor(runner.Float32, 1<<20, 1<<20); ok {
		t.Error("a tensor of 2^40 values was allocated")
	}
}

// TestGemm: a weight is not transposed where the node does not say it, as
// https://onnx.ai/onnx/operators/onnx__Gemm.html defines it; a square one shows
// the difference.
func TestGemm(t *testing.T) {
	tensor := func(data []float32, dims ...int) runner.Tensor {
		return runner.Tensor{Kind: runner.Float32, Dims: dims, Data: data}
	}
	for _, c := range []struct {
		attributes map[string][]int
		weight     runner.Tensor
		want       []float32
		refused    string
	}{
		{nil, tensor([]float32{1, 2, 3, 4}, 2, 2), []float32{103, 204}, ""}, // [10 1] times [1 2; 3 4], and 90 180 more
		{map[string][]int{"transB": {0}}, tensor([]float32{1, 2, 3, 4}, 2, 2), []float32{103, 204}, ""},
		{map[string][]int{"transB": {1}}, tensor([]float32{1, 2, 3, 4}, 2, 2), []float32{102, 214}, ""},
		{map[string][]int{"transB": {1}}, tensor([]float32{1, 2, 3, 4, 5, 6}, 2, 3), nil, "do not go together"},
		{nil, tensor([]float32{1, 2, 3, 4, 5, 6}, 3, 2), nil, "do not go together"},
		{map[string][]int{"transA": {1}}, tensor([]float32{1, 2, 3, 4}, 2, 2), nil, "transA is [1]"},
	} {
		g := runner.Graph{
			Inputs:  []runner.Value{{Name: "x", Kind: runner.Float32, Dims: []int{1, 2}}},
			Outputs: []runner.Value{{Name: "y", Kind: runner.Float32, Dims: []int{1, 2}}},
			Tensors: map[string]runner.Tensor{"w": c.weight, "b": tensor([]float32{90, 180}, 2)},
			Nodes:   []runner.Node{{Op: "Gemm", Output: "y", Inputs: []string{"x", "w", "b"}, Attributes: c.attributes}},
		}
		y, err := g.Run(tensor([]float32{10, 1}, 1, 2))
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%v, %v: %v", c.attributes, c.weight.Dims, err)
			}
		} else if err != nil || !slices.Equal(y.Data, c.want) {
			t.Errorf("%v: %v, %v, want %v", c.attributes, y.Data, err, c.want)
		}
	}
}

// FuzzRead: whatever the bytes are, reading and running them ends in a tensor or
// in an error of this package.
func FuzzRead(f *testing.F) {
	for _, o := range []onnx.Options{{}, {Half: true, Metadata: map[string]string{"a": "b"}}} {
		whole := file(f, o)
		f.Add(whole[:400])
		f.Add(whole[len(whole)-4000:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := runner.Read(data)
		if err != nil {
			if e := fault.Of(err); e.Code != runner.CodeGraph {
				t.Fatalf("%v", err)
			}
			return
		}
		x, ok := runner.NewTensor(g.Inputs[0].Kind, 1, 3, 8, 8)
		if !ok {
			t.Fatal("no image")
		}
		if _, err := g.Run(x); err != nil && fault.Of(err).Code != runner.CodeGraph {
			t.Fatalf("%v", err)
		}
	})
}
