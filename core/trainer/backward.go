// Package trainer trains a supernet: the backward pass of every operator, the
// losses, the optimisers, the schedule and the sandwich step (BigNAS, arXiv
// 2003.11142, section 3).
package trainer

import (
	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Backward adds to grad the gradients of a child's weights, given the tape of
// its forward pass and dlogits [n, classes]. Gradients of a slice land in the
// same slice of the shared tensors; the rest of grad stays as it is.
func Backward[T kernel.Float](ar *supernet.Arena[T], w, grad *supernet.WeightsOf[T], t *supernet.Tape[T], dlogits []T) {
	mark := ar.Mark()
	defer ar.Release(mark)
	net, n := t.Net, t.N
	h, classes := net.Head.Out, w.Classes
	kernel.PointwiseGradWeight(grad.Classifier.Data, classes, t.Pool, dlogits, n, h, classes)
	kernel.BiasGrad(grad.ClassBias.Data, dlogits, n, classes)
	dpool := ar.Alloc(n * h)
	kernel.PointwiseGradInput(dpool, dlogits, n, h, classes, w.Classifier.Data, classes, false)
	for i := range t.Keep {
		dpool[i] *= t.Keep[i]
	}
	hw := net.Head.Size * net.Head.Size
	dh := ar.Alloc(n * hw * h)
	kernel.GlobalPoolGrad(dh, dpool, n, hw, h)
	normGrad(dh, dh, n*hw, h, w.Head.BN, grad.Head.BN, &t.Head, kernel.Swish)

	// The gradient at the output of block i lives in one of two buffers that
	// take turns; everything else of a block is released after it.
	most := n * hw * net.Head.In
	for _, b := range net.Blocks {
		most = max(most, n*b.Size*b.Size*b.In)
	}
	d, next := ar.Alloc(most), ar.Alloc(most)
	in := n * hw * net.Head.In
	ws := w.Head.Weight.Shape[1]
	last := t.Stem.Out
	if len(t.Blocks) > 0 {
		last = t.Blocks[len(t.Blocks)-1].Out
	}
	kernel.PointwiseGradWeight(grad.Head.Weight.Data, ws, last, dh, n*hw, net.Head.In, h)
	kernel.PointwiseGradInput(d[:in], dh, n*hw, net.Head.In, h, w.Head.Weight.Data, ws, false)
	for i := len(t.Blocks) - 1; i >= 0; i-- {
		b := &t.Blocks[i]
		p, g := w.Blocks[b.Block.Stage][b.Block.Index], grad.Blocks[b.Block.Stage][b.Block.Index]
		inner := ar.Mark()
		mo := n * b.Block.OutSize * b.Block.OutSize
		backwardBlock(ar, p, g, b, n, next[:len(b.In)], d[:mo*b.Block.Out])
		ar.Release(inner)
		d, next = next, d
	}
	m, c := n*net.Stem.OutSize*net.Stem.OutSize, net.Stem.Out
	ds := d[:m*c]
	normGrad(ds, ds, m, c, w.Stem.BN, grad.Stem.BN, &t.Stem, kernel.Swish)
	kernel.PointwiseGradWeight(grad.Stem.Weight.Data, grad.Stem.Weight.Shape[3], t.Cols, ds, m, 27, c)
}

// normGrad is the backward pass of normalise. dx may be dy.
func normGrad[T kernel.Float](dx, dy []T, m, c int, bn, g supernet.BN[T], t *supernet.NormTape[T], act kernel.Act) {
	kernel.BatchNormGrad(dx, dy, t.Pre, m, c, t.Mean, t.InvStd, bn.Gamma.Data, bn.Beta.Data, act, g.Gamma.Data, g.Beta.Data)
}

// backwardBlock turns dout, the gradient at the block's output, into dx, that
// at its input.
func backwardBlock[T kernel.Float](ar *supernet.Arena[T], p, g *supernet.BlockOf[T], t *supernet.BlockTape[T], n int, dx, dout []T) {
	b := t.Block
	m, hwo := n*b.Size*b.Size, b.OutSize*b.OutSize
	mo := n * hwo

	dproj := ar.Alloc(mo * b.Out)
	dy := dout
	if t.Keep != nil {
		copy(dproj, dout)
		supernet.ScaleImages(dproj, t.Keep)
		dy = dproj
	}
	normGrad(dproj, dy, mo, b.Out, p.Project.BN, g.Project.BN, &t.Project, kernel.None)
	kernel.PointwiseGradWeight(g.Project.Weight.Data, p.Size.Out, t.Scaled, dproj, mo, b.Mid, b.Out)
	dmid := ar.Alloc(mo * b.Mid)
	kernel.PointwiseGradInput(dmid, dproj, mo, b.Mid, b.Out, p.Project.Weight.Data, p.Size.Out, false)
	if b.Squeeze > 0 {
		backwardSE(ar, p, g, t, n, hwo, dmid)
	}
	normGrad(dmid, dmid, mo, b.Mid, p.Depthwise.BN, g.Depthwise.BN, &t.Depthwise, kernel.Swish)

	shape := supernet.DepthwiseShape(n, b)
	wd, pitch, ws := p.Centre(p.Depthwise.Weight, b.Kernel)
	gd, _, _ := p.Centre(g.Depthwise.Weight, b.Kernel)
	in := t.In
	if b.Expand {
		in = t.Expand.Out
	}
	kernel.DepthwiseGradWeight(gd, pitch, ws, in, dmid, shape)
	if b.Expand {
		de := ar.Alloc(m * b.Mid)
		kernel.DepthwiseGradInput(de, dmid, shape, wd, pitch, ws)
		normGrad(de, de, m, b.Mid, p.Expand.BN, g.Expand.BN, &t.Expand, kernel.Swish)
		kernel.PointwiseGradWeight(g.Expand.Weight.Data, p.Size.Mid, t.In, de, m, b.In, b.Mid)
		kernel.PointwiseGradInput(dx, de, m, b.In, b.Mid, p.Expand.Weight.Data, p.Size.Mid, false)
	} else {
		kernel.DepthwiseGradInput(dx, dmid, shape, wd, pitch, ws)
	}
	backwardShortcut(ar, p, g, t, n, dx, dout)
}

// backwardSE turns dmid from the gradient after squeeze-and-excitation into
// the one before it, in place.
func backwardSE[T kernel.Float](ar *supernet.Arena[T], p, g *supernet.BlockOf[T], t *supernet.BlockTape[T], n, hw int, dmid []T) {
	mid, sq := t.Block.Mid, t.Block.Squeeze
	dgate, dpool, dsq := ar.Alloc(n*mid), ar.Alloc(n*mid), ar.Alloc(n*sq)
	kernel.ChannelScaleReduce(dgate, dmid, t.Depthwise.Out, n, hw, mid)
	kernel.ActivateGrad(dgate, dgate, t.GatePre, kernel.Sigmoid)
	kernel.PointwiseGradWeight(g.SEExpand.Data, p.Size.Mid, t.Squeeze, dgate, n, sq, mid)
	kernel.BiasGrad(g.SEBiasE.Data, dgate, n, mid)
	kernel.PointwiseGradInput(dsq, dgate, n, sq, mid, p.SEExpand.Data, p.Size.Mid, false)
	kernel.ActivateGrad(dsq, dsq, t.SqueezePre, kernel.Swish)
	kernel.PointwiseGradWeight(g.SEReduce.Data, p.Size.Squeeze, t.Pool, dsq, n, mid, sq)
	kernel.BiasGrad(g.SEBiasR.Data, dsq, n, sq)
	kernel.PointwiseGradInput(dpool, dsq, n, mid, sq, p.SEReduce.Data, p.Size.Squeeze, false)
	kernel.ChannelScaleGrad(dmid, dmid, t.Gate, dpool, n, hw, mid)
}

// backwardShortcut adds to dx what reaches the block's input past its main branch.
func backwardShortcut[T kernel.Float](ar *supernet.Arena[T], p, g *supernet.BlockOf[T], t *supernet.BlockTape[T], n int, dx, dout []T) {
	b := t.Block
	mo := n * b.OutSize * b.OutSize
	switch b.Shortcut {
	case arch.Identity:
		kernel.Add(dx, dout)
	case arch.Project:
		kernel.PointwiseGradWeight(g.Shortcut.Data, p.Size.Out, t.ShortcutIn, dout, mo, b.In, b.Out)
		if b.Stride == 1 {
			kernel.PointwiseGradInput(dx, dout, mo, b.In, b.Out, p.Shortcut.Data, p.Size.Out, true)
			return
		}
		ds := ar.Alloc(mo * b.In)
		kernel.PointwiseGradInput(ds, dout, mo, b.In, b.Out, p.Shortcut.Data, p.Size.Out, false)
		kernel.AvgPool2x2Grad(dx, ds, n, b.Size, b.Size, b.In, true)
	}
}
