package supernet

import (
	"fmt"

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
	stem       *kernel.Packed
	blocks     []childBlock
	head       *kernel.Packed
	classifier *kernel.Packed
	buf        [6][]float32
}

type childBlock struct {
	expand             *kernel.Packed
	depthwise, bias    []float32
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
	c.stem = foldConv(&f, w.Stem, 27, n.Stem.Out)
	for _, b := range n.Blocks {
		p := w.Blocks[b.Stage][b.Index]
		var cb childBlock
		if b.Expand {
			cb.expand = foldConv(&f, p.Expand, b.In, b.Mid)
		}
		cb.depthwise, cb.bias = foldDepthwise(&f, p, b)
		if b.Squeeze > 0 {
			cb.seReduce = p.SEReduce.pack(b.Mid, b.Squeeze, nil, p.SEBiasR.first(b.Squeeze))
			cb.seExpand = p.SEExpand.pack(b.Squeeze, b.Mid, nil, p.SEBiasE.first(b.Mid))
		}
		cb.project = foldConv(&f, p.Project, b.Mid, b.Out)
		if b.Shortcut == arch.Project {
			cb.shortcut = p.Shortcut.pack(b.In, b.Out, nil, nil)
		}
		c.blocks = append(c.blocks, cb)
	}
	c.head = foldConv(&f, w.Head, n.Head.In, n.Head.Out)
	c.classifier = w.Classifier.pack(n.Head.Out, w.Classes, nil, w.ClassBias.first(w.Classes))
	return c, nil
}

// folder walks the statistics in network order.
type folder struct {
	st   *Statistics
	at   int
	room []float32 // where scales and shifts go
}

// take returns n elements, with room behind them for whole vectors.
func (f *folder) take(n int) []float32 {
	whole := (n + 15) &^ 15
	if len(f.room) < whole {
		f.room = make([]float32, max(whole, 1<<13))
	}
	s := f.room[:n:whole]
	f.room = f.room[whole:]
	return s
}

// scales returns, for the next BN of c channels, what to multiply by and add.
func scales[T kernel.Float](f *folder, bn BN[T], c int) (scale, shift []float32) {
	mean, variance := f.st.Mean[f.at], f.st.Variance[f.at]
	f.at++
	scale, shift = f.take(c), f.take(c)
	gamma, _ := single(bn.Gamma, 1, c)
	beta, _ := single(bn.Beta, 1, c)
	kernel.FoldNormalisation(scale, shift, gamma, beta, mean, variance, Epsilon)
	return scale, shift
}

// foldConv packs the [k, n] corner of a convolution with its BN folded in.
func foldConv[T kernel.Float](f *folder, c ConvOf[T], k, n int) *kernel.Packed {
	scale, shift := scales(f, c.BN, n)
	return c.Weight.pack(k, n, scale, shift)
}

// foldDepthwise copies the centre of the kernel, [K*K][Mid], with its BN folded in.
func foldDepthwise[T kernel.Float](f *folder, p *BlockOf[T], b arch.Block) (w, bias []float32) {
	scale, shift := scales(f, p.Depthwise.BN, b.Mid)
	big := p.Size.Kernel
	from, ws := single(p.Depthwise.Weight, big*big, b.Mid)
	w = f.take(b.Kernel * b.Kernel * b.Mid)
	lo := (big - b.Kernel) / 2
	for y := range b.Kernel {
		for x := range b.Kernel {
			to := w[(y*b.Kernel+x)*b.Mid:][:b.Mid]
			kernel.ChannelScale(to, from[((lo+y)*big+lo+x)*ws:][:b.Mid], scale, 1, 1, b.Mid)
		}
	}
	return w, shift
}

// pack makes the [k, n] corner of a matrix ready, column j times scale[j], plus
// bias [n]; nil for none.
func (p *ParamOf[T]) pack(k, n int, scale, bias []float32) *kernel.Packed {
	if p.matrix != nil {
		return p.matrix.Slice(k, n, scale, bias)
	}
	w, ws := single(p, k, n)
	return kernel.Pack(w, k, n, ws, scale, bias)
}

// first is the first n elements of a vector.
func (p *ParamOf[T]) first(n int) []float32 {
	b := make([]float32, n)
	for i := range b {
		b[i] = float32(p.Data[i])
	}
	return b
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

// Take takes the buffers of a child that will not run any more, nil for none.
func (c *Child) Take(from *Child) {
	if from != nil {
		c.buf, from.buf = from.buf, c.buf
	}
}

// get returns buffer i with room for size elements.
func (c *Child) get(i, size int) []float32 {
	if cap(c.buf[i]) < size {
		c.buf[i] = make([]float32, size)
	}
	return c.buf[i][:size]
}

// Forward runs n images x [n, r, r, 3] and returns the logits [n, Classes],
// newly allocated. between, where not nil, is called after every block; its
// error ends the pass and is returned.
func (c *Child) Forward(x []float32, n int, between func() error) ([]float32, error) {
	net := c.net
	r := net.Stem.Size
	if len(x) != n*r*r*3 {
		panic("supernet: Forward wants x of n*r*r*3 elements")
	}
	m := n * net.Stem.OutSize * net.Stem.OutSize
	cols := c.get(0, m*27)
	kernel.Im2col3x3s2(cols, x, n, r, r, 3)
	cur, other := 1, 2
	a := c.get(cur, m*net.Stem.Out)
	c.stem.Apply(a, cols, m, kernel.Swish, nil)
	for i, b := range net.Blocks {
		out := c.get(other, n*b.OutSize*b.OutSize*b.Out)
		c.block(out, a, n, b, &c.blocks[i])
		cur, other, a = other, cur, out
		if between != nil {
			if err := between(); err != nil {
				return nil, err
			}
		}
	}
	hw := net.Head.Size * net.Head.Size
	h := c.get(0, n*hw*net.Head.Out)
	c.head.Apply(h, a, n*hw, kernel.Swish, nil)
	pool := c.get(3, n*net.Head.Out)
	kernel.GlobalPool(pool, h, n, hw, net.Head.Out)
	logits := make([]float32, n*c.Classes)
	c.classifier.Apply(logits, pool, n, kernel.None, nil)
	return logits, nil
}

// block runs one inverted-residual block from x into out. Buffers: 0 expanded,
// 3 after the depthwise, 4 SE vectors, 5 shortcut.
func (c *Child) block(out, x []float32, n int, b arch.Block, p *childBlock) {
	m, mo := n*b.Size*b.Size, n*b.OutSize*b.OutSize
	e := x
	if p.expand != nil {
		e = c.get(0, m*b.Mid)
		p.expand.Apply(e, x, m, kernel.Swish, nil)
	}
	d := c.get(3, mo*b.Mid)
	kernel.DepthwiseAct(d, e, kernel.DepthwiseShape{N: n, H: b.Size, W: b.Size, C: b.Mid, K: b.Kernel, Stride: b.Stride}, p.depthwise, p.bias, kernel.Swish)
	if p.seReduce != nil {
		v := c.get(4, n*(2*b.Mid+b.Squeeze))
		pool, gate, sq := v[:n*b.Mid], v[n*b.Mid:2*n*b.Mid], v[2*n*b.Mid:]
		hw := b.OutSize * b.OutSize
		kernel.GlobalPool(pool, d, n, hw, b.Mid)
		p.seReduce.Apply(sq, pool, n, kernel.Swish, nil)
		p.seExpand.Apply(gate, sq, n, kernel.Sigmoid, nil)
		kernel.ChannelScale(d, d, gate, n, hw, b.Mid)
	}
	var residual []float32
	switch b.Shortcut {
	case arch.Identity:
		residual = x
	case arch.Project:
		in := x
		if b.Stride == 2 {
			in = c.get(0, mo*b.In)
			kernel.AvgPool2x2(in, x, n, b.Size, b.Size, b.In)
		}
		residual = c.get(5, mo*b.Out)
		p.shortcut.Apply(residual, in, mo, kernel.None, nil)
	}
	p.project.Apply(out, d, mo, kernel.None, residual)
}
