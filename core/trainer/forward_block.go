package trainer

import (
	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// forwardBlock runs a block in three passes over memory: the expansion, the depthwise
// convolution, and squeeze-and-excitation with the projection. Each ends with the statistics
// that the next one normalises with. The output goes to out, where there is one.
func forwardBlock[T kernel.Float](ar *Arena[T], w *supernet.WeightsOf[T], b arch.Block, x, out kept[T], n int, drop float64, o BatchOptions) blockTape[T] {
	p := w.Blocks[b.Stage][b.Index]
	t := blockTape[T]{block: b, in: x}
	if b.Expand {
		t.expand = product(ar, x, n*b.Size*b.Size, b.In, b.Mid, p.Expand, o.Spread)
		ar.passed("forward expansion", x.bytes(), t.expand.pre.bytes())
	}
	forwardDepthwise(ar, p, &t, n, o.Spread)
	ar.passed("forward depthwise", t.beforeDepthwise().bytes(), t.depthwise.pre.bytes())
	forwardProject(ar, p, &t, n, o.Spread)
	ar.passed("forward projection", t.depthwise.pre.bytes(), t.project.pre.bytes())
	residual := forwardShortcut(ar, p, &t, x, n)
	if drop > 0 && residual.len() > 0 {
		t.keep = ar.Alloc(n)
		drawKeep(t.keep, 1, o, drop)
	}
	t.out = ar.keepIn(out, n*b.OutSize*b.OutSize*b.Out)
	forwardOutput(ar, &t, residual, n)
	ar.passed("forward output", t.project.pre.bytes()+residual.bytes(), t.out.bytes())
	return t
}

// beforeDepthwise returns what the depthwise convolution reads, before its activation.
func (t *blockTape[T]) beforeDepthwise() kept[T] {
	if t.block.Expand {
		return t.expand.pre
	}
	return t.in
}

// forwardOutput normalises the projection, drops images and adds the residual.
func forwardOutput[T kernel.Float](ar *Arena[T], t *blockTape[T], residual kept[T], n int) {
	b, norm := t.block, &t.project
	px, each := b.OutSize*b.OutSize, b.OutSize*b.OutSize*b.Out
	bands := kernel.NewBands(n, each, 1)
	mark := ar.Mark()
	outputs, residuals := ar.bands(bands, each), ar.bands(bands, each)
	bands.Each(func(part, lo, hi int) {
		out := t.out.part(lo*each, hi*each)
		y := out.room(outputs[part])
		pre := norm.pre.part(lo*each, hi*each).read(y)
		var add []T
		if residual.len() > 0 {
			add = residual.part(lo*each, hi*each).read(residuals[part])
		}
		if t.keep != nil {
			kernel.ScaleShiftAct(y, pre, (hi-lo)*px, b.Out, norm.scale, norm.shift, kernel.None, nil)
			scaleImages(y, t.keep[lo:hi])
			kernel.Add(y, add)
		} else {
			kernel.ScaleShiftAct(y, pre, (hi-lo)*px, b.Out, norm.scale, norm.shift, kernel.None, add)
		}
		out.store(y)
	})
	ar.Release(mark)
}

// forwardDepthwise normalises and convolves a few images at a time.
func forwardDepthwise[T kernel.Float](ar *Arena[T], p *supernet.BlockOf[T], t *blockTape[T], n int, spread *Spread) {
	b := t.block
	in, out := b.Size*b.Size, b.OutSize*b.OutSize
	norm := newNorm(ar, n*out, b.Mid)
	bands := kernel.NewBands(n, in*b.Mid, 1)
	mark := ar.Mark()
	var expanded [][]T
	if b.Expand {
		expanded = ar.Each(bands, in*b.Mid)
	} else {
		expanded = ar.bands(bands, in*b.Mid)
	}
	scratch := ar.bands(bands, out*b.Mid)
	taps, pitch, ws := p.Taps(b.Kernel, b.Mid)
	sums := newMoments[T](bands.Parts, b.Mid, spread)
	bands.Each(func(part, lo, hi int) {
		var e []T
		if b.Expand {
			e = expanded[part][:(hi-lo)*in*b.Mid]
			t.expand.apply(e, lo*in, hi*in, b.Mid, supernet.Act(b.Act))
		} else {
			e = t.in.part(lo*in*b.In, hi*in*b.In).read(expanded[part])
		}
		y := norm.pre.part(lo*out*b.Mid, hi*out*b.Mid).room(scratch[part])
		kernel.Depthwise(y, e, depthwiseShape(hi-lo, b), taps, pitch, ws)
		norm.put(sums, part, y, lo*out, hi*out, b.Mid)
	})
	ar.Release(mark)
	norm.finish(sums, p.Depthwise.BN)
	t.depthwise = norm
}

// forwardProject normalises, gates and projects a few images at a time.
func forwardProject[T kernel.Float](ar *Arena[T], p *supernet.BlockOf[T], t *blockTape[T], n int, spread *Spread) {
	b := t.block
	px := b.OutSize * b.OutSize
	if b.Squeeze > 0 {
		t.pool, t.gatePre, t.gate = ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid)
		t.squeezePre, t.squeeze = ar.Alloc(n*b.Squeeze), ar.Alloc(n*b.Squeeze)
	}
	norm := newNorm(ar, n*px, b.Out)
	bands := kernel.NewBands(n, px*b.Mid, 1)
	mark := ar.Mark()
	scaled, scratch := ar.Each(bands, px*b.Mid), ar.bands(bands, px*b.Out)
	matrix := kernel.NewOperand(p.Project.Weight.Data, b.Mid, b.Out, p.Size.Out)
	sums := newMoments[T](bands.Parts, b.Out, spread)
	gate := newGate(p, b)
	bands.Each(func(part, lo, hi int) {
		s := scaled[part][:(hi-lo)*px*b.Mid]
		t.depthwise.apply(s, lo*px, hi*px, b.Mid, supernet.Act(b.Act))
		if b.Squeeze > 0 {
			gate.forward(t, s, lo, hi)
			kernel.ChannelScale(s, s, t.gate[lo*b.Mid:hi*b.Mid], hi-lo, px, b.Mid)
		}
		y := norm.pre.part(lo*px*b.Out, hi*px*b.Out).room(scratch[part])
		matrix.Times(y, s, (hi-lo)*px, false)
		norm.put(sums, part, y, lo*px, hi*px, b.Out)
	})
	matrix.Release()
	gate.release()
	ar.Release(mark)
	norm.finish(sums, p.Project.BN)
	t.project = norm
}

// gate is squeeze-and-excitation with its matrices packed.
type gate[T kernel.Float] struct {
	p              *supernet.BlockOf[T]
	reduce, expand *kernel.Operand[T]
}

func newGate[T kernel.Float](p *supernet.BlockOf[T], b arch.Block) gate[T] {
	if b.Squeeze == 0 {
		return gate[T]{}
	}
	return gate[T]{p, kernel.NewOperand(p.SEReduce.Data, b.Mid, b.Squeeze, p.Size.Squeeze), kernel.NewOperand(p.SEExpand.Data, b.Squeeze, b.Mid, p.Size.Mid)}
}

func (g gate[T]) release() {
	if g.p != nil {
		g.reduce.Release()
		g.expand.Release()
	}
}

// forward computes the gates of images [lo, hi) from their features.
func (g gate[T]) forward(t *blockTape[T], features []T, lo, hi int) {
	b, n := t.block, hi-lo
	pool, gatePre := t.pool[lo*b.Mid:hi*b.Mid], t.gatePre[lo*b.Mid:hi*b.Mid]
	squeezePre, squeeze := t.squeezePre[lo*b.Squeeze:hi*b.Squeeze], t.squeeze[lo*b.Squeeze:hi*b.Squeeze]
	kernel.GlobalPool(pool, features, n, b.OutSize*b.OutSize, b.Mid)
	g.reduce.Times(squeezePre, pool, n, false)
	kernel.AddBias(squeezePre, n, b.Squeeze, g.p.SEBiasR.Data)
	inside, act := supernet.GateActs(&b)
	kernel.Activate(squeeze, squeezePre, inside)
	g.expand.Times(gatePre, squeeze, n, false)
	kernel.AddBias(gatePre, n, b.Mid, g.p.SEBiasE.Data)
	kernel.Activate(t.gate[lo*b.Mid:hi*b.Mid], gatePre, act)
}

// forwardShortcut returns what the block adds to its output, if anything.
func forwardShortcut[T kernel.Float](ar *Arena[T], p *supernet.BlockOf[T], t *blockTape[T], x kept[T], n int) kept[T] {
	b := t.block
	mo := n * b.OutSize * b.OutSize
	t.shortcutIn = x
	if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
		t.shortcutIn = ar.keep(mo * b.In)
		mark := ar.Mark()
		y := ar.space(t.shortcutIn)
		kernel.AvgPool2x2(y, ar.all(x), n, b.Size, b.Size, b.In)
		ar.storeAll(t.shortcutIn, y)
		ar.Release(mark)
		ar.passed("forward shortcut", x.bytes(), t.shortcutIn.bytes())
	}
	switch b.Shortcut {
	case arch.Identity:
		return t.shortcutIn
	case arch.Project:
		out := ar.keep(mo * b.Out)
		mark := ar.Mark()
		y := ar.space(out)
		kernel.Pointwise(y, ar.all(t.shortcutIn), mo, b.In, b.Out, p.Shortcut.Data, p.Size.Out)
		ar.storeAll(out, y)
		ar.Release(mark)
		ar.passed("forward shortcut", t.shortcutIn.bytes(), out.bytes())
		return out
	}
	return kept[T]{}
}

// depthwiseShape returns the shape of a block's depthwise convolution.
func depthwiseShape(n int, b arch.Block) kernel.DepthwiseShape {
	return kernel.DepthwiseShape{N: n, H: b.Size, W: b.Size, C: b.Mid, K: b.Kernel, Stride: b.Stride}
}

// scaleImages multiplies image i of x by s[i].
func scaleImages[T kernel.Float](x, s []T) {
	each := len(x) / len(s)
	for i, v := range s {
		row := x[i*each : (i+1)*each]
		for j := range row {
			row[j] *= v
		}
	}
}
