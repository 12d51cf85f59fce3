//go:build js && wasm

package kernels

import (
	"unsafe"

	"bignas/core/kernel"
)

// The functions of the modules. Lengths count floats; act is a kernel.Act.

//go:wasmimport kernels version
//go:noescape
func version() int32

// y [m,n] = act(x [m,k] W + bias) + residual; panels and bias as Pack lays them out.
//
//go:wasmimport kernels product
//go:noescape
func product(x, panels, bias, y, residual unsafe.Pointer, m, k, n, act int32)

// y = act(x*w + bias): kernel.DepthwiseAct by kernel size and stride, n images.
//
//go:wasmimport kernels depthwise3x1
//go:noescape
func depthwise3x1(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise3x2
//go:noescape
func depthwise3x2(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise5x1
//go:noescape
func depthwise5x1(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise5x2
//go:noescape
func depthwise5x2(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

// y = act(x) + residual, n floats.
//
//go:wasmimport kernels finish
//go:noescape
func finish(y, x, residual unsafe.Pointer, n, act int32)

// y [c], the mean of x [hw,c] over hw.
//
//go:wasmimport kernels globalPool
//go:noescape
func globalPool(y, x unsafe.Pointer, hw, c int32)

// y = x*s, x [hw,c], s [c].
//
//go:wasmimport kernels channelScale
//go:noescape
func channelScale(y, x, s unsafe.Pointer, hw, c int32)

func init() {
	name := ""
	switch version() {
	case VersionSIMD:
		name = "simd"
	case VersionRelaxed:
		name = "simd relaxed"
	default:
		return
	}
	kernel.Register(kernel.Inference{
		Name: name, Pack: pack, DepthwiseAct: depthwiseAct, Activate: activate,
		GlobalPool: globalPools, ChannelScale: channelScales,
	})
}

// first is the address of s, checked to have n elements: the kernels check nothing.
func first(s []float32, n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s[:n])) }

func pack(w []float32, k, n, ws int, scale, bias []float32) func(y, x []float32, m int, act kernel.Act, residual []float32) {
	panels, padded := Pack(w, k, n, ws, scale, bias)
	return func(y, x []float32, m int, act kernel.Act, residual []float32) {
		if m == 0 {
			return
		}
		var add unsafe.Pointer
		if residual != nil {
			add = first(residual, m*n)
		}
		product(first(x, m*k), first(panels, len(panels)), first(padded, len(padded)), first(y, m*n), add, int32(m), int32(k), int32(n), int32(act))
	}
}

func depthwiseAct(y, x []float32, s kernel.DepthwiseShape, w, bias []float32, act kernel.Act) {
	oh, ow := s.Out()
	if s.N*oh*ow*s.C == 0 {
		return
	}
	from, taps, b, to := first(x, s.N*s.H*s.W*s.C), first(w, s.K*s.K*s.C), first(bias, s.C), first(y, s.N*oh*ow*s.C)
	n, h, wide, c, a := int32(s.N), int32(s.H), int32(s.W), int32(s.C), int32(act)
	switch [2]int{s.K, s.Stride} {
	case [2]int{3, 1}:
		depthwise3x1(from, taps, b, to, n, h, wide, c, a)
	case [2]int{3, 2}:
		depthwise3x2(from, taps, b, to, n, h, wide, c, a)
	case [2]int{5, 1}:
		depthwise5x1(from, taps, b, to, n, h, wide, c, a)
	case [2]int{5, 2}:
		depthwise5x2(from, taps, b, to, n, h, wide, c, a)
	default:
		panic("kernels: depthwise kernels are 3x3 or 5x5, of stride 1 or 2")
	}
}

func activate(y, x []float32, act kernel.Act) {
	finish(first(y, len(x)), first(x, len(x)), nil, int32(len(x)), int32(act))
}

func globalPools(y, x []float32, n, hw, c int) {
	for i := range n {
		globalPool(first(y[i*c:], c), first(x[i*hw*c:], hw*c), int32(hw), int32(c))
	}
}

func channelScales(y, x, s []float32, n, hw, c int) {
	for i := range n {
		channelScale(first(y[i*hw*c:], hw*c), first(x[i*hw*c:], hw*c), first(s[i*c:], c), int32(hw), int32(c))
	}
}
