//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// The AVX-512 implementation: matrix products, depthwise convolutions
// and the pixelwise operators, each within a few units in the last place of the generic loops, which round
// in another order.
func init() {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512DQ || !cpu.X86.HasAVX512BW || !cpu.X86.HasAVX512VL || !cpu.X86.HasFMA {
		return
	}
	o := &operators{name: "avx512"}
	rowwise(o)
	gemmAVX512(o)
	pixelwiseAVX512(o)
	depthwiseAVX512(o)
	matrixAVX512(o)
	normAVX512(o)
	register(o)
}
