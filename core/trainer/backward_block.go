package trainer

import (
	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// blockPass is the backward pass of one block: weights p, gradients g, tape t of
// n images.
type blockPass[T kernel.Float] struct {
	ar     *Arena[T]
	p, g   *supernet.BlockOf[T]
	t      *blockTape[T]
	n      int
	spread *Spread
}

// backward computes dx, the gradient at the block's input, from dout, the one at its output.
func (s blockPass[T]) backward(dx, dout []T) {
	b := s.t.block
	depthwise := newNormGrad(s.ar, &s.t.depthwise, b.Mid)
	dmid := s.projection(depthwise, dout)
	if !b.Expand {
		s.depthwise(depthwise, nil, kept[T]{wide: dx}, dmid)
		if b.Shortcut == arch.Identity && b.Stride == 1 {
			kernel.Add(dx, dout)
			s.ar.passed("backward shortcut", 8*len(dx), 4*len(dx))
		}
	} else {
		expand := newNormGrad(s.ar, &s.t.expand, b.Mid)
		m := s.n * b.Size * b.Size
		de := s.ar.keep(m * b.Mid)
		s.depthwise(depthwise, expand, de, dmid)
		var add []T
		if b.Shortcut == arch.Identity && b.Stride == 1 {
			add = dout
		}
		backwardProduct(s.ar, expand, s.p.Expand, s.g.Expand, s.t.in, dx, de, m, b.In, add)
		s.ar.passed("backward expansion", 2*de.bytes()+s.t.in.bytes()+4*len(add), 4*len(dx))
	}
	switch {
	case b.Shortcut == arch.Project:
		s.shortcut(dx, dout)
		s.ar.passed("backward shortcut", 8*len(dout)+s.t.shortcutIn.bytes()+4*len(dx), 4*len(dx))
	case b.Shortcut == arch.Identity && b.Stride == 2:
		kernel.AvgPool2x2Grad(dx, dout, s.n, b.Size, b.Size, b.In, true)
		s.ar.passed("backward shortcut", 4*len(dout)+4*len(dx), 4*len(dx))
	}
}

// projection goes from the block's output to that of the depthwise convolution. It returns
// the gradient before the activation there, and its sums in norm.
func (s blockPass[T]) projection(norm *normGrad[T], dout []T) kept[T] {
	b, t := s.t.block, s.t
	px, mid := b.OutSize*b.OutSize, b.Mid
	out, dy := s.outer(dout)
	dmid := s.ar.keep(s.n * px * mid)
	mark := s.ar.Mark()
	defer s.ar.Release(mark)
	bands := kernel.NewBands(s.n, px*mid, 1)
	dproject, pres := s.ar.Each(bands, px*b.Out), s.ar.bands(bands, px*b.Out)
	scaled, features, slopes := s.ar.Each(bands, px*mid), s.ar.Each(bands, px*mid), s.ar.Each(bands, px*mid)
	weights := newShares(s.ar, bands.Parts, s.g.Project.Weight.Data, mid, b.Out, s.p.Size.Out)
	matrix := kernel.NewTransposedOperand(s.p.Project.Weight.Data, mid, b.Out, s.p.Size.Out)
	gate := s.newGateGrad()
	norm.sums = newGradSums(bands.Parts, mid, s.spread)
	bands.Each(func(part, lo, hi int) {
		rows := (hi - lo) * px
		d, z := dproject[part][:rows*b.Out], features[part][:rows*mid]
		out.throughWide(d, dy[lo*px*b.Out:hi*px*b.Out], pres[part], lo*px, hi*px)
		norm.forward(z, slopes[part], lo*px, hi*px, supernet.Act(b.Act))
		x := z
		if b.Squeeze > 0 {
			x = scaled[part][:rows*mid]
			kernel.ChannelScale(x, z, t.gate[lo*mid:hi*mid], hi-lo, px, mid)
		}
		dw, stride := weights.of(part)
		kernel.AddGradWeight(dw, stride, x, d, rows, mid, b.Out)
		dx := scaled[part][:rows*mid]
		matrix.Times(dx, d, rows, false)
		if b.Squeeze > 0 {
			gate.backward(dx, z, lo, hi)
		}
		norm.before(part, dmid.part(lo*px*mid, hi*px*mid), dx, slopes[part], lo*px, hi*px)
	})
	matrix.Release()
	weights.collect()
	gate.finish()
	norm.finish(s.spread.rows(s.n*px, s.n), s.p.Depthwise.BN, s.g.Depthwise.BN)
	s.ar.passed("backward projection", 4*len(dy)+t.project.pre.bytes()+t.depthwise.pre.bytes(), dmid.bytes())
	return dmid
}

// outer returns the sums of the projection's batch normalisation and the gradient that they
// are taken over: dout, with each image multiplied by its drop-connect factor.
func (s blockPass[T]) outer(dout []T) (*normGrad[T], []T) {
	b := s.t.block
	m, dy := s.n*b.OutSize*b.OutSize, dout
	if s.t.keep != nil {
		dy = s.ar.Alloc(m * b.Out)
		copy(dy, dout)
		scaleImages(dy, s.t.keep)
	}
	norm := newNormGrad(s.ar, &s.t.project, b.Out)
	bands := kernel.NewBands(m, b.Out, PixelGrain)
	norm.sums = newGradSums(bands.Parts, b.Out, s.spread)
	mark := s.ar.Mark()
	inputs := s.ar.bands(bands, b.Out)
	bands.Each(func(part, lo, hi int) {
		d, x := dy[lo*b.Out:hi*b.Out], norm.t.pre.part(lo*b.Out, hi*b.Out).read(inputs[part])
		kernel.AddGrad(norm.sums, part, d, d, nil, x, hi-lo, norm.t.mean)
	})
	s.ar.Release(mark)
	norm.finish(s.spread.rows(m, s.n), s.p.Project.BN, s.g.Project.BN)
	s.ar.passed("backward output", 4*len(dy)+norm.t.pre.bytes(), 0)
	return norm, dy
}

// depthwise goes through the depthwise convolution, from dmid, before the activation after
// it, to dx, before the activation of the expansion, whose sums it leaves in expand. Without
// an expansion dx is the gradient at the block's input, in T.
func (s blockPass[T]) depthwise(norm, expand *normGrad[T], dx, dmid kept[T]) {
	b, t := s.t.block, s.t
	in, out, mid := b.Size*b.Size, b.OutSize*b.OutSize, b.Mid
	mark := s.ar.Mark()
	defer s.ar.Release(mark)
	bands := kernel.NewBands(s.n, in*mid, 1)
	dpre := s.ar.Each(bands, out*mid)
	var expanded, slopes [][]T
	if expand != nil {
		expanded, slopes = s.ar.Each(bands, in*mid), s.ar.Each(bands, in*mid)
		expand.sums = newGradSums(bands.Parts, mid, s.spread)
	} else {
		expanded = s.ar.bands(bands, in*mid)
	}
	taps, pitch, ws := s.p.Taps(b.Kernel, mid)
	gtaps, gpitch, gws, through := s.p.TapsGrad(s.g, b.Kernel, mid)
	// Taps as a matrix of K rows, which are gpitch*gws apart.
	weights := newShares(s.ar, bands.Parts, gtaps, b.Kernel, b.Kernel*gws, gpitch*gws)
	bands.Each(func(part, lo, hi int) {
		shape := depthwiseShape(hi-lo, b)
		d := dpre[part][:(hi-lo)*out*mid]
		norm.through(d, dmid.part(lo*out*mid, hi*out*mid), lo*out, hi*out)
		to := dx.part(lo*in*mid, hi*in*mid)
		var x []T
		if expand != nil {
			x = expanded[part][:(hi-lo)*in*mid]
			expand.forward(x, slopes[part], lo*in, hi*in, supernet.Act(b.Act))
		} else {
			x = t.in.part(lo*in*b.In, hi*in*b.In).read(expanded[part])
		}
		dw, rowStride := weights.of(part)
		kernel.DepthwiseGradWeight(dw, rowStride/gws, gws, x, d, shape)
		if expand == nil {
			kernel.DepthwiseGradInput(to.wide, d, shape, taps, pitch, ws)
			return
		}
		kernel.DepthwiseGradInput(x, d, shape, taps, pitch, ws)
		expand.before(part, to, x, slopes[part], lo*in, hi*in)
	})
	weights.collect()
	through()
	if expand != nil {
		expand.finish(s.spread.rows(s.n*in, s.n), s.p.Expand.BN, s.g.Expand.BN)
	}
	s.ar.passed("backward depthwise", 2*dmid.bytes()+t.beforeDepthwise().bytes(), dx.bytes())
}

// shortcut adds to dx the gradient that passes through the projected shortcut.
func (s blockPass[T]) shortcut(dx, dout []T) {
	b := s.t.block
	mo := s.n * b.OutSize * b.OutSize
	kernel.PointwiseGradWeight(s.g.Shortcut.Data, s.p.Size.Out, s.ar.all(s.t.shortcutIn), dout, mo, b.In, b.Out)
	if b.Stride == 1 {
		kernel.PointwiseGradInput(dx, dout, mo, b.In, b.Out, s.p.Shortcut.Data, s.p.Size.Out, true)
		return
	}
	ds := s.ar.Alloc(mo * b.In)
	kernel.PointwiseGradInput(ds, dout, mo, b.In, b.Out, s.p.Shortcut.Data, s.p.Size.Out, false)
	kernel.AvgPool2x2Grad(dx, ds, s.n, b.Size, b.Size, b.In, true)
}

// gateGrad is the backward pass of squeeze-and-excitation. The gradients of its weights are
// computed at the end, over all images at once.
type gateGrad[T kernel.Float] struct {
	blockPass[T]
	dgate, dpool, dsqueeze []T
	reduce, expand         *kernel.Operand[T]
}

func (s blockPass[T]) newGateGrad() gateGrad[T] {
	b, p := s.t.block, s.p
	if b.Squeeze == 0 {
		return gateGrad[T]{}
	}
	return gateGrad[T]{blockPass: s,
		dgate: s.ar.Alloc(s.n * b.Mid), dpool: s.ar.Alloc(s.n * b.Mid), dsqueeze: s.ar.Alloc(s.n * b.Squeeze),
		reduce: kernel.NewTransposedOperand(p.SEReduce.Data, b.Mid, b.Squeeze, p.Size.Squeeze),
		expand: kernel.NewTransposedOperand(p.SEExpand.Data, b.Squeeze, b.Mid, p.Size.Mid)}
}

// backward replaces d, the gradient after squeeze-and-excitation of images [lo, hi), by the
// one before it. z is the features there.
func (s gateGrad[T]) backward(d, z []T, lo, hi int) {
	b, n := s.t.block, hi-lo
	mid, sq, px := b.Mid, b.Squeeze, b.OutSize*b.OutSize
	dgate, dpool, dsq := s.dgate[lo*mid:hi*mid], s.dpool[lo*mid:hi*mid], s.dsqueeze[lo*sq:hi*sq]
	kernel.ChannelScaleReduce(dgate, d, z, n, px, mid)
	inside, gate := supernet.GateActs(&b)
	kernel.ActivateGrad(dgate, dgate, s.t.gatePre[lo*mid:hi*mid], gate)
	s.expand.Times(dsq, dgate, n, false)
	kernel.ActivateGrad(dsq, dsq, s.t.squeezePre[lo*sq:hi*sq], inside)
	s.reduce.Times(dpool, dsq, n, false)
	kernel.ChannelScaleGrad(d, d, s.t.gate[lo*mid:hi*mid], dpool, n, px, mid)
}

func (s gateGrad[T]) finish() {
	if s.dgate == nil {
		return
	}
	mid, sq := s.t.block.Mid, s.t.block.Squeeze
	kernel.PointwiseGradWeight(s.g.SEExpand.Data, s.p.Size.Mid, s.t.squeeze, s.dgate, s.n, sq, mid)
	kernel.BiasGrad(s.g.SEBiasE.Data, s.dgate, s.n, mid)
	kernel.PointwiseGradWeight(s.g.SEReduce.Data, s.p.Size.Squeeze, s.t.pool, s.dsqueeze, s.n, mid, sq)
	kernel.BiasGrad(s.g.SEBiasR.Data, s.dsqueeze, s.n, sq)
	s.reduce.Release()
	s.expand.Release()
}
