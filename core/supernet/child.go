package supernet

import (
	"fmt"
	"math"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Child is one child ready for inference: batch normalisation folded into the
// weights, the weights packed for the kernels. It owns its activation buffers:
// one Forward at a time.
type Child struct {
	Arch    arch.Arch
	Classes int

	net        arch.Network
	stem       *kernel.Stem
	blocks     []childBlock
	head       *kernel.Packed
	classifier *kernel.Packed
	buffers    buffers
}

type childBlock struct {
	inverted           *kernel.Inverted
	seReduce, seExpand *kernel.Packed
	project, shortcut  *kernel.Packed
}

// Child slices a out of the shared weights and folds its statistics in. It
// fails when a is impossible or when the statistics are of another child:
// uncalibrated children are refused, never run on statistics that are not theirs.
func (w *WeightsOf[T]) Child(a arch.Arch, st *Statistics) (*Child, error) {
	if err := w.check(a); err != nil {
		return nil, err
	}
	if st == nil {
		return nil, fmt.Errorf("supernet: child %s has no BN statistics; calibrate it first", a)
	}
	if err := st.belongTo(a); err != nil {
		return nil, err
	}
	c := &Child{Arch: a, Classes: w.Classes, net: a.Network()}
	f := folder{st: st}
	n := c.net
	scale, shift := scales(&f, w.Stem.BN, n.Stem.Out)
	stem, ws := single(w.Stem.Weight, 27, n.Stem.Out)
	c.stem = kernel.PackStem(stem, 3, n.Stem.Out, ws, scale, shift)
	for _, b := range n.Blocks {
		p := w.Blocks[b.Stage][b.Index]
		cb := childBlock{inverted: foldInverted(&f, p, b)}
		if b.Squeeze > 0 {
			cb.seReduce = pack(p.SEReduce, b.Mid, b.Squeeze, p.SEBiasR)
			cb.seExpand = pack(p.SEExpand, b.Squeeze, b.Mid, p.SEBiasE)
		}
		cb.project = foldConv(&f, p.Project, b.Mid, b.Out)
		if b.Shortcut == arch.Project {
			cb.shortcut = pack(p.Shortcut, b.In, b.Out, nil)
		}
		c.blocks = append(c.blocks, cb)
	}
	c.head = foldConv(&f, w.Head, n.Head.In, n.Head.Out)
	c.classifier = pack(w.Classifier, n.Head.Out, w.Classes, w.ClassBias)
	return c, nil
}

// folder walks the statistics in network order.
type folder struct {
	st *Statistics
	at int
}

// scales returns, for the next BN of c channels, what to multiply by and add.
func scales[T kernel.Float](f *folder, bn BN[T], c int) (scale, shift []float32) {
	mean, variance := f.st.Mean[f.at], f.st.Variance[f.at]
	f.at++
	scale, shift = make([]float32, c), make([]float32, c)
	for i := range c {
		s := float64(bn.Gamma.Data[i]) / math.Sqrt(float64(variance[i])+Epsilon)
		scale[i] = float32(s)
		shift[i] = float32(float64(bn.Beta.Data[i]) - s*float64(mean[i]))
	}
	return scale, shift
}

// foldConv packs the [k, n] corner of a convolution with its BN folded in.
func foldConv[T kernel.Float](f *folder, c ConvOf[T], k, n int) *kernel.Packed {
	scale, shift := scales(f, c.BN, n)
	w, ws := single(c.Weight, k, n)
	return kernel.Pack(w, k, n, ws, scale, shift)
}

// foldInverted packs the expansion and the centre of the depthwise kernel with
// their BN folded in.
func foldInverted[T kernel.Float](f *folder, p *BlockOf[T], b arch.Block) *kernel.Inverted {
	s := kernel.InvertedSpec{In: b.In, Mid: b.Mid, K: b.Kernel, Stride: b.Stride, Pitch: p.Size.Kernel}
	if b.Expand {
		s.ExpandScale, s.ExpandBias = scales(f, p.Expand.BN, b.Mid)
		s.Expand, s.ExpandStride = single(p.Expand.Weight, b.In, b.Mid)
	}
	s.Scale, s.Bias = scales(f, p.Depthwise.BN, b.Mid)
	taps, ws := single(p.Depthwise.Weight, p.Size.Kernel*p.Size.Kernel, b.Mid)
	lo := (p.Size.Kernel - b.Kernel) / 2
	s.Taps, s.TapStride = taps[(lo*p.Size.Kernel+lo)*ws:], ws
	return kernel.PackInverted(s)
}

// pack packs the [k, n] corner of a matrix without BN.
func pack[T kernel.Float](p *ParamOf[T], k, n int, bias *ParamOf[T]) *kernel.Packed {
	w, ws := single(p, k, n)
	var b []float32
	if bias != nil {
		b = make([]float32, n)
		for i := range b {
			b[i] = float32(bias.Data[i])
		}
	}
	return kernel.Pack(w, k, n, ws, nil, b)
}

// single is the [k, n] corner of a matrix in float32 and its row stride: the
// shared weights themselves where they are float32.
func single[T kernel.Float](p *ParamOf[T], k, n int) (w []float32, stride int) {
	ws := p.Shape[len(p.Shape)-1]
	if w, ok := any(p.Data).([]float32); ok {
		return w, ws
	}
	w = make([]float32, k*n)
	for i := range k {
		for j, v := range p.Data[i*ws : i*ws+n] {
			w[i*n+j] = float32(v)
		}
	}
	return w, n
}
