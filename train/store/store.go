// Package store wraps shared weights as gorgonia tensors, and reads and writes the tensors of a child as numpy
// files. It is native only: gorgonia would add megabytes to the engine.
//
// Tensors of this package share the memory of their parameters, and slicing them copies nothing. Two operations of
// gorgonia.org/tensor v0.9.24 are wrong for such slices, because they use the shape and ignore the strides: MatMul
// (with MatVecMul) and WriteNpy. Slices are therefore materialised first. Tests pin both wrong results, and will
// fail when a later version is correct.
package store

import (
	"fmt"

	"gorgonia.org/tensor"

	"bignas/core/supernet"
)

// FromParam returns p as a dense row-major tensor of p.Shape that shares its memory.
func FromParam(p *supernet.Param) *tensor.Dense {
	return tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(p.Data))
}

// between is a half-open range with step 1 for gorgonia. gorgonia drops an axis of one element; Materialise
// restores it.
type between struct{ from, to int }

func (b between) Start() int { return b.from }
func (b between) End() int   { return b.to }
func (b between) Step() int  { return 1 }

// Slice returns a slice of a shared tensor as a gorgonia view that shares its memory. An axis of one element may
// be missing from its shape. It must not be passed to MatMul or WriteNpy (Materialise).
func Slice(v supernet.Slice[float32]) (tensor.View, error) {
	ranges := make([]tensor.Slice, len(v.From))
	for i := range ranges {
		ranges[i] = between{v.From[i], v.To[i]}
		if v.From[i] < 0 || v.From[i] >= v.To[i] || v.To[i] > v.Param.Shape[i] { // gorgonia would truncate it
			return nil, fmt.Errorf("store: slice %v to %v is not within %s %v", v.From, v.To, v.Param.Name, v.Param.Shape)
		}
	}
	s, err := FromParam(v.Param).Slice(ranges...)
	if err != nil {
		return nil, fmt.Errorf("store: slice %v to %v of %s %v: %w", v.From, v.To, v.Param.Name, v.Param.Shape, err)
	}
	return s, nil
}

// Materialise copies a slice of a shared tensor to a dense row-major tensor with the axes of the parameter.
func Materialise(v supernet.Slice[float32]) (*tensor.Dense, error) {
	s, err := Slice(v)
	if err != nil {
		return nil, err
	}
	d, ok := s.Materialize().(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("store: %s did not become a dense tensor", v.Param.Name)
	}
	if err := d.Reshape(extent(v)...); err != nil {
		return nil, fmt.Errorf("store: shape of %s: %w", v.Param.Name, err)
	}
	return d, nil
}

// extent returns the shape of a slice.
func extent(v supernet.Slice[float32]) []int {
	shape := make([]int, len(v.From))
	for i := range shape {
		shape[i] = v.To[i] - v.From[i]
	}
	return shape
}
