package supernet

import (
	"bignas/core/arch"
	"bignas/core/kernel"
)

// stream returns the mean of every channel of the residual stream: what each
// block of a reads and, last, what the head reads. It follows from first, the mean
// of what the first block reads, exactly: a normalisation puts out its shift, and
// pooling and 1x1 convolutions on shortcuts are linear.
func (w *WeightsOf[T]) stream(a arch.Arch, first []float32) [][]float32 {
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
			p.Shortcut.times(y, x)
		}
		for c, v := range p.Project.BN.Beta.Data[:b.Out] {
			y[c] += float32(v)
		}
		out, x = append(out, y), y
	}
	return out
}

// times computes y = x W with the first rows and columns of the matrix: the mean
// of what a 1x1 convolution computes from the mean of what it reads.
func (p *ParamOf[T]) times(y, x []float32) {
	if p.matrix != nil {
		p.matrix.Times(y, x)
		return
	}
	stride := p.Shape[len(p.Shape)-1]
	clear(y)
	for i, v := range x {
		for c, k := range p.Data[i*stride : i*stride+len(y)] {
			y[c] += v * float32(k)
		}
	}
}

// tapMeans computes the mean of what the depthwise convolution of block b
// computes from images that are read[c] everywhere: every tap counts as often as
// it lies inside the image.
func (p *BlockOf[T]) tapMeans(y, read []float32, b arch.Block) {
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
	taps, pitch, stride := p.Centre(p.Depthwise.Weight, b.Kernel)
	clear(y)
	for ky := range b.Kernel {
		for kx := range b.Kernel {
			share := inside[ky] * inside[kx]
			for c, t := range taps[(ky*pitch+kx)*stride:][:len(y)] {
				y[c] += float32(t) * share * read[c]
			}
		}
	}
}

// Activations are the means, over images and pixels, of what layers of one child
// read: what FitStatistics needs besides the statistics.
type Activations struct {
	First    []float32   // the first block, [Stem]
	Expanded [][]float32 // the depthwise convolution of each block, [Mid]
	Gated    [][]float32 // its projection, [Mid]
}

func newActivations(n arch.Network) *Activations {
	act := &Activations{First: make([]float32, n.Stem.Out)}
	for _, b := range n.Blocks {
		act.Expanded = append(act.Expanded, make([]float32, b.Mid))
		act.Gated = append(act.Gated, make([]float32, b.Mid))
	}
	return act
}

// scale multiplies all of them.
func (act *Activations) scale(by float32) {
	for _, of := range append(append([][]float32{act.First}, act.Expanded...), act.Gated...) {
		for c := range of {
			of[c] *= by
		}
	}
}

// add adds the means of one batch, weighted.
func (act *Activations) add(ar *Arena[float32], t *Tape[float32], weight float32) {
	into := func(sum, x []float32) {
		rows := len(x) / len(sum)
		mean := make([]float32, len(sum))
		kernel.GlobalPool(mean, x, 1, rows, len(sum))
		for c, v := range mean {
			sum[c] += weight * v
		}
	}
	into(act.First, t.First)
	for i := range t.Blocks {
		b := &t.Blocks[i]
		mark := ar.Mark()
		if b.Block.Expand {
			out := ar.Alloc(len(b.Expand.Pre))
			b.Expand.Apply(out, 0, len(out)/b.Block.Mid, b.Block.Mid, kernel.Swish)
			into(act.Expanded[i], out)
		} else {
			into(act.Expanded[i], b.In)
		}
		if b.Block.Squeeze > 0 {
			gated := ar.Alloc(len(b.Pool))
			for j, v := range b.Pool {
				gated[j] = v * b.Gate[j]
			}
			into(act.Gated[i], gated)
		} else {
			out := ar.Alloc(len(b.Depthwise.Pre))
			b.Depthwise.Apply(out, 0, len(out)/b.Block.Mid, b.Block.Mid, kernel.Swish)
			into(act.Gated[i], out)
		}
		ar.Release(mark)
	}
}
