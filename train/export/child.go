// Package export writes one child of a supernet for other programs, as an ONNX graph, as safetensors or as numpy
// files, and reads it back to compare it with the slice.
package export

import (
	"fmt"
	"strings"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// Codes of the errors of this package.
const (
	CodeOverflow = "half_overflow" // a value that float16 cannot hold
	CodeChild    = "bad_child"     // an exported child that cannot be read back
	CodeFolder   = "bad_folder"    // a folder with other files
	CodeBatch    = "bad_batch"     // a batch that is out of range
)

// Child is one child with its own tensors.
type Child struct {
	Config     Config
	Net        *supernet.Weights    // its tensors, copies of the shared ones
	Statistics *supernet.Statistics // of its batch normalisations
}

// Cut copies the child a out of the shared weights of e. st is its own BN statistics, and from describes their
// origin.
func Cut(e *classify.Engine, a arch.Arch, st *supernet.Statistics, from Statistics) (*Child, error) {
	if _, err := e.Weights().Child(a, st); err != nil { // fails for statistics of another child
		return nil, err
	}
	net, err := e.Weights().Extract(a)
	if err != nil {
		return nil, err
	}
	return &Child{newConfig(e, a, from), net, st}, nil
}

// tensor is one array of a child. BN statistics stay in float32, because their range is larger than that of weights,
// and they are few.
type tensor struct {
	weights.Tensor
	statistic bool
}

const gamma, beta = ".bn.gamma", ".bn.beta"

// tensors lists the tensors to write, in network order: the parameters under their names in the weights file, [.., in,
// out], and after the gamma and beta of each batch normalisation its mean and variance.
func (c *Child) tensors() []tensor {
	var all []tensor
	layer := 0
	for _, p := range c.Net.Params {
		all = append(all, tensor{weights.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Data}, false})
		name, ok := strings.CutSuffix(p.Name, beta)
		if !ok {
			continue
		}
		for _, s := range []struct {
			name string
			data []float32
		}{{".bn.mean", c.Statistics.Mean[layer]}, {".bn.variance", c.Statistics.Variance[layer]}} {
			all = append(all, tensor{weights.Tensor{Name: name + s.name, Shape: []int{len(s.data)}, Data: s.data}, true})
		}
		layer++
	}
	return all
}

// formats returns the element type of each tensor, and fails where that is float16 and a value is too large for it.
func (c *Child) formats(half bool) ([]tensor, error) {
	all := c.tensors()
	for i := range all {
		t := &all[i]
		if t.DType = weights.Float32; !half || t.statistic {
			continue
		}
		t.DType = weights.Float16
		if err := fitsHalf(t.Name, t.Data); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fitsHalf returns an error for values that would become infinite.
func fitsHalf(name string, data []float32) error {
	for i, v := range data {
		if !(v > -65520 && v < 65520) {
			return fault.New(CodeOverflow, "export it without --half", "value %d of %s is %v, float16 ends at 65504", i, name, v)
		}
	}
	return nil
}

// child returns the Child with tensors that were read, whose layout the config describes.
func (c Config) child(read map[string]weights.Tensor) (*Child, error) {
	space, err := arch.Lookup(c.Space)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	a, err := space.Parse(c.Arch)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	if n := len(read["classifier.bias"].Data); c.Classes < 2 || n != c.Classes { // before memory of that size is allocated
		return nil, c.bad("its config has %d classes, its classifier %d", c.Classes, n)
	}
	whole, err := supernet.NewWeights(space, c.Classes)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	out := &Child{Config: c, Statistics: supernet.NewStatistics(supernet.BNLayers(a))}
	if out.Net, err = whole.Extract(a); err != nil {
		return nil, err
	}
	for _, want := range out.tensors() {
		got, ok := read[want.Name]
		if !ok {
			return nil, c.bad("the tensor %s is missing", want.Name)
		}
		if len(got.Data) != len(want.Data) || fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
			return nil, c.bad("the tensor %s is %v, the child %s has %v", want.Name, got.Shape, a, want.Shape)
		}
		copy(want.Data, got.Data) // memory of out
		delete(read, want.Name)
	}
	for name := range read {
		return nil, c.bad("there is no tensor %s in the child %s", name, a)
	}
	return out, nil
}

// Subnet returns the child ready to run, with frozen weights, as slices of weights files have.
func (c *Child) Subnet() (*supernet.Child, error) {
	c.Net.Freeze()
	return c.Net.Child(c.Net.Biggest.Arch, c.Statistics)
}
