//go:build amd64 && !noasm

package kernel

import (
	"golang.org/x/sys/cpu"

	"bignas/core/kernel/internal/asm"
	"bignas/core/kernel/internal/asm/avx2"
	"bignas/core/kernel/internal/asm/avx512"
)

// assembly is an implementation with generated loops for one vector width. Its methods are the
// drivers, which pack, tile and divide work among threads, and are the same for every width.
type assembly struct{ asm.Loops }

var narrow, wide = &assembly{avx2.Loops}, &assembly{avx512.Loops}

// What the fused loops take.
type (
	productArgs     = asm.ProductArgs
	convolutionArgs = asm.ConvolutionArgs
)

// init registers the implementations that the processor can run. GODEBUG=cpu.avx512f=off hides
// AVX-512, to test the other one.
func init() {
	has := &cpu.X86
	if !has.HasAVX2 || !has.HasFMA || !has.HasBMI2 || !has.HasPOPCNT {
		return
	}
	register(narrow.operators())
	if has.HasAVX512F && has.HasAVX512DQ && has.HasAVX512BW && has.HasAVX512VL {
		register(wide.operators())
	}
}

// operators are each within a few units in the last place of the reference loops,
// which round in another order.
func (asm *assembly) operators() *operators {
	o := &operators{name: asm.Name}
	o.im2col3x3s2 = im2colPortable
	o.globalPoolGrad = globalPoolGradPortable
	o.pointwise = asm.pointwise
	o.pointwiseGradInput = asm.pointwiseGradInput
	o.pointwiseGradWeight = asm.pointwiseGradWeight
	o.pack, o.inverted, o.stem = asm.packFused, asm.packInverted, asm.packStemFused
	o.panels = asm.fusedPanels
	o.depthwise = asm.depthwise
	o.depthwiseAct = asm.depthwiseAct
	o.depthwiseGradInput = asm.depthwiseGradInput
	o.depthwiseGradWeight = asm.depthwiseGradWeight
	o.scaleShiftAct = asm.scaleShiftAct
	o.activate = asm.activate
	o.activateGrad = asm.activateGrad
	o.add = asm.add
	o.addBias = asm.addBias
	o.biasGrad = asm.biasGrad
	o.globalPool = asm.globalPool
	o.channelScale = asm.channelScale
	o.channelScaleReduce = asm.channelScaleReduce
	o.channelScaleGrad = asm.channelScaleGrad
	o.avgPool2x2 = asm.avgPool2x2
	o.avgPool2x2Grad = asm.avgPool2x2Grad
	o.operand = asm.packOperand
	o.exp = asm.exp
	o.foldNormalisation = asm.foldNormalisation
	o.addGradWeight = asm.addGradWeight
	o.addMoments = asm.addMoments
	o.actSlope = asm.actSlope
	o.addGrad = asm.addGrad
	o.combine = asm.combine
	o.round = asm.round
	o.widen = asm.widen
	o.roundMoments = asm.roundMoments
	o.scaleShiftActRounded = asm.scaleShiftActRounded
	o.actSlopeRounded = asm.actSlopeRounded
	o.addGradRounded = asm.addGradRounded
	o.combineRounded = asm.combineRounded
	return o
}
