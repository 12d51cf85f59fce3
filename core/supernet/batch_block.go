package supernet

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Centre returns the depthwise weights from the first tap of the k x k centre
// on, with the pitch and stride that kernel.Depthwise takes.
func (p *BlockOf[T]) Centre(of *ParamOf[T], k int) (w []T, pitch, stride int) {
	big, c := p.Size.Kernel, p.Size.Mid
	lo := (big - k) / 2
	return of.Data[(lo*big+lo)*c:], big, c
}

// forwardBlock runs a block in three passes over memory, each up to the
// statistics that the next one normalises with: the expansion; the depthwise
// convolution; squeeze-and-excitation with the projection.
func (w *WeightsOf[T]) forwardBlock(ar *Arena[T], b arch.Block, x []T, n int, drop float64, r *rand.Rand) BlockTape[T] {
	p := w.Blocks[b.Stage][b.Index]
	t := BlockTape[T]{Block: b, In: x}
	if b.Expand {
		t.Expand = product(ar, x, n*b.Size*b.Size, b.In, b.Mid, p.Expand)
	}
	p.forwardDepthwise(ar, &t, n)
	p.forwardProject(ar, &t, n)
	mo := n * b.OutSize * b.OutSize
	residual := w.shortcut(ar, &t, x, n)
	t.Out = ar.Alloc(mo * b.Out)
	if drop > 0 && residual != nil {
		t.Project.Apply(t.Out, 0, mo, b.Out, kernel.None)
		t.Keep = ar.Alloc(n)
		for i := range t.Keep {
			t.Keep[i] = keep[T](r, drop)
		}
		ScaleImages(t.Out, t.Keep)
		kernel.Add(t.Out, residual)
	} else {
		kernel.ScaleShiftAct(t.Out, t.Project.Pre, mo, b.Out, t.Project.Scale, t.Project.Shift, kernel.None, residual)
	}
	return t
}

// forwardDepthwise normalises and convolves a few images at a time.
func (p *BlockOf[T]) forwardDepthwise(ar *Arena[T], t *BlockTape[T], n int) {
	b := t.Block
	in, out := b.Size*b.Size, b.OutSize*b.OutSize
	norm := newNorm(ar, n*out, b.Mid)
	bands := kernel.NewBands(n, in*b.Mid, 1)
	mark := ar.Mark()
	var expanded [][]T
	if b.Expand {
		expanded = ar.Each(bands, in*b.Mid)
	}
	taps, pitch, ws := p.Centre(p.Depthwise.Weight, b.Kernel)
	sums := kernel.NewMoments[T](bands.Parts, b.Mid)
	bands.Each(func(part, lo, hi int) {
		e := t.In[lo*in*b.In : hi*in*b.In]
		if b.Expand {
			e = expanded[part][:(hi-lo)*in*b.Mid]
			t.Expand.Apply(e, lo*in, hi*in, b.Mid, kernel.Swish)
		}
		y := norm.Pre[lo*out*b.Mid : hi*out*b.Mid]
		kernel.Depthwise(y, e, DepthwiseShape(hi-lo, b), taps, pitch, ws)
		sums.Add(part, y, (hi-lo)*out)
	})
	ar.Release(mark)
	norm.finish(sums, p.Depthwise.BN)
	t.Depthwise = norm
}

// forwardProject normalises, gates and projects a few images at a time.
func (p *BlockOf[T]) forwardProject(ar *Arena[T], t *BlockTape[T], n int) {
	b := t.Block
	px := b.OutSize * b.OutSize
	if b.Squeeze > 0 {
		t.Pool, t.GatePre, t.Gate = ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid)
		t.SqueezePre, t.Squeeze = ar.Alloc(n*b.Squeeze), ar.Alloc(n*b.Squeeze)
	}
	norm := newNorm(ar, n*px, b.Out)
	bands := kernel.NewBands(n, px*b.Mid, 1)
	mark := ar.Mark()
	scaled := ar.Each(bands, px*b.Mid)
	matrix := kernel.NewFactor(p.Project.Weight.Data, b.Mid, b.Out, p.Size.Out)
	sums := kernel.NewMoments[T](bands.Parts, b.Out)
	gate := p.newGate(b)
	bands.Each(func(part, lo, hi int) {
		s := scaled[part][:(hi-lo)*px*b.Mid]
		t.Depthwise.Apply(s, lo*px, hi*px, b.Mid, kernel.Swish)
		if b.Squeeze > 0 {
			gate.forward(t, s, lo, hi)
			kernel.ChannelScale(s, s, t.Gate[lo*b.Mid:hi*b.Mid], hi-lo, px, b.Mid)
		}
		y := norm.Pre[lo*px*b.Out : hi*px*b.Out]
		matrix.Times(y, s, (hi-lo)*px, false)
		sums.Add(part, y, (hi-lo)*px)
	})
	matrix.Release()
	gate.release()
	ar.Release(mark)
	norm.finish(sums, p.Project.BN)
	t.Project = norm
}

// gate is squeeze-and-excitation with its matrices made ready.
type gate[T kernel.Float] struct {
	p              *BlockOf[T]
	reduce, expand *kernel.Factor[T]
}

func (p *BlockOf[T]) newGate(b arch.Block) gate[T] {
	if b.Squeeze == 0 {
		return gate[T]{}
	}
	return gate[T]{p, kernel.NewFactor(p.SEReduce.Data, b.Mid, b.Squeeze, p.Size.Squeeze), kernel.NewFactor(p.SEExpand.Data, b.Squeeze, b.Mid, p.Size.Mid)}
}

func (g gate[T]) release() {
	if g.p != nil {
		g.reduce.Release()
		g.expand.Release()
	}
}

// forward computes the gates of images [lo, hi) from their features.
func (g gate[T]) forward(t *BlockTape[T], features []T, lo, hi int) {
	b, n := t.Block, hi-lo
	pool, gatePre := t.Pool[lo*b.Mid:hi*b.Mid], t.GatePre[lo*b.Mid:hi*b.Mid]
	squeezePre, squeeze := t.SqueezePre[lo*b.Squeeze:hi*b.Squeeze], t.Squeeze[lo*b.Squeeze:hi*b.Squeeze]
	kernel.GlobalPool(pool, features, n, b.OutSize*b.OutSize, b.Mid)
	g.reduce.Times(squeezePre, pool, n, false)
	kernel.AddBias(squeezePre, n, b.Squeeze, g.p.SEBiasR.Data)
	kernel.Activate(squeeze, squeezePre, kernel.Swish)
	g.expand.Times(gatePre, squeeze, n, false)
	kernel.AddBias(gatePre, n, b.Mid, g.p.SEBiasE.Data)
	kernel.Activate(t.Gate[lo*b.Mid:hi*b.Mid], gatePre, kernel.Sigmoid)
}

// shortcut returns what the block adds to its output, or nil.
func (w *WeightsOf[T]) shortcut(ar *Arena[T], t *BlockTape[T], x []T, n int) []T {
	b := t.Block
	mo := n * b.OutSize * b.OutSize
	switch b.Shortcut {
	case arch.Identity:
		return x
	case arch.Project:
		t.ShortcutIn = x
		if b.Stride == 2 {
			t.ShortcutIn = ar.Alloc(mo * b.In)
			kernel.AvgPool2x2(t.ShortcutIn, x, n, b.Size, b.Size, b.In)
		}
		p := w.Blocks[b.Stage][b.Index]
		out := ar.Alloc(mo * b.Out)
		kernel.Pointwise(out, t.ShortcutIn, mo, b.In, b.Out, p.Shortcut.Data, p.Size.Out)
		return out
	}
	return nil
}

// DepthwiseShape is the kernel's view of a block's depthwise convolution.
func DepthwiseShape(n int, b arch.Block) kernel.DepthwiseShape {
	return kernel.DepthwiseShape{N: n, H: b.Size, W: b.Size, C: b.Mid, K: b.Kernel, Stride: b.Stride}
}

// ScaleImages multiplies all of image i of x by s[i].
func ScaleImages[T kernel.Float](x, s []T) {
	each := len(x) / len(s)
	for i, v := range s {
		row := x[i*each : (i+1)*each]
		for j := range row {
			row[j] *= v
		}
	}
}
