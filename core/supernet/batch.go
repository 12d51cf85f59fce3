package supernet

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// NormTape is what a batch normalisation remembers of a forward pass: its
// input [m, c] and that input's statistics over the batch. What comes out,
// act(Pre*Scale+Shift), is computed again where it is read: that costs less than
// writing it and reading it back.
type NormTape[T kernel.Float] struct {
	Pre                    []T
	Mean, Variance, InvStd []T
	Scale, Shift           []T
}

// BlockTape is what one block remembers.
type BlockTape[T kernel.Float] struct {
	Block                      arch.Block
	In                         []T // [m, In]
	Expand, Depthwise, Project NormTape[T]
	Pool, SqueezePre, Squeeze  []T // SE: [n, Mid], [n, Squeeze] twice
	GatePre, Gate              []T // SE: [n, Mid] twice
	ShortcutIn                 []T // [mo, In], average pooled where the stride is 2
	Keep                       []T // drop-connect: factor of each image, nil without
	Out                        []T // [mo, Out]
}

// Tape is a forward pass with batch statistics, remembered for the backward
// pass and for calibration.
type Tape[T kernel.Float] struct {
	Net    arch.Network
	N      int
	X      []T // [n, r, r, 3]
	Stem   NormTape[T]
	First  []T // what the first block reads
	Blocks []BlockTape[T]
	Head   NormTape[T]
	Pool   []T // [n, Head], after dropout
	Keep   []T // dropout factors [n, Head], nil without
	Logits []T // [n, Classes]
}

// BatchOptions regularises a forward pass in training. The zero value does not.
type BatchOptions struct {
	Dropout     float64 // probability of dropping a pooled feature
	DropConnect float64 // probability of dropping the last block for an image; earlier blocks less, linearly
	Rand        *rand.Rand
}

// ForwardBatch runs the child a with the statistics of this batch, as in
// training. x is [n, r, r, 3]; the tape keeps it and lives in the arena. a must be
// valid.
func (w *WeightsOf[T]) ForwardBatch(ar *Arena[T], a arch.Arch, x []T, n int, o BatchOptions) *Tape[T] {
	net := a.Network()
	t := &Tape[T]{Net: net, N: n, X: x}
	r := net.Stem.Size
	if len(x) != n*r*r*3 {
		panic("supernet: ForwardBatch wants x of n*r*r*3 elements")
	}
	w.forwardStem(ar, t)
	cur := t.First
	for i, b := range net.Blocks {
		drop := o.DropConnect * float64(i+1) / float64(len(net.Blocks))
		t.Blocks = append(t.Blocks, w.forwardBlock(ar, b, cur, n, drop, o.Rand))
		cur = t.Blocks[i].Out
	}
	w.forwardHead(ar, t, cur)
	if o.Dropout > 0 {
		t.Keep = ar.Alloc(len(t.Pool))
		for i := range t.Keep {
			t.Keep[i] = keep[T](o.Rand, o.Dropout)
			t.Pool[i] *= t.Keep[i]
		}
	}
	t.Logits = ar.Alloc(n * w.Classes)
	kernel.Pointwise(t.Logits, t.Pool, n, net.Head.Out, w.Classes, w.Classifier.Data, w.Classes)
	kernel.AddBias(t.Logits, n, w.Classes, w.ClassBias.Data)
	return t
}

// forwardStem runs the stem, the patches of a few images at a time.
func (w *WeightsOf[T]) forwardStem(ar *Arena[T], t *Tape[T]) {
	s := t.Net.Stem
	r, c, px := s.Size, s.Out, s.OutSize*s.OutSize
	m := t.N * px
	norm := newNorm(ar, m, c)
	t.First = ar.Alloc(m * c)
	bands := kernel.NewBands(t.N, px*27, 1)
	mark := ar.Mark()
	cols := ar.Each(bands, px*27)
	matrix := kernel.NewFactor(w.Stem.Weight.Data, 27, c, w.Stem.Weight.Shape[3])
	sums := kernel.NewMoments[T](bands.Parts, c)
	bands.Each(func(part, lo, hi int) {
		kernel.Im2col3x3s2(cols[part], t.X[lo*r*r*3:hi*r*r*3], hi-lo, r, r, 3)
		matrix.Times(norm.Pre[lo*px*c:hi*px*c], cols[part], (hi-lo)*px, false)
		sums.Add(part, norm.Pre[lo*px*c:hi*px*c], (hi-lo)*px)
	})
	matrix.Release()
	ar.Release(mark)
	norm.finish(sums, w.Stem.BN)
	kernel.ScaleShiftAct(t.First, norm.Pre, m, c, norm.Scale, norm.Shift, kernel.Swish, nil)
	t.Stem = norm
}

// forwardHead runs the head up to the pooled features.
func (w *WeightsOf[T]) forwardHead(ar *Arena[T], t *Tape[T], x []T) {
	s := t.Net.Head
	px, c := s.Size*s.Size, s.Out
	t.Head = product(ar, x, t.N*px, s.In, c, w.Head)
	t.Pool = ar.Alloc(t.N * c)
	bands := kernel.NewBands(t.N, px*c, 1)
	mark := ar.Mark()
	out := ar.Each(bands, px*c)
	bands.Each(func(part, lo, hi int) {
		t.Head.Apply(out[part], lo*px, hi*px, c, kernel.Swish)
		kernel.GlobalPool(t.Pool[lo*c:hi*c], out[part], hi-lo, px, c)
	})
	ar.Release(mark)
}

// keep draws 0 with probability p and otherwise 1/(1-p), so that the mean stays.
func keep[T kernel.Float](r *rand.Rand, p float64) T {
	if r.Float64() < p {
		return 0
	}
	return T(1 / (1 - p))
}

// newNorm makes room for the input [m, c] of a batch normalisation.
func newNorm[T kernel.Float](ar *Arena[T], m, c int) NormTape[T] {
	return NormTape[T]{Pre: ar.Alloc(m * c), Mean: ar.Alloc(c), Variance: ar.Alloc(c), InvStd: ar.Alloc(c), Scale: ar.Alloc(c), Shift: ar.Alloc(c)}
}

// finish derives statistics, scale and shift from the sums over Pre.
func (t *NormTape[T]) finish(sums *kernel.Moments[T], bn BN[T]) {
	sums.Result(t.Mean, t.Variance)
	kernel.NormScale(t.Scale, t.Shift, t.InvStd, t.Mean, t.Variance, bn.Gamma.Data, bn.Beta.Data, Epsilon)
}

// Apply writes rows [lo, hi) of what comes out of the normalisation.
func (t *NormTape[T]) Apply(out []T, lo, hi, c int, act kernel.Act) {
	kernel.ScaleShiftAct(out, t.Pre[lo*c:hi*c], hi-lo, c, t.Scale, t.Shift, act, nil)
}

// pixelGrain is what bands of pixels are multiples of: whole tiles of the
// matrix products.
const pixelGrain = 18

// product is a 1x1 convolution of x [m, k] up to the statistics of its output.
func product[T kernel.Float](ar *Arena[T], x []T, m, k, c int, conv ConvOf[T]) NormTape[T] {
	t := newNorm(ar, m, c)
	bands := kernel.NewBands(m, c, pixelGrain)
	matrix := kernel.NewFactor(conv.Weight.Data, k, c, conv.Weight.Shape[len(conv.Weight.Shape)-1])
	sums := kernel.NewMoments[T](bands.Parts, c)
	bands.Each(func(part, lo, hi int) {
		matrix.Times(t.Pre[lo*c:hi*c], x[lo*k:hi*k], hi-lo, false)
		sums.Add(part, t.Pre[lo*c:hi*c], hi-lo)
	})
	matrix.Release()
	t.finish(sums, conv.BN)
	return t
}

// norms lists the tape's BN layers in network order.
func (t *Tape[T]) norms() []*NormTape[T] {
	out := []*NormTape[T]{&t.Stem}
	for i := range t.Blocks {
		b := &t.Blocks[i]
		if b.Block.Expand {
			out = append(out, &b.Expand)
		}
		out = append(out, &b.Depthwise, &b.Project)
	}
	return append(out, &t.Head)
}
