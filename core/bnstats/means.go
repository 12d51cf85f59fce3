package bnstats

import (
	"bignas/core/arch"
	"bignas/core/supernet"
)

// streamMeans returns the means of the channels of the residual stream: of the input of each
// block of a and, last, of the head. They follow exactly from first, those of the first
// block's input: the mean after a normalisation is its shift, and pooling and 1x1
// convolutions on shortcuts are linear.
func streamMeans(w *supernet.Weights, a arch.Arch, first []float32) [][]float32 {
	n := a.Network()
	out := [][]float32{first}
	x := first
	for _, b := range n.Blocks {
		p := w.Blocks[b.Stage][b.Index]
		y := make([]float32, b.Out)
		switch b.Shortcut {
		case arch.Identity:
			copy(y, x)
		case arch.Project:
			p.Shortcut.Times(y, x)
		}
		for c, v := range p.Project.BN.Beta.Data[:b.Out] {
			y[c] += v
		}
		out, x = append(out, y), y
	}
	return out
}

// tapMeans computes the mean output of the depthwise convolution of block b for images that
// are read[c] everywhere. Each tap counts as often as it is inside the image.
func tapMeans(p *supernet.BlockOf[float32], y, read []float32, b arch.Block) {
	var inside [8]float32 // of each tap, the share of output pixels, along one side
	for k := range b.Kernel {
		n := 0
		for o := range b.OutSize {
			if at := o*b.Stride + k - b.Kernel/2; at >= 0 && at < b.Size {
				n++
			}
		}
		inside[k] = float32(n) / float32(b.OutSize)
	}
	taps, pitch, stride := p.Taps(b.Kernel, len(y))
	clear(y)
	for ky := range b.Kernel {
		for kx := range b.Kernel {
			share := inside[ky] * inside[kx]
			for c, t := range taps[(ky*pitch+kx)*stride:][:len(y)] {
				y[c] += t * share * read[c]
			}
		}
	}
}
