package supernet

import (
	"math"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// NormTape is what a batch normalisation remembers of a forward pass: its
// input [m, c] and that input's statistics over the batch.
type NormTape[T kernel.Float] struct {
	Pre                    []T
	Mean, Variance, InvStd []T
	Out                    []T // after the activation
}

// BlockTape is what one block remembers.
type BlockTape[T kernel.Float] struct {
	Block                      arch.Block
	In                         []T // [m, In]
	Expand, Depthwise, Project NormTape[T]
	Pool, SqueezePre, Squeeze  []T // SE: [n, Mid], [n, Squeeze] twice
	GatePre, Gate, Scaled      []T // SE: [n, Mid] twice, [mo, Mid]
	ShortcutIn                 []T // [mo, In], average pooled where the stride is 2
	Keep                       []T // drop-connect: factor of each image, nil without
	Out                        []T // [mo, Out]
}

// Tape is a forward pass with batch statistics, remembered for the backward
// pass and for calibration.
type Tape[T kernel.Float] struct {
	Net    arch.Network
	N      int
	Cols   []T // stem patches [m, 27]
	Stem   NormTape[T]
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
// training. x is [n, r, r, 3]. The tape lives in the arena. a must be valid.
func (w *WeightsOf[T]) ForwardBatch(ar *Arena[T], a arch.Arch, x []T, n int, o BatchOptions) *Tape[T] {
	net := a.Network()
	t := &Tape[T]{Net: net, N: n}
	r, c := net.Stem.Size, net.Stem.Out
	if len(x) != n*r*r*3 {
		panic("supernet: ForwardBatch wants x of n*r*r*3 elements")
	}
	m := n * net.Stem.OutSize * net.Stem.OutSize
	t.Cols = ar.Alloc(m * 27)
	kernel.Im2col3x3s2(t.Cols, x, n, r, r, 3)
	pre := ar.Alloc(m * c)
	kernel.Pointwise(pre, t.Cols, m, 27, c, w.Stem.Weight.Data, w.Stem.Weight.Shape[3])
	t.Stem = normalise(ar, pre, m, c, w.Stem.BN, kernel.Swish, nil)
	cur := t.Stem.Out
	for i, b := range net.Blocks {
		drop := o.DropConnect * float64(i+1) / float64(len(net.Blocks))
		t.Blocks = append(t.Blocks, w.forwardBlock(ar, b, cur, n, drop, o.Rand))
		cur = t.Blocks[i].Out
	}
	hw := net.Head.Size * net.Head.Size
	pre = ar.Alloc(n * hw * net.Head.Out)
	kernel.Pointwise(pre, cur, n*hw, net.Head.In, net.Head.Out, w.Head.Weight.Data, w.Head.Weight.Shape[1])
	t.Head = normalise(ar, pre, n*hw, net.Head.Out, w.Head.BN, kernel.Swish, nil)
	t.Pool = ar.Alloc(n * net.Head.Out)
	kernel.GlobalPool(t.Pool, t.Head.Out, n, hw, net.Head.Out)
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

// keep draws 0 with probability p and otherwise 1/(1-p), so that the mean stays.
func keep[T kernel.Float](r *rand.Rand, p float64) T {
	if r.Float64() < p {
		return 0
	}
	return T(1 / (1 - p))
}

// normalise is batch normalisation with the statistics of pre [m, c], then the
// activation, then the residual where there is one.
func normalise[T kernel.Float](ar *Arena[T], pre []T, m, c int, bn BN[T], act kernel.Act, residual []T) NormTape[T] {
	t := NormTape[T]{Pre: pre, Mean: ar.Alloc(c), Variance: ar.Alloc(c), InvStd: ar.Alloc(c), Out: ar.Alloc(m * c)}
	kernel.BatchStats(t.Mean, t.Variance, pre, m, c)
	scale, shift := ar.Alloc(c), ar.Alloc(c)
	for i := range c {
		t.InvStd[i] = T(1 / math.Sqrt(float64(t.Variance[i])+Epsilon))
		scale[i] = bn.Gamma.Data[i] * t.InvStd[i]
		shift[i] = bn.Beta.Data[i] - t.Mean[i]*scale[i]
	}
	kernel.ScaleShiftAct(t.Out, pre, m, c, scale, shift, act, residual)
	return t
}

// Centre returns the depthwise weights from the first tap of the k x k centre
// on, with the pitch and stride that kernel.Depthwise takes.
func (p *BlockOf[T]) Centre(of *ParamOf[T], k int) (w []T, pitch, stride int) {
	big, c := p.Size.Kernel, p.Size.Mid
	lo := (big - k) / 2
	return of.Data[(lo*big+lo)*c:], big, c
}

func (w *WeightsOf[T]) forwardBlock(ar *Arena[T], b arch.Block, x []T, n int, drop float64, r *rand.Rand) BlockTape[T] {
	p := w.Blocks[b.Stage][b.Index]
	m, hwo := n*b.Size*b.Size, b.OutSize*b.OutSize
	mo := n * hwo
	t := BlockTape[T]{Block: b, In: x}
	e := x
	if b.Expand {
		pre := ar.Alloc(m * b.Mid)
		kernel.Pointwise(pre, x, m, b.In, b.Mid, p.Expand.Weight.Data, p.Size.Mid)
		t.Expand = normalise(ar, pre, m, b.Mid, p.Expand.BN, kernel.Swish, nil)
		e = t.Expand.Out
	}
	pre := ar.Alloc(mo * b.Mid)
	dw, pitch, ws := p.Centre(p.Depthwise.Weight, b.Kernel)
	kernel.Depthwise(pre, e, DepthwiseShape(n, b), dw, pitch, ws)
	t.Depthwise = normalise(ar, pre, mo, b.Mid, p.Depthwise.BN, kernel.Swish, nil)
	t.Scaled = t.Depthwise.Out
	if b.Squeeze > 0 {
		t.Pool, t.GatePre, t.Gate = ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid), ar.Alloc(n*b.Mid)
		t.SqueezePre, t.Squeeze = ar.Alloc(n*b.Squeeze), ar.Alloc(n*b.Squeeze)
		kernel.GlobalPool(t.Pool, t.Depthwise.Out, n, hwo, b.Mid)
		kernel.Pointwise(t.SqueezePre, t.Pool, n, b.Mid, b.Squeeze, p.SEReduce.Data, p.Size.Squeeze)
		kernel.AddBias(t.SqueezePre, n, b.Squeeze, p.SEBiasR.Data)
		kernel.Activate(t.Squeeze, t.SqueezePre, kernel.Swish)
		kernel.Pointwise(t.GatePre, t.Squeeze, n, b.Squeeze, b.Mid, p.SEExpand.Data, p.Size.Mid)
		kernel.AddBias(t.GatePre, n, b.Mid, p.SEBiasE.Data)
		kernel.Activate(t.Gate, t.GatePre, kernel.Sigmoid)
		t.Scaled = ar.Alloc(mo * b.Mid)
		kernel.ChannelScale(t.Scaled, t.Depthwise.Out, t.Gate, n, hwo, b.Mid)
	}
	residual := w.shortcut(ar, &t, x, n)
	pre = ar.Alloc(mo * b.Out)
	kernel.Pointwise(pre, t.Scaled, mo, b.Mid, b.Out, p.Project.Weight.Data, p.Size.Out)
	if drop > 0 && residual != nil {
		t.Project = normalise(ar, pre, mo, b.Out, p.Project.BN, kernel.None, nil)
		t.Keep = ar.Alloc(n)
		for i := range t.Keep {
			t.Keep[i] = keep[T](r, drop)
		}
		ScaleImages(t.Project.Out, t.Keep)
		kernel.Add(t.Project.Out, residual)
	} else {
		t.Project = normalise(ar, pre, mo, b.Out, p.Project.BN, kernel.None, residual)
	}
	t.Out = t.Project.Out
	return t
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
