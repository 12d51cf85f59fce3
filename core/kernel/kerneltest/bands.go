package kerneltest

import (
	"fmt"

	"bignas/core/kernel"
)

// bands returns the cases of the operators on bands: [m, c] cut into three bands, in two parts.
func bands[T kernel.Float](m, k, c int) []Case[T] {
	each := func(f func(part, lo, hi int)) {
		for i := range 3 {
			if lo, hi := m*i/3, m*(i+1)/3; lo < hi {
				f(i%2, lo, hi)
			}
		}
	}
	ws := c + 3
	wn := (k-1)*ws + c
	first := []int{0}
	cases := []Case[T]{
		{"Factor", []int{m * k, wn}, []int{m * c}, func(in, out [][]T) {
			w := kernel.NewOperand(in[1], k, c, ws)
			each(func(_, lo, hi int) { w.Times(out[0][lo*c:hi*c], in[0][lo*k:hi*k], hi-lo, false) })
			w.Release()
		}, first, nil},
		{"AddGradWeight", []int{m * k, m * c}, []int{wn}, func(in, out [][]T) {
			each(func(_, lo, hi int) { kernel.AddGradWeight(out[0], ws, in[0][lo*k:hi*k], in[1][lo*c:hi*c], hi-lo, k, c) })
		}, first, nil},
		{"Moments", []int{m * c}, []int{c, c}, func(in, out [][]T) {
			s := kernel.NewMoments[T](2, c)
			each(func(part, lo, hi int) { s.Add(part, in[0][lo*c:hi*c], hi-lo) })
			s.Result(out[0], out[1])
		}, nil, nil},
		{"Combine", []int{m * c, m * c, c, c, c}, []int{m * c}, func(in, out [][]T) {
			each(func(_, lo, hi int) {
				kernel.Combine(out[0][lo*c:hi*c], in[0][lo*c:hi*c], in[1][lo*c:hi*c], hi-lo, c, in[2], in[3], in[4])
			})
		}, nil, nil},
		{"AddGrad", []int{m * c, m * c, m * c, c}, []int{m * c, 2 * c}, func(in, out [][]T) {
			s := kernel.NewGradSums(2, c)
			each(func(part, lo, hi int) {
				kernel.AddGrad(s, part, out[0][lo*c:hi*c], in[0][lo*c:hi*c], in[1][lo*c:hi*c], in[2][lo*c:hi*c], hi-lo, in[3])
			})
			coefficients(s, m, in[3], out[1])
		}, nil, []int{3}},
		{"AddGrad without slope", []int{m * c, m * c, c}, []int{2 * c}, func(in, out [][]T) {
			s := kernel.NewGradSums(2, c)
			each(func(part, lo, hi int) {
				dy := in[0][lo*c : hi*c]
				kernel.AddGrad(s, part, dy, dy, nil, in[1][lo*c:hi*c], hi-lo, in[2])
			})
			coefficients(s, m, in[2], out[0])
		}, nil, []int{2}},
	}
	for _, accumulate := range []bool{false, true} {
		cases = append(cases, Case[T]{fmt.Sprint("Factor transposed, adding ", accumulate), []int{m * c, wn}, []int{m * k}, func(in, out [][]T) {
			w := kernel.NewTransposedOperand(in[1], k, c, ws)
			each(func(_, lo, hi int) { w.Times(out[0][lo*k:hi*k], in[0][lo*c:hi*c], hi-lo, accumulate) })
			w.Release()
		}, first, nil})
	}
	for _, act := range activations {
		cases = append(cases, Case[T]{fmt.Sprintf("ActSlope act %d", act), []int{m * c, c, c}, []int{m * c, m * c}, func(in, out [][]T) {
			each(func(_, lo, hi int) {
				kernel.ActSlope(out[0][lo*c:hi*c], out[1][lo*c:hi*c], in[0][lo*c:hi*c], hi-lo, c, in[1], in[2], act)
			})
		}, nil, nil})
	}
	return cases
}

// coefficients adds the gradients of beta, then of gamma, that follow from the sums to out.
func coefficients[T kernel.Float](s *kernel.GradSums, m int, mean []T, out []T) {
	c := len(mean)
	one := constant(c, T(1))
	k, a, b := make([]T, c), make([]T, c), make([]T, c)
	kernel.Coefficients(s, m, mean, one, one, k, a, b, out[:c], out[c:])
}
