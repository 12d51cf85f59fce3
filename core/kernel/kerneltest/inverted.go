package kerneltest

import (
	"fmt"

	"bignas/core/kernel"
)

// inverted is the case of the first half of an inverted residual block, or in float64 of the
// operators that it combines: with an expansion from in channels, or without one where in is 0.
// Kernels are slices of bigger ones.
func inverted[T kernel.Float](in int, s kernel.DepthwiseShape, act kernel.Act) Case[T] {
	oh, ow := s.Out()
	pitch, ts, es := s.K+2, s.C+3, s.C+1
	taps, rows := ((s.K-1)*pitch+s.K-1)*ts+s.C, s.N*oh*ow
	pixels, shapes := s.N*s.H*s.W, []int{s.N * s.H * s.W * s.C, taps, s.C, s.C}
	if in > 0 {
		shapes = append(shapes, (in-1)*es+s.C, s.C, s.C)
		shapes[0] = pixels * in
	}
	run := func(a, out [][]T) {
		if y, ok := any(out[0]).([]float32); ok {
			p := kernel.InvertedSpec{In: s.C, Mid: s.C, K: s.K, Stride: s.Stride, Act: act, Taps: float32s(a[1]), Pitch: pitch, TapStride: ts, Scale: float32s(a[2]), Bias: float32s(a[3])}
			if in > 0 {
				p.In, p.Expand, p.ExpandStride, p.ExpandScale, p.ExpandBias = in, float32s(a[4]), es, float32s(a[5]), float32s(a[6])
			}
			kernel.PackInverted(p).Apply(y, float32s(out[1]), float32s(a[0]), s.N, s.H, s.W)
			return
		}
		x := a[0]
		if in > 0 {
			x = make([]T, pixels*s.C)
			kernel.Pointwise(x, a[0], pixels, in, s.C, a[4], es)
			kernel.ScaleShiftAct(x, x, pixels, s.C, a[5], a[6], act, nil)
		}
		kernel.Depthwise(out[0], x, s, a[1], pitch, ts)
		kernel.ScaleShiftAct(out[0], out[0], rows, s.C, a[2], a[3], act, nil)
		kernel.GlobalPool(out[1], out[0], s.N, oh*ow, s.C)
	}
	// Infinities and NaNs of the taps and of their scale are multiplied by the zeros around the image.
	return Case[T]{fmt.Sprintf("Inverted of %d, %v, act %d", in, s, act), shapes, []int{rows * s.C, s.N * s.C}, run, nil, []int{1, 2}}
}

// invertedShapes have both kernel sizes and strides, with an expansion and without, incomplete
// blocks of channels, and rows of whole and of incomplete tiles.
func invertedShapes() (in []int, shapes []kernel.DepthwiseShape) {
	add := func(i int, s kernel.DepthwiseShape) { in, shapes = append(in, i), append(shapes, s) }
	for _, k := range []int{3, 5} {
		for stride := 1; stride <= 2; stride++ {
			add(3, kernel.DepthwiseShape{N: 2, H: 6, W: 7, C: 20, K: k, Stride: stride})
			add(9, kernel.DepthwiseShape{N: 1, H: 5, W: 24, C: 16, K: k, Stride: stride})
			add(0, kernel.DepthwiseShape{N: 1, H: 9, W: 5, C: 17, K: k, Stride: stride})
		}
	}
	add(2, kernel.DepthwiseShape{N: 1, H: 1, W: 1, C: 5, K: 5, Stride: 1})
	return in, shapes
}
