package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Child is one child ready for inference: batch normalisation is folded into the
// weights, and the weights are packed for the kernels. It owns its activation buffers,
// so that only one Forward may run at a time.
type Child struct {
	Arch    arch.Arch
	Classes int

	net        arch.Network
	stem       *kernel.Stem
	blocks     []childBlock
	beforePool *kernel.Packed
	afterPool  *kernel.Packed // of an expanded head, else nil
	classifier *kernel.Packed
	buffers    buffers
}

type childBlock struct {
	inverted           *kernel.Inverted
	seReduce, seExpand *kernel.Packed
	project, shortcut  *kernel.Packed
}

// Child slices a out of the shared weights and folds its statistics in. The error is an
// architecture that the weights do not hold, or statistics of another child: a child is
// never run on statistics that are not its own.
func (w *WeightsOf[T]) Child(a arch.Arch, st *Statistics) (*Child, error) {
	if err := w.Check(a); err != nil {
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
	stem, ws := toFloat32(w.Stem.Weight, 27, n.Stem.Out)
	c.stem = kernel.PackStem(stem, 3, n.Stem.Out, ws, scale, shift, Act(n.Act))
	c.blocks = make([]childBlock, len(n.Blocks))
	first := make([]int, len(n.Blocks)) // BN layer of each block
	for i, l := range BNLayers(a) {
		if l.Block >= 0 && first[l.Block] == 0 {
			first[l.Block] = i
		}
	}
	f.at = len(st.Mean) - 1 // the head's
	t := kernel.Threads()
	kernel.Parallel(t, func(lo, hi int) { // interleaved, because later blocks are bigger
		for part := lo; part < hi; part++ {
			own := folder{st: st}
			for i := part; i < len(n.Blocks); i += t {
				own.at = first[i]
				c.blocks[i] = foldBlock(&own, w.Blocks[n.Blocks[i].Stage][n.Blocks[i].Index], n.Blocks[i])
			}
		}
	})
	foldHead(&f, c, w)
	return c, nil
}

// folder folds the statistics of one BN layer after another, in network order.
type folder struct {
	st   *Statistics
	at   int
	free []float32 // memory for scales and shifts
}

// alloc returns n elements, with capacity for whole vectors.
func (f *folder) alloc(n int) []float32 {
	whole := (n + 15) &^ 15
	if len(f.free) < whole {
		f.free = make([]float32, max(whole, 1<<13))
	}
	s := f.free[:n:whole]
	f.free = f.free[whole:]
	return s
}

// scales returns the scale and the shift that the next BN layer, of c channels, comes to.
func scales[T kernel.Float](f *folder, bn BN[T], c int) (scale, shift []float32) {
	mean, variance := f.st.Mean[f.at], f.st.Variance[f.at]
	f.at++
	scale, shift = f.alloc(c), f.alloc(c)
	gamma, _ := toFloat32(bn.Gamma, 1, c)
	beta, _ := toFloat32(bn.Beta, 1, c)
	kernel.FoldNormalisation(scale, shift, gamma, beta, mean, variance, Epsilon)
	return scale, shift
}

// foldBlock packs one block.
func foldBlock[T kernel.Float](f *folder, p *BlockOf[T], b arch.Block) childBlock {
	cb := childBlock{inverted: foldInverted(f, p, b)}
	if b.Squeeze > 0 {
		cb.seReduce = p.SEReduce.Pack(b.Mid, b.Squeeze, nil, p.SEBiasR.first(b.Squeeze))
		cb.seExpand = p.SEExpand.Pack(b.Squeeze, b.Mid, nil, p.SEBiasE.first(b.Mid))
	}
	cb.project = foldConv(f, p.Project, b.Mid, b.Out)
	if b.Shortcut == arch.Project {
		cb.shortcut = p.Shortcut.Pack(b.In, b.Out, nil, nil)
	}
	return cb
}

// foldHead packs the head of c.net and the classifier.
func foldHead[T kernel.Float](f *folder, c *Child, w *WeightsOf[T]) {
	n := &c.net
	if n.HeadExpand.Out > 0 {
		c.afterPool = w.Head.Weight.Pack(n.Head.In, n.Head.Out, nil, nil)
	}
	last := n.BeforePool()
	c.beforePool = foldConv(f, w.BeforePool(), last.In, last.Out)
	c.classifier = w.Classifier.Pack(n.Head.Out, w.Classes, nil, w.ClassBias.first(w.Classes))
}

// foldConv packs the [k, n] corner of a convolution with its BN folded in.
func foldConv[T kernel.Float](f *folder, c ConvOf[T], k, n int) *kernel.Packed {
	scale, shift := scales(f, c.BN, n)
	return c.Weight.Pack(k, n, scale, shift)
}

// foldInverted packs the expansion and the centre of the depthwise kernel with
// their BN folded in.
func foldInverted[T kernel.Float](f *folder, p *BlockOf[T], b arch.Block) *kernel.Inverted {
	s := kernel.InvertedSpec{In: b.In, Mid: b.Mid, K: b.Kernel, Stride: b.Stride, Act: Act(b.Act)}
	if b.Expand {
		s.ExpandScale, s.ExpandBias = scales(f, p.Expand.BN, b.Mid)
		s.Expand, s.ExpandStride = toFloat32(p.Expand.Weight, b.In, b.Mid)
		s.Matrix = p.Expand.Weight.matrix
	}
	s.Scale, s.Bias = scales(f, p.Depthwise.BN, b.Mid)
	taps, pitch, stride := p.Taps(b.Kernel, b.Mid)
	var ok bool
	if s.Taps, ok = any(taps).([]float32); !ok {
		s.Taps = make([]float32, len(taps))
		for i, v := range taps {
			s.Taps[i] = float32(v)
		}
	}
	s.Pitch, s.TapStride = pitch, stride
	return kernel.PackInverted(s)
}

// Pack packs the [k, n] corner of a matrix for the kernels, with column j multiplied by
// scale[j], and bias [n]; both may be nil.
func (p *ParamOf[T]) Pack(k, n int, scale, bias []float32) *kernel.Packed {
	if p.matrix != nil {
		return p.matrix.Slice(k, n, scale, bias)
	}
	w, ws := toFloat32(p, k, n)
	return kernel.Pack(w, k, n, ws, scale, bias)
}

// first returns the first n elements of a vector, without a copy where they are float32.
func (p *ParamOf[T]) first(n int) []float32 {
	b, _ := toFloat32(p, 1, n)
	return b[:n]
}

// toFloat32 returns the [k, n] corner of a matrix in float32, and its row stride, without
// a copy where the matrix is float32.
func toFloat32[T kernel.Float](p *ParamOf[T], k, n int) (w []float32, stride int) {
	ws := p.Shape[len(p.Shape)-1]
	if w, ok := any(p.Data).([]float32); ok {
		return w, ws // nil where only matrix has the values
	}
	w = make([]float32, k*n)
	for i := range k {
		for j, v := range p.Data[i*ws : i*ws+n] {
			w[i*n+j] = float32(v)
		}
	}
	return w, n
}
