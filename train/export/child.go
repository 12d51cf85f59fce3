// Package export takes one child out of a supernet and writes it down for other
// programs: as an ONNX graph, as safetensors, as numpy files; and reads what it
// has written back, to compare it with the slice.
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

// Codes of the errors of this package, all of type *fault.Error.
const (
	CodeOverflow = "half_overflow" // a value that float16 cannot hold
	CodeChild    = "bad_child"     // a written child that cannot be read back
	CodeFolder   = "bad_folder"    // a place that holds something else
	CodeBatch    = "bad_batch"     // a batch that no graph can have
)

// Child is one child with tensors of its own.
type Child struct {
	Config     Config
	Net        *supernet.Weights    // its tensors, copied out of the shared ones
	Statistics *supernet.Statistics // of its batch normalisations
}

// Cut copies the child a out of the shared weights of e. st are its own BN
// statistics, and from says where they are from.
func Cut(e *classify.Engine, a arch.Arch, st *supernet.Statistics, from Statistics) (*Child, error) {
	if _, err := e.Weights().Child(a, st); err != nil { // statistics that are another child's
		return nil, err
	}
	net, err := e.Weights().Extract(a)
	if err != nil {
		return nil, err
	}
	return &Child{newConfig(e, a, from), net, st}, nil
}

// tensor is one array of a child. Statistics of batch normalisations stay in
// float32: their range is not that of weights, and they are few.
type tensor struct {
	weights.Tensor
	statistic bool
}

const gamma, beta = ".bn.gamma", ".bn.beta"

// tensors lists what is written, in network order: the parameters under their
// names in the weights file, [.., in, out], and behind the gamma and beta of every
// batch normalisation its mean and variance.
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

// formats says which number format each tensor is written in, and fails where
// that is float16 and a value is too great for it.
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

// fitsHalf refuses what would become infinite.
func fitsHalf(name string, data []float32) error {
	for i, v := range data {
		if !(v > -65520 && v < 65520) {
			return fault.New(CodeOverflow, "export it without --half", "value %d of %s is %v, float16 ends at 65504", i, name, v)
		}
	}
	return nil
}

// child makes a Child of tensors that were read, whose layout the config says.
func (c Config) child(read map[string]weights.Tensor) (*Child, error) {
	space, err := arch.Lookup(c.Space)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	a, err := space.Parse(c.Arch)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	if n := len(read["classifier.bias"].Data); c.Classes < 2 || n != c.Classes { // before anything of that size is allocated
		return nil, c.bad("its config has %d classes, its classifier %d", c.Classes, n)
	}
	whole, err := supernet.NewWeights(space, c.Classes)
	if err != nil {
		return nil, c.bad("%v", err)
	}
	out := &Child{Config: c, Statistics: supernet.NewStatistics(a)}
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

// Subnet is the child ready to run, computed as slices of weights files are: frozen.
func (c *Child) Subnet() (*supernet.Child, error) {
	c.Net.Freeze()
	return c.Net.Child(c.Net.Biggest.Arch, c.Statistics)
}
