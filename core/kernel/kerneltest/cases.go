package kerneltest

import (
	"fmt"

	"bignas/core/kernel"
)

// Case is one operator with one shape. Run reads in and changes out, arrays of the lengths In
// and Out.
type Case[T kernel.Float] struct {
	Name    string
	In, Out []int
	Run     func(in, out [][]T)
	// Linear lists the inputs that, scaled together with out, scale the result.
	Linear []int
	// Loose lists the inputs whose infinities and NaNs may make more results of an
	// implementation not finite than of the reference loops: those multiplied by the zeros
	// around an image, statistics and parameters.
	Loose []int
}

var activations = []kernel.Act{kernel.None, kernel.Swish, kernel.Sigmoid, kernel.ReLU, kernel.HardSigmoid, kernel.HardSwish}

// products returns the cases of the matrix products; the row stride is n + extra.
func products[T kernel.Float](m, k, n, extra int) []Case[T] {
	ws := n + extra
	wn := (k-1)*ws + n
	first := []int{0}
	return []Case[T]{
		{"Pointwise", []int{m * k, wn}, []int{m * n}, func(in, out [][]T) { kernel.Pointwise(out[0], in[0], m, k, n, in[1], ws) }, first, nil},
		{"PointwiseGradInput", []int{m * n, wn}, []int{m * k}, func(in, out [][]T) {
			kernel.PointwiseGradInput(out[0], in[0], m, k, n, in[1], ws, false)
		}, first, nil},
		{"PointwiseGradInput adding", []int{m * n, wn}, []int{m * k}, func(in, out [][]T) {
			kernel.PointwiseGradInput(out[0], in[0], m, k, n, in[1], ws, true)
		}, first, nil},
		{"PointwiseGradWeight", []int{m * k, m * n}, []int{wn}, func(in, out [][]T) {
			kernel.PointwiseGradWeight(out[0], ws, in[0], in[1], m, k, n)
		}, first, nil},
	}
}

// depthwise returns cases whose kernels are slices of bigger ones.
func depthwise[T kernel.Float](s kernel.DepthwiseShape, wider, extra int) []Case[T] {
	oh, ow := s.Out()
	x, y := s.N*s.H*s.W*s.C, s.N*oh*ow*s.C
	pitch, ws := s.K+wider, s.C+extra
	w := ((s.K-1)*pitch+s.K-1)*ws + s.C
	first, second := []int{0}, []int{1}
	return []Case[T]{
		{"Depthwise", []int{x, w}, []int{y}, func(in, out [][]T) { kernel.Depthwise(out[0], in[0], s, in[1], pitch, ws) }, first, second},
		{"DepthwiseGradInput", []int{y, w}, []int{x}, func(in, out [][]T) { kernel.DepthwiseGradInput(out[0], in[0], s, in[1], pitch, ws) }, first, second},
		{"DepthwiseGradWeight", []int{x, y}, []int{w}, func(in, out [][]T) {
			kernel.DepthwiseGradWeight(out[0], pitch, ws, in[0], in[1], s)
		}, first, second},
	}
}

// rows returns the cases of the operators on [m, c].
func rows[T kernel.Float](m, c int) []Case[T] {
	x := m * c
	first := []int{0}
	cases := []Case[T]{
		{"AddBias", []int{c}, []int{x}, func(in, out [][]T) { kernel.AddBias(out[0], m, c, in[0]) }, first, nil},
		{"BiasGrad", []int{x}, []int{c}, func(in, out [][]T) { kernel.BiasGrad(out[0], in[0], m, c) }, first, nil},
		{"FoldNormalisation", []int{c, c, c, c}, []int{c, c}, func(in, out [][]T) { fold(out[0], out[1], in[0], in[1], in[2], in[3]) }, nil, nil},
		{"Exp", []int{x}, []int{x}, func(in, out [][]T) { exp(out[0], in[0]) }, nil, nil},
		{"Add", []int{x}, []int{x}, func(in, out [][]T) { kernel.Add(out[0], in[0]) }, first, nil},
	}
	for _, a := range activations {
		name := fmt.Sprintf(" act %d", a)
		var both []int // where the activation does nothing
		if a == kernel.None {
			both = []int{0, 2}
		}
		cases = append(cases,
			Case[T]{"ScaleShiftAct" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				kernel.ScaleShiftAct(out[0], in[0], m, c, in[1], in[2], a, nil)
			}, both, nil},
			Case[T]{"ScaleShiftAct onto the residual" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				kernel.ScaleShiftAct(out[0], in[0], m, c, in[1], in[2], a, out[0])
			}, both, nil},
			Case[T]{"ScaleShiftAct in place, residual" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				kernel.ScaleShiftAct(out[0], out[0], m, c, in[1], in[2], a, in[0])
			}, both, nil},
			Case[T]{"Activate" + name, []int{x}, []int{x}, func(in, out [][]T) { kernel.Activate(out[0], in[0], a) }, both[:min(len(both), 1)], nil},
			Case[T]{"Activate in place" + name, nil, []int{x}, func(in, out [][]T) { kernel.Activate(out[0], out[0], a) }, nil, nil},
			Case[T]{"ActivateGrad" + name, []int{x, x}, []int{x}, func(in, out [][]T) { kernel.ActivateGrad(out[0], in[0], in[1], a) }, first, nil},
			Case[T]{"ActivateGrad in place" + name, []int{x}, []int{x}, func(in, out [][]T) { kernel.ActivateGrad(out[0], out[0], in[0], a) }, nil, nil})
	}
	return cases
}

// images returns the cases of the operators on [n, h, w, c].
func images[T kernel.Float](n, h, w, c int) []Case[T] {
	hw := h * w
	x, s := n*hw*c, n*c
	first := []int{0}
	cases := []Case[T]{
		{"GlobalPool", []int{x}, []int{s}, func(in, out [][]T) { kernel.GlobalPool(out[0], in[0], n, hw, c) }, first, nil},
		{"GlobalPoolGrad", []int{s}, []int{x}, func(in, out [][]T) { kernel.GlobalPoolGrad(out[0], in[0], n, hw, c) }, first, nil},
		{"ChannelScale", []int{x, s}, []int{x}, func(in, out [][]T) { kernel.ChannelScale(out[0], in[0], in[1], n, hw, c) }, first, nil},
		{"ChannelScale in place", []int{s}, []int{x}, func(in, out [][]T) { kernel.ChannelScale(out[0], out[0], in[0], n, hw, c) }, []int{}, nil},
		{"ChannelScaleReduce", []int{x, x}, []int{s}, func(in, out [][]T) { kernel.ChannelScaleReduce(out[0], in[0], in[1], n, hw, c) }, first, nil},
		{"ChannelScaleGrad", []int{x, s, s}, []int{x}, func(in, out [][]T) {
			kernel.ChannelScaleGrad(out[0], in[0], in[1], in[2], n, hw, c)
		}, []int{0, 2}, nil},
		{"ChannelScaleGrad in place", []int{s, s}, []int{x}, func(in, out [][]T) {
			kernel.ChannelScaleGrad(out[0], out[0], in[0], in[1], n, hw, c)
		}, []int{1}, nil},
		{"Im2col3x3s2", []int{x}, []int{n * ((h + 1) / 2) * ((w + 1) / 2) * 9 * c}, func(in, out [][]T) { kernel.Im2col3x3s2(out[0], in[0], n, h, w, c) }, first, nil},
	}
	if h%2 == 0 && w%2 == 0 {
		cases = append(cases,
			Case[T]{"AvgPool2x2", []int{x}, []int{x / 4}, func(in, out [][]T) { kernel.AvgPool2x2(out[0], in[0], n, h, w, c) }, first, nil},
			Case[T]{"AvgPool2x2Grad", []int{x / 4}, []int{x}, func(in, out [][]T) { kernel.AvgPool2x2Grad(out[0], in[0], n, h, w, c, false) }, first, nil},
			Case[T]{"AvgPool2x2Grad adding", []int{x / 4}, []int{x}, func(in, out [][]T) { kernel.AvgPool2x2Grad(out[0], in[0], n, h, w, c, true) }, first, nil})
	}
	return cases
}
