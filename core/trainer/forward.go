package trainer

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// normTape is what a batch normalisation keeps of a forward pass: its input [m, c] and that
// input's statistics over the batch. Its output, act(pre*scale+shift), is recomputed where it
// is read, which costs less than storing it.
type normTape[T kernel.Float] struct {
	pre                    kept[T]
	mean, variance, invStd []T
	scale, shift           []T
}

// blockTape is what a block keeps of a forward pass.
type blockTape[T kernel.Float] struct {
	block                      arch.Block
	in                         kept[T] // [m, In]
	expand, depthwise, project normTape[T]
	pool, squeezePre, squeeze  []T     // SE: [n, Mid], [n, Squeeze] twice
	gatePre, gate              []T     // SE: [n, Mid] twice
	shortcutIn                 kept[T] // [mo, In], average pooled where the stride is 2
	keep                       []T     // drop-connect: factor of each image, nil without
	out                        kept[T] // [mo, Out]
}

// Tape is what a forward pass with batch statistics keeps for the backward pass and for
// calibration.
type Tape[T kernel.Float] struct {
	Logits []T // [n, Classes]

	net    arch.Network
	n      int
	x      []T // [n, r, r, 3]
	spread *Spread
	stem   normTape[T]
	first  kept[T] // input of the first block
	blocks []blockTape[T]
	head   normTape[T]
	mean   []T // of an expanded head: what follows the pool reads, [n, HeadExpand]
	pre    []T // of an expanded head: before the activation behind the pool, [n, Head]
	pool   []T // [n, Head], after dropout
	keep   []T // dropout factors [n, Head], nil without
}

// BatchOptions says how a forward pass is regularised. The zero value is for none.
type BatchOptions struct {
	Dropout     float64 // probability of dropping a pooled feature
	DropConnect float64 // probability of dropping the last block for an image; that of earlier blocks rises linearly
	Rand        *rand.Rand
	Spread      *Spread // nil where the batch is in one process
}

// dropAt returns the probability of dropping block i of that many.
func (o BatchOptions) dropAt(i, blocks int) float64 {
	return o.DropConnect * float64(i+1) / float64(blocks)
}

// Forward runs the child a, which must be valid, with the statistics of the batch, as in
// training. x is [n, r, r, 3]. The tape keeps x, and is allocated in the arena.
func Forward[T kernel.Float](ar *Arena[T], w *supernet.WeightsOf[T], a arch.Arch, x []T, n int, o BatchOptions) *Tape[T] {
	net := a.Network()
	t := &Tape[T]{net: net, n: n, x: x, spread: o.Spread}
	r := net.Stem.Size
	if len(x) != n*r*r*3 {
		panic("trainer: Forward wants x of n*r*r*3 elements")
	}
	turns := forgetful(ar, net, n)
	mark := ar.Mark()
	forwardStem(ar, w, t, turns[0])
	cur := t.first
	for i, b := range net.Blocks {
		if ar.forget {
			ar.Release(mark)
		}
		t.blocks = append(t.blocks, forwardBlock(ar, w, b, cur, turns[(i+1)%2], n, o.dropAt(i, len(net.Blocks)), o))
		cur = t.blocks[i].out
	}
	forwardHead(ar, w, t, cur)
	if o.Dropout > 0 {
		t.keep = ar.Alloc(len(t.pool))
		drawKeep(t.keep, net.Head.Out, o, o.Dropout)
		for i, k := range t.keep {
			t.pool[i] *= k
		}
	}
	t.Logits = ar.Alloc(n * w.Classes)
	kernel.Pointwise(t.Logits, t.pool, n, net.Head.Out, w.Classes, w.Classifier.Data, w.Classes)
	kernel.AddBias(t.Logits, n, w.Classes, w.ClassBias.Data)
	return t
}

// forgetful returns what outputs go to in turn where the arena forgets them.
func forgetful[T kernel.Float](ar *Arena[T], net arch.Network, n int) (turns [2]kept[T]) {
	if !ar.forget {
		return turns
	}
	most := net.Stem.OutSize * net.Stem.OutSize * net.Stem.Out
	for _, b := range net.Blocks {
		most = max(most, b.OutSize*b.OutSize*b.Out)
	}
	return [2]kept[T]{ar.keep(n * most), ar.keep(n * most)}
}

// forwardStem runs the stem, with the patches of a few images at a time. Its output goes to
// out, where there is one.
func forwardStem[T kernel.Float](ar *Arena[T], w *supernet.WeightsOf[T], t *Tape[T], out kept[T]) {
	s := t.net.Stem
	r, c, px := s.Size, s.Out, s.OutSize*s.OutSize
	m := t.n * px
	norm := newNorm(ar, m, c)
	t.first = ar.keepIn(out, m*c)
	bands := kernel.NewBands(t.n, px*27, 1)
	mark := ar.Mark()
	cols, scratch := ar.Each(bands, px*27), ar.bands(bands, px*c)
	matrix := kernel.NewOperand(w.Stem.Weight.Data, 27, c, w.Stem.Weight.Shape[3])
	sums := newMoments[T](bands.Parts, c, t.spread)
	bands.Each(func(part, lo, hi int) {
		kernel.Im2col3x3s2(cols[part], t.x[lo*r*r*3:hi*r*r*3], hi-lo, r, r, 3)
		y := norm.pre.part(lo*px*c, hi*px*c).room(scratch[part])
		matrix.Times(y, cols[part], (hi-lo)*px, false)
		norm.put(sums, part, y, lo*px, hi*px, c)
	})
	matrix.Release()
	ar.Release(mark)
	norm.finish(sums, w.Stem.BN)
	ar.passed("forward stem", 4*len(t.x), norm.pre.bytes())
	bands = kernel.NewBands(m, c, PixelGrain)
	scratch = ar.bands(bands, c)
	bands.Each(func(part, lo, hi int) {
		first := t.first.part(lo*c, hi*c)
		y := first.room(scratch[part])
		norm.apply(y, lo, hi, c, supernet.Act(t.net.Act))
		first.store(y)
	})
	ar.Release(mark)
	ar.passed("forward output", norm.pre.bytes(), t.first.bytes())
	t.stem = norm
}

// forwardHead runs the head up to the pooled features.
func forwardHead[T kernel.Float](ar *Arena[T], w *supernet.WeightsOf[T], t *Tape[T], x kept[T]) {
	s := t.net.BeforePool()
	px, c, act := s.Size*s.Size, s.Out, supernet.Act(t.net.Act)
	t.head = product(ar, x, t.n*px, s.In, c, w.BeforePool(), t.spread)
	ar.passed("forward head", x.bytes(), t.head.pre.bytes())
	t.pool = ar.Alloc(t.n * c)
	bands := kernel.NewBands(t.n, px*c, 1)
	mark := ar.Mark()
	out := ar.Each(bands, px*c)
	bands.Each(func(part, lo, hi int) {
		t.head.apply(out[part], lo*px, hi*px, c, act)
		kernel.GlobalPool(t.pool[lo*c:hi*c], out[part], hi-lo, px, c)
	})
	ar.Release(mark)
	ar.passed("forward head", t.head.pre.bytes(), 4*len(t.pool))
	if t.net.HeadExpand.Out > 0 {
		last := t.net.Head
		t.mean, t.pre, t.pool = t.pool, ar.Alloc(t.n*last.Out), ar.Alloc(t.n*last.Out)
		kernel.Pointwise(t.pre, t.mean, t.n, last.In, last.Out, w.Head.Weight.Data, w.Head.Weight.Shape[1])
		kernel.Activate(t.pool, t.pre, act)
	}
}

// newNorm allocates the tape of a batch normalisation with input [m, c].
func newNorm[T kernel.Float](ar *Arena[T], m, c int) normTape[T] {
	t := normTape[T]{pre: ar.keep(m * c), invStd: ar.Alloc(c), scale: ar.Alloc(c), shift: ar.Alloc(c)}
	if ar.forget {
		t.mean, t.variance = make([]T, c), make([]T, c)
	} else {
		t.mean, t.variance = ar.Alloc(c), ar.Alloc(c)
	}
	return t
}

// finish derives statistics, scale and shift from the sums over pre.
func (t *normTape[T]) finish(sums *kernel.Moments[T], bn supernet.BN[T]) {
	sums.Result(t.mean, t.variance)
	kernel.NormScale(t.scale, t.shift, t.invStd, t.mean, t.variance, bn.Gamma.Data, bn.Beta.Data, supernet.Epsilon)
}

// apply computes rows [lo, hi) of the output.
func (t *normTape[T]) apply(out []T, lo, hi, c int, act kernel.Act) {
	pre := t.pre.part(lo*c, hi*c)
	if pre.short != nil {
		kernel.ScaleShiftActRounded(out, pre.short, hi-lo, c, t.scale, t.shift, act)
		return
	}
	kernel.ScaleShiftAct(out, pre.wide, hi-lo, c, t.scale, t.shift, act, nil)
}

// put keeps rows [lo, hi) of the input, which were computed in its room, and adds them to the
// sums.
func (t *normTape[T]) put(sums *kernel.Moments[T], part int, computed []T, lo, hi, c int) {
	if pre := t.pre.part(lo*c, hi*c); pre.short != nil {
		sums.AddRounded(part, pre.short, computed, hi-lo)
		return
	}
	sums.Add(part, computed, hi-lo)
}

// PixelGrain is the number of pixels that bands are multiples of: whole tiles of the matrix
// products.
const PixelGrain = 18

// product computes a 1x1 convolution of x [m, k] and the statistics of its output.
func product[T kernel.Float](ar *Arena[T], x kept[T], m, k, c int, conv supernet.ConvOf[T], spread *Spread) normTape[T] {
	t := newNorm(ar, m, c)
	bands := kernel.NewBands(m, c, PixelGrain)
	matrix := kernel.NewOperand(conv.Weight.Data, k, c, conv.Weight.Shape[len(conv.Weight.Shape)-1])
	sums := newMoments[T](bands.Parts, c, spread)
	mark := ar.Mark()
	inputs, outputs := ar.bands(bands, k), ar.bands(bands, c)
	bands.Each(func(part, lo, hi int) {
		y := t.pre.part(lo*c, hi*c).room(outputs[part])
		matrix.Times(y, x.part(lo*k, hi*k).read(inputs[part]), hi-lo, false)
		t.put(sums, part, y, lo, hi, c)
	})
	ar.Release(mark)
	matrix.Release()
	t.finish(sums, conv.BN)
	return t
}

// norms lists the tape's BN layers in the order of supernet.BNLayers.
func (t *Tape[T]) norms() []*normTape[T] {
	out := []*normTape[T]{&t.stem}
	for i := range t.blocks {
		b := &t.blocks[i]
		if b.block.Expand {
			out = append(out, &b.expand)
		}
		out = append(out, &b.depthwise, &b.project)
	}
	return append(out, &t.head)
}
