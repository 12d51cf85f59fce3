//go:build js && wasm

package kernels

import (
	"unsafe"

	"bignas/core/preprocess"
)

// What preprocessing does to rows of an image: preprocess.Rows says what each is.

//go:wasmimport kernels addBytes
//go:noescape
func addBytes(sums, row unsafe.Pointer, n int32)

//go:wasmimport kernels floats
//go:noescape
func floats(dst, sums unsafe.Pointer, n int32, scale float32)

//go:wasmimport kernels across
//go:noescape
func across(dst, src, start, weights unsafe.Pointer, taps, count int32)

//go:wasmimport kernels down
//go:noescape
func down(dst, rows, weights unsafe.Pointer, taps, width int32)

// n is a multiple of 12; mean and inverse are of 12 floats.
//
//go:wasmimport kernels normalise
//go:noescape
func normalise(x unsafe.Pointer, n int32, unit float32, mean, inverse unsafe.Pointer)

// rows is what this package gives to preprocess.
var rows = preprocess.Rows{
	AddBytes: func(sums []uint32, row []uint8) {
		addBytes(pointer(sums, len(row)), pointer(row, len(row)), int32(len(row)))
	},
	Floats: func(dst []float32, sums []uint32, scale float32) {
		floats(pointer(dst, len(dst)), pointer(sums, len(dst)), int32(len(dst)), scale)
	},
	Across: func(dst, src []float32, start []int, weights []float32, taps int) {
		n := len(start)
		across(pointer(dst, 3*n), pointer(src, len(src)+1), pointer(start, n), pointer(weights, n*taps), int32(taps), int32(n))
	},
	Down: func(dst, rows, weights []float32, width int) {
		down(pointer(dst, width), pointer(rows, len(weights)*width), pointer(weights, len(weights)), int32(len(weights)), int32(width))
	},
	Normalise: func(x []float32, unit float32, mean, inverse *[3]float32) {
		var means, inverses [12]float32
		for i := range means {
			means[i], inverses[i] = mean[i%3], inverse[i%3]
		}
		n := len(x) / 12 * 12
		normalise(pointer(x, n), int32(n), unit, pointer(means[:], 12), pointer(inverses[:], 12))
		for i := n; i < len(x); i++ {
			x[i] = (float32(x[i]*unit) - mean[i%3]) * inverse[i%3]
		}
	},
}
