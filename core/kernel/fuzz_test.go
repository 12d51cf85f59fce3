package kernel_test

import (
	"testing"

	"bignas/core/kernel"
	"bignas/core/kernel/kerneltest"
)

// fuzz compares every implementation but the reference loops with these.
func fuzz(f *testing.F, compare func(d kerneltest.Differential, t *testing.T, name string)) {
	f.Add([]byte{12, 5, 16, 8, 0, 0, 0}, []byte("some bytes, and a few more: \x00\x00\x80\x7f"))
	f.Add([]byte{38, 30, 45, 21, 1, 1, 3}, []byte{0, 0, 128, 63, 1, 2, 3, 4, 255, 254, 253, 60, 9})
	f.Fuzz(func(t *testing.T, shape, data []byte) {
		d := kerneltest.Differential{Data: data}
		copy(d.Shape[:], shape)
		for _, name := range kernel.Implementations() {
			if name != "reference" {
				compare(d, t, name)
			}
		}
	})
}

func FuzzProduct(f *testing.F)   { fuzz(f, kerneltest.Differential.Product) }
func FuzzDepthwise(f *testing.F) { fuzz(f, kerneltest.Differential.Depthwise) }
func FuzzRows(f *testing.F)      { fuzz(f, kerneltest.Differential.Rows) }
