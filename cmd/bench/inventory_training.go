package main

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

// training lists the operators of a training step of a, as core/trainer calls them: in bands, several of which are a
// part for each thread. Here each operator goes over the whole tensor; in a step the next one finds the band in the
// cache.
func training(a arch.Arch, n int) []*operation {
	v := &inventory{seen: map[string]*operation{}}
	for _, b := range a.Network().Blocks {
		m, mo := n*b.Size*b.Size, n*b.OutSize*b.OutSize
		if b.Expand {
			v.banded("expand", m, b.In, b.Mid)
			v.norm(m, b.Mid, supernet.Act(b.Act))
		}
		v.depthwiseTraining(b, n)
		v.norm(mo, b.Mid, supernet.Act(b.Act))
		v.banded("project", mo, b.Mid, b.Out)
		v.norm(mo, b.Out, kernel.None)
	}
	return v.list
}

// norm is a batch normalisation of [m, c] with its activation, forward and backward. Without an activation the gradient
// needs no slope, and the output is that of the block.
func (v *inventory) norm(m, c int, act kernel.Act) {
	shape, bands := fmt.Sprintf("%dx%d", m, c), kernel.NewBands(m, c, trainer.PixelGrain)
	pass := func(kind string, arrays int, build func() func(part, lo, hi int)) {
		v.add(kind, shape, 0, arrays*m*c, func() func() {
			f := build()
			return func() { bands.Each(f) }
		})
	}
	x, p := lazy(m*c), lazy(c)
	pass("BN statistics", 1, func() func(part, lo, hi int) {
		s := kernel.NewMoments[float32](bands.Parts, c)
		return func(part, lo, hi int) { s.Add(part, x()[lo*c:hi*c], hi-lo) }
	})
	pass("BN forward", 2, func() func(part, lo, hi int) {
		y := filled(m * c)
		return func(_, lo, hi int) { kernel.ScaleShiftAct(y[lo*c:hi*c], x()[lo*c:hi*c], hi-lo, c, p(), p(), act, nil) }
	})
	y, slope := lazy(m*c), lazy(m*c)
	slopes := func(int, int) []float32 { return nil }
	if act != kernel.None {
		slopes = func(lo, hi int) []float32 { return slope()[lo*c : hi*c] }
		pass("BN backward: output and slope again", 3, func() func(part, lo, hi int) {
			return func(_, lo, hi int) {
				kernel.ActSlope(y()[lo*c:hi*c], slopes(lo, hi), x()[lo*c:hi*c], hi-lo, c, p(), p(), act)
			}
		})
	}
	arrays := 2
	if act != kernel.None {
		arrays = 4
	}
	pass("BN backward: sums", arrays, func() func(part, lo, hi int) {
		s, dy := kernel.NewGradSums(bands.Parts, c), filled(m*c)
		dz := dy
		if act != kernel.None {
			dz = filled(m * c)
		}
		return func(part, lo, hi int) {
			kernel.AddGrad(s, part, dz[lo*c:hi*c], dy[lo*c:hi*c], slopes(lo, hi), x()[lo*c:hi*c], hi-lo, p())
		}
	})
	pass("BN backward: input", 3, func() func(part, lo, hi int) {
		dx, dz := filled(m*c), filled(m*c)
		return func(_, lo, hi int) {
			kernel.Combine(dx[lo*c:hi*c], dz[lo*c:hi*c], x()[lo*c:hi*c], hi-lo, c, p(), p(), p())
		}
	})
}

// lazy returns filled(n), allocated by its first call.
func lazy(n int) func() []float32 {
	var s []float32
	return func() []float32 {
		if s == nil {
			s = filled(n)
		}
		return s
	}
}

// banded is a 1x1 convolution of a step: the product, and the gradients of its
// input and of its weights.
func (v *inventory) banded(kind string, m, k, n int) {
	shape, bands := fmt.Sprintf("[%d,%d]x[%d,%d]", m, k, k, n), kernel.NewBands(m, n, trainer.PixelGrain)
	values := m*k + k*n + m*n
	v.add(kind, shape, 2*m*k*n, values, func() func() {
		y, x, w := filled(m*n), filled(m*k), filled(k*n)
		return func() {
			f := kernel.NewOperand(w, k, n, n)
			bands.Each(func(_, lo, hi int) { f.Times(y[lo*n:hi*n], x[lo*k:hi*k], hi-lo, false) })
			f.Release()
		}
	})
	v.add(kind+" data gradient", shape, 2*m*k*n, values, func() func() {
		dx, dy, w := filled(m*k), filled(m*n), filled(k*n)
		return func() {
			f := kernel.NewTransposedOperand(w, k, n, n)
			bands.Each(func(_, lo, hi int) { f.Times(dx[lo*k:hi*k], dy[lo*n:hi*n], hi-lo, false) })
			f.Release()
		}
	})
	v.add(kind+" weight gradient", shape, 2*m*k*n, values+k*n, func() func() {
		x, dy, dw := filled(m*k), filled(m*n), make([][]float32, bands.Parts)
		for i := range dw {
			dw[i] = filled(k * n)
		}
		return func() {
			bands.Each(func(part, lo, hi int) { kernel.AddGradWeight(dw[part], n, x[lo*k:hi*k], dy[lo*n:hi*n], hi-lo, k, n) })
		}
	})
}

// depthwiseTraining is a block's depthwise convolution, and the gradients of its
// input and of its taps.
func (v *inventory) depthwiseTraining(b arch.Block, n int) {
	m, mo, taps := n*b.Size*b.Size, n*b.OutSize*b.OutSize, b.Kernel*b.Kernel
	shape := fmt.Sprintf("%dx%dx%d k%d s%d", b.Size, b.Size, b.Mid, b.Kernel, b.Stride)
	flops, values := 2*taps*mo*b.Mid, (m+mo+taps)*b.Mid
	in, out := b.Size*b.Size*b.Mid, b.OutSize*b.OutSize*b.Mid
	bands := kernel.NewBands(n, in, 1)
	s := func(images int) kernel.DepthwiseShape {
		return kernel.DepthwiseShape{N: images, H: b.Size, W: b.Size, C: b.Mid, K: b.Kernel, Stride: b.Stride}
	}
	v.add("depthwise", shape, flops, values, func() func() {
		y, x, w := filled(mo*b.Mid), filled(m*b.Mid), filled(taps*b.Mid)
		return func() {
			bands.Each(func(_, lo, hi int) { kernel.Depthwise(y[lo*out:hi*out], x[lo*in:hi*in], s(hi-lo), w, b.Kernel, b.Mid) })
		}
	})
	v.add("depthwise data gradient", shape, flops, values, func() func() {
		dx, dy, w := filled(m*b.Mid), filled(mo*b.Mid), filled(taps*b.Mid)
		return func() {
			bands.Each(func(_, lo, hi int) {
				kernel.DepthwiseGradInput(dx[lo*in:hi*in], dy[lo*out:hi*out], s(hi-lo), w, b.Kernel, b.Mid)
			})
		}
	})
	v.add("depthwise weight gradient", shape, flops, values+taps*b.Mid, func() func() {
		x, dy, dw := filled(m*b.Mid), filled(mo*b.Mid), make([][]float32, bands.Parts)
		for i := range dw {
			dw[i] = filled(taps * b.Mid)
		}
		return func() {
			bands.Each(func(part, lo, hi int) {
				kernel.DepthwiseGradWeight(dw[part], b.Kernel, b.Mid, x[lo*in:hi*in], dy[lo*out:hi*out], s(hi-lo))
			})
		}
	})
}
