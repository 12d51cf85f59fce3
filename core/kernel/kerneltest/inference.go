package kerneltest

import (
	"fmt"
	"math"
	"strings"

	"bignas/core/kernel"
)

// inference returns the cases of the operators of inference, which exist for float32 only. In
// float64 the operators that they combine are run.
func inference[T kernel.Float](m, k, n, extra int, s kernel.DepthwiseShape) []Case[T] {
	ws := n + extra
	wn := (k-1)*ws + n
	oh, ow := s.Out()
	x, y := s.N*s.H*s.W*s.C, s.N*oh*ow
	first := []int{0}
	var cases []Case[T]
	cases = append(cases, Case[T]{fmt.Sprint("ApplyGated ", []int{m, k, n}), []int{m * k, wn, k, n, m * n}, []int{m * n}, func(in, out [][]T) {
		gated(out[0], in[0], m, k, n, in[1], ws, in[2], in[3], in[4])
	}, nil, nil})
	for _, a := range activations {
		name := fmt.Sprintf(" act %d %v", a, []int{m, k, n, extra})
		var linear []int
		if a == kernel.None {
			linear = first
		}
		cases = append(cases,
			Case[T]{"Apply with scale" + name, []int{m * k, wn, n}, []int{m * n}, func(in, out [][]T) {
				apply(out[0], in[0], m, k, n, in[1], ws, in[2], nil, a, nil)
			}, linear, nil},
			Case[T]{"Apply with bias and scale" + name, []int{m * k, wn, n, n}, []int{m * n}, func(in, out [][]T) {
				apply(out[0], in[0], m, k, n, in[1], ws, in[3], in[2], a, nil)
			}, nil, nil},
			Case[T]{"Apply with residual" + name, []int{m * k, wn, m * n}, []int{m * n}, func(in, out [][]T) {
				apply(out[0], in[0], m, k, n, in[1], ws, nil, nil, a, in[2])
			}, nil, nil},
			Case[T]{fmt.Sprintf("DepthwiseAct act %d %v", a, s), []int{x, s.K * s.K * s.C, s.C}, []int{y * s.C}, func(in, out [][]T) {
				depthwiseAct(out[0], in[0], s, in[1], in[2], a)
			}, nil, []int{1}})
	}
	return cases
}

// scale marks an input that may multiply either the weights or the sums. Where it is infinite,
// different results are not finite.
func (c Case[T]) scale(which int) bool {
	if strings.HasPrefix(c.Name, "Inverted") {
		return which == 5
	}
	return strings.HasPrefix(c.Name, "Apply with") && strings.Contains(c.Name, "scale") && which == len(c.In)-1
}

// exp is the case of Exp, and of its equivalent in float64.
func exp[T kernel.Float](y, x []T) {
	if v, ok := any(y).([]float32); ok {
		kernel.Exp(v, float32s(x))
		return
	}
	for i, v := range x {
		y[i] = T(math.Exp(min(max(float64(v), -80), 87)))
	}
}

// fold is the case of FoldNormalisation for variances that are the squares of v, and of its
// equivalent in float64.
func fold[T kernel.Float](scale, shift, gamma, beta, mean, v []T) {
	variance := make([]T, len(v))
	for i, x := range v {
		variance[i] = x * x
	}
	if s, ok := any(scale).([]float32); ok {
		kernel.FoldNormalisation(s, float32s(shift), float32s(gamma), float32s(beta), float32s(mean), float32s(variance), 1e-5)
		return
	}
	for i := range scale {
		s := float64(gamma[i]) / math.Sqrt(float64(variance[i])+1e-5)
		scale[i], shift[i] = T(s), T(float64(beta[i])-s*float64(mean[i]))
	}
}

// apply is the case of Pack and Apply.
func apply[T kernel.Float](y, x []T, m, k, n int, w []T, ws int, scale, bias []T, a kernel.Act, residual []T) {
	if v, ok := any(y).([]float32); ok {
		kernel.Pack(float32s(w), k, n, ws, float32s(scale), float32s(bias)).Apply(v, float32s(x), m, a, float32s(residual))
		return
	}
	if scale == nil {
		scale = constant[T](n, 1)
	}
	if bias == nil {
		bias = constant[T](n, 0)
	}
	kernel.Pointwise(y, x, m, k, n, w, ws)
	kernel.ScaleShiftAct(y, y, m, n, scale, bias, a, residual)
}

// gated is the case of Pack and ApplyGated.
func gated[T kernel.Float](y, x []T, m, k, n int, w []T, ws int, gate, bias, residual []T) {
	if v, ok := any(y).([]float32); ok {
		kernel.Pack(float32s(w), k, n, ws, nil, float32s(bias)).ApplyGated(v, float32s(x), m, float32s(gate), kernel.None, float32s(residual))
		return
	}
	kernel.ChannelScale(x, x, gate, 1, m, k)
	kernel.Pointwise(y, x, m, k, n, w, ws)
	kernel.ScaleShiftAct(y, y, m, n, constant[T](n, 1), bias, kernel.None, residual)
}

func depthwiseAct[T kernel.Float](y, x []T, s kernel.DepthwiseShape, w, bias []T, a kernel.Act) {
	if v, ok := any(y).([]float32); ok {
		kernel.DepthwiseAct(v, float32s(x), s, float32s(w), float32s(bias), a)
		return
	}
	kernel.Depthwise(y, x, s, w, s.K, s.C)
	kernel.ScaleShiftAct(y, y, len(y)/s.C, s.C, constant[T](s.C, 1), bias, a, nil)
}

func constant[T kernel.Float](n int, v T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// float32s returns x as []float32; T must be float32.
func float32s[T kernel.Float](x []T) []float32 {
	s, _ := any(x).([]float32)
	return s
}
