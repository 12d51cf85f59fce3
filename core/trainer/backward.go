// Package trainer trains a supernet: the forward and backward passes with the
// statistics of a batch, calibration, the losses, the optimisers, the schedule and
// the sandwich step (BigNAS, arXiv 2003.11142, section 3).
package trainer

import (
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Backward adds to grad the gradients of a child's weights, given the tape of its forward
// pass and dlogits [n, classes]. The gradients of a slice are added to the same slice of the
// shared tensors; the rest of grad is unchanged.
//
// Like the forward pass it goes over memory in bands. One pass writes the gradient before an
// activation and sums its columns; from the sums follows the gradient of the batch
// normalisation, which the next pass applies while it reads.
func Backward[T kernel.Float](ar *Arena[T], w, grad *supernet.WeightsOf[T], t *Tape[T], dlogits []T) {
	backward(ar, w, grad, t, dlogits, nil)
}

// backward is Backward. added, where not nil, is called with a tensor of grad after each part
// of the network: nothing more is added to it and to those behind it in grad.Params.
func backward[T kernel.Float](ar *Arena[T], w, grad *supernet.WeightsOf[T], t *Tape[T], dlogits []T, added func(*supernet.ParamOf[T])) {
	if added == nil {
		added = func(*supernet.ParamOf[T]) {}
	}
	mark := ar.Mark()
	defer ar.Release(mark)
	net, n := t.net, t.n
	// The gradient at the output of a block is in one of two buffers, alternately;
	// everything else of a block is released after it.
	last := net.BeforePool()
	most := n * last.Size * last.Size * last.In
	for _, b := range net.Blocks {
		most = max(most, n*b.Size*b.Size*b.In)
	}
	d, next := ar.Alloc(most), ar.Alloc(most)
	backwardHead(ar, w, grad, t, d, dlogits)
	added(grad.BeforePool().Weight)
	for i := len(t.blocks) - 1; i >= 0; i-- {
		b := &t.blocks[i]
		inner := ar.Mark()
		mo := n * b.block.OutSize * b.block.OutSize
		step := blockPass[T]{ar: ar, t: b, n: n, spread: t.spread,
			p: w.Blocks[b.block.Stage][b.block.Index], g: grad.Blocks[b.block.Stage][b.block.Index]}
		step.backward(next[:b.in.len()], d[:mo*b.block.Out])
		ar.Release(inner)
		d, next = next, d
		if b.block.Expand {
			added(step.g.Expand.Weight)
		} else {
			added(step.g.Depthwise.Weight)
		}
	}
	backwardStem(ar, w, grad, t, d)
	added(grad.Stem.Weight)
}

// normGrad is the state of the backward pass of a batch normalisation: the sums of the first
// pass over memory, the coefficients for the second.
type normGrad[T kernel.Float] struct {
	t       *normTape[T]
	c       int
	sums    *kernel.GradSums
	k, a, b []T
}

func newNormGrad[T kernel.Float](ar *Arena[T], t *normTape[T], c int) *normGrad[T] {
	return &normGrad[T]{t: t, c: c, k: ar.Alloc(c), a: ar.Alloc(c), b: ar.Alloc(c)}
}

// forward recomputes the activation at rows [lo, hi), and its derivative.
func (g *normGrad[T]) forward(y, slope []T, lo, hi int, act kernel.Act) {
	pre := g.t.pre.part(lo*g.c, hi*g.c)
	if pre.short != nil {
		kernel.ActSlopeRounded(y, slope, pre.short, hi-lo, g.c, g.t.scale, g.t.shift, act)
		return
	}
	kernel.ActSlope(y, slope, pre.wide, hi-lo, g.c, g.t.scale, g.t.shift, act)
}

// before computes dz, the gradient before the activation at rows [lo, hi), from dy, the one
// after it, which may be dz. dz is kept like pre.
func (g *normGrad[T]) before(part int, dz kept[T], dy, slope []T, lo, hi int) {
	pre := g.t.pre.part(lo*g.c, hi*g.c)
	if pre.short != nil {
		kernel.AddGradRounded(g.sums, part, dz.short, dy, slope, pre.short, hi-lo, g.t.mean)
		return
	}
	kernel.AddGrad(g.sums, part, dz.wide, dy, slope, pre.wide, hi-lo, g.t.mean)
}

// finish, after all rows, m in the whole batch, adds the gradients of gamma and beta.
func (g *normGrad[T]) finish(m int, bn, grad supernet.BN[T]) {
	kernel.Coefficients(g.sums, m, g.t.mean, g.t.invStd, bn.Gamma.Data, g.k, g.a, g.b, grad.Gamma.Data, grad.Beta.Data)
}

// through computes dx, the gradient at pre, from dz, kept like pre, at rows [lo, hi).
func (g *normGrad[T]) through(dx []T, dz kept[T], lo, hi int) {
	pre := g.t.pre.part(lo*g.c, hi*g.c)
	if pre.short != nil {
		kernel.CombineRounded(dx, dz.short, pre.short, hi-lo, g.c, g.k, g.a, g.b)
		return
	}
	kernel.Combine(dx, dz.wide, pre.wide, hi-lo, g.c, g.k, g.a, g.b)
}

// throughWide is through where dz is in T and may be dx.
func (g *normGrad[T]) throughWide(dx, dz, scratch []T, lo, hi int) {
	kernel.Combine(dx, dz, g.t.pre.part(lo*g.c, hi*g.c).read(scratch), hi-lo, g.c, g.k, g.a, g.b)
}

// shares is a gradient that several parts add to: part 0 to the shared tensor, the others to
// arrays of their own, which collect adds in order.
type shares[T kernel.Float] struct {
	to      []T // [rows][cols], row stride ws
	rows    int
	cols    int
	ws      int
	private [][]T
}

func newShares[T kernel.Float](ar *Arena[T], parts int, to []T, rows, cols, ws int) *shares[T] {
	s := &shares[T]{to: to, rows: rows, cols: cols, ws: ws}
	for range parts - 1 {
		p := ar.Alloc(rows * cols)
		clear(p)
		s.private = append(s.private, p)
	}
	return s
}

// of returns the array that a part adds to, and its row stride.
func (s *shares[T]) of(part int) (to []T, ws int) {
	if part == 0 {
		return s.to, s.ws
	}
	return s.private[part-1], s.cols
}

func (s *shares[T]) collect() {
	for _, p := range s.private {
		for i := range s.rows {
			row := s.to[i*s.ws:][:s.cols]
			for j, v := range p[i*s.cols:][:s.cols] {
				row[j] += v
			}
		}
	}
}

// backwardHead writes d, the gradient at the head's input.
func backwardHead[T kernel.Float](ar *Arena[T], w, grad *supernet.WeightsOf[T], t *Tape[T], d, dlogits []T) {
	mark := ar.Mark()
	defer ar.Release(mark)
	n, s, classes, act := t.n, t.net.BeforePool(), w.Classes, supernet.Act(t.net.Act)
	c, px := s.Out, s.Size*s.Size
	features := t.net.Head.Out
	kernel.PointwiseGradWeight(grad.Classifier.Data, classes, t.pool, dlogits, n, features, classes)
	kernel.BiasGrad(grad.ClassBias.Data, dlogits, n, classes)
	dpool := ar.Alloc(n * features)
	kernel.PointwiseGradInput(dpool, dlogits, n, features, classes, w.Classifier.Data, classes, false)
	for i := range t.keep {
		dpool[i] *= t.keep[i]
	}
	if t.net.HeadExpand.Out > 0 {
		ws := w.Head.Weight.Shape[1]
		kernel.ActivateGrad(dpool, dpool, t.pre, act)
		kernel.PointwiseGradWeight(grad.Head.Weight.Data, ws, t.mean, dpool, n, c, features)
		dmean := ar.Alloc(n * c)
		kernel.PointwiseGradInput(dmean, dpool, n, c, features, w.Head.Weight.Data, ws, false)
		dpool = dmean
	}
	norm := newNormGrad(ar, &t.head, c)
	dz := ar.keep(n * px * c)
	bands := kernel.NewBands(n, px*c, 1)
	norm.sums = newGradSums(bands.Parts, c, t.spread)
	outs, slopes := ar.Each(bands, px*c), ar.Each(bands, px*c)
	bands.Each(func(part, lo, hi int) {
		z := dz.part(lo*px*c, hi*px*c)
		norm.forward(outs[part], slopes[part], lo*px, hi*px, act)
		dy := z.room(outs[part])
		kernel.GlobalPoolGrad(dy, dpool[lo*c:hi*c], hi-lo, px, c)
		norm.before(part, z, dy, slopes[part], lo*px, hi*px)
	})
	ar.passed("backward head", t.head.pre.bytes(), dz.bytes())
	conv, dconv := w.BeforePool(), grad.BeforePool()
	norm.finish(t.spread.rows(n*px, n), conv.BN, dconv.BN)
	in := t.first
	if len(t.blocks) > 0 {
		in = t.blocks[len(t.blocks)-1].out
	}
	backwardProduct(ar, norm, conv, dconv, in, d, dz, n*px, s.In, nil)
	ar.passed("backward head", 2*dz.bytes()+in.bytes(), 4*in.len())
}

// backwardProduct is the second pass of a 1x1 convolution with batch normalisation. From dz
// and the input [m, k] it computes the gradients of the weights and, in dx, of the input,
// plus add where that is not nil.
func backwardProduct[T kernel.Float](ar *Arena[T], norm *normGrad[T], conv, grad supernet.ConvOf[T], in kept[T], dx []T, dz kept[T], m, k int, add []T) {
	c, ws := norm.c, conv.Weight.Shape[len(conv.Weight.Shape)-1]
	bands := kernel.NewBands(m, c, PixelGrain)
	scratch, inputs := ar.Each(bands, c), ar.bands(bands, k)
	weights := newShares(ar, bands.Parts, grad.Weight.Data, k, c, ws)
	matrix := kernel.NewTransposedOperand(conv.Weight.Data, k, c, ws)
	bands.Each(func(part, lo, hi int) {
		d := scratch[part][:(hi-lo)*c]
		norm.through(d, dz.part(lo*c, hi*c), lo, hi)
		dw, stride := weights.of(part)
		kernel.AddGradWeight(dw, stride, in.part(lo*k, hi*k).read(inputs[part]), d, hi-lo, k, c)
		if add != nil {
			copy(dx[lo*k:hi*k], add[lo*k:hi*k])
		}
		matrix.Times(dx[lo*k:hi*k], d, hi-lo, add != nil)
	})
	matrix.Release()
	weights.collect()
}

// backwardStem ends the pass. d is the gradient at the stem's output.
func backwardStem[T kernel.Float](ar *Arena[T], w, grad *supernet.WeightsOf[T], t *Tape[T], d []T) {
	n, s := t.n, t.net.Stem
	r, c, px := s.Size, s.Out, s.OutSize*s.OutSize
	norm := newNormGrad(ar, &t.stem, c)
	d = d[:n*px*c]
	bands := kernel.NewBands(n*px, c, PixelGrain)
	norm.sums = newGradSums(bands.Parts, c, t.spread)
	// d stays as it is: what it is computed from is read in T.
	features, slopes, inputs := ar.Each(bands, c), ar.Each(bands, c), ar.bands(bands, c)
	bands.Each(func(part, lo, hi int) {
		x, dz := t.stem.pre.part(lo*c, hi*c).read(inputs[part]), d[lo*c:hi*c]
		kernel.ActSlope(features[part], slopes[part], x, hi-lo, c, t.stem.scale, t.stem.shift, supernet.Act(t.net.Act))
		kernel.AddGrad(norm.sums, part, dz, dz, slopes[part], x, hi-lo, t.stem.mean)
	})
	norm.finish(t.spread.rows(n*px, n), w.Stem.BN, grad.Stem.BN)
	ar.passed("backward stem", 4*len(d)+t.stem.pre.bytes(), 4*len(d))
	bands = kernel.NewBands(n, px*27, 1)
	cols, scratch := ar.Each(bands, px*27), ar.Each(bands, px*c)
	inputs = ar.bands(bands, px*c)
	weights := newShares(ar, bands.Parts, grad.Stem.Weight.Data, 27, c, grad.Stem.Weight.Shape[3])
	bands.Each(func(part, lo, hi int) {
		rows := (hi - lo) * px
		dx := scratch[part][:rows*c]
		norm.throughWide(dx, d[lo*px*c:hi*px*c], inputs[part], lo*px, hi*px)
		kernel.Im2col3x3s2(cols[part], t.x[lo*r*r*3:hi*r*r*3], hi-lo, r, r, 3)
		dw, stride := weights.of(part)
		kernel.AddGradWeight(dw, stride, cols[part], dx, rows, 27, c)
	})
	weights.collect()
	ar.passed("backward stem", 4*len(d)+t.stem.pre.bytes()+4*len(t.x), 0)
}
