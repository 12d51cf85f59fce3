// Package store shows the shared weights as gorgonia tensors and exchanges a
// child's tensors with numpy. It is native only: gorgonia would add megabytes
// to a program for the browser.
//
// A tensor made here shares the memory of its parameter, and slicing it copies
// nothing. Two operations of gorgonia.org/tensor v0.9.24 are wrong on such
// views, because they read the shape and not the strides: MatMul (with
// MatVecMul) and WriteNpy. So whatever leaves this package by value is
// materialised first; tests pin both wrong answers and will say when a later
// version is right.
package store

import (
	"fmt"

	"gorgonia.org/tensor"

	"bignas/core/supernet"
)

// FromParam returns p as a dense row-major tensor of p.Shape over the same
// memory: writing one changes the other.
func FromParam(p *supernet.Param) *tensor.Dense {
	return tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(p.Data))
}

// between is a half-open range with step 1, as gorgonia wants it. tensor.S
// drops an axis of one element, but so does any range of one element here:
// Materialise puts the axis back.
type between struct{ from, to int }

func (b between) Start() int { return b.from }
func (b between) End() int   { return b.to }
func (b between) Step() int  { return 1 }

// Slice returns the part of a shared tensor that a child uses, as a gorgonia
// view over the same memory. An axis of one element may be missing from its
// shape. Do not give it to MatMul or WriteNpy: see Materialise.
func Slice(v supernet.View[float32]) (tensor.View, error) {
	ranges := make([]tensor.Slice, len(v.From))
	for i := range ranges {
		ranges[i] = between{v.From[i], v.To[i]}
		if v.From[i] < 0 || v.From[i] >= v.To[i] || v.To[i] > v.Param.Shape[i] { // gorgonia would cut it short
			return nil, fmt.Errorf("store: slice %v to %v is not within %s %v", v.From, v.To, v.Param.Name, v.Param.Shape)
		}
	}
	s, err := FromParam(v.Param).Slice(ranges...)
	if err != nil {
		return nil, fmt.Errorf("store: slice %v to %v of %s %v: %w", v.From, v.To, v.Param.Name, v.Param.Shape, err)
	}
	return s, nil
}

// Materialise copies the part of a shared tensor that a child uses into a dense
// row-major tensor with one axis for every axis of the parameter.
func Materialise(v supernet.View[float32]) (*tensor.Dense, error) {
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

// extent is the shape of a view.
func extent(v supernet.View[float32]) []int {
	shape := make([]int, len(v.From))
	for i := range shape {
		shape[i] = v.To[i] - v.From[i]
	}
	return shape
}
