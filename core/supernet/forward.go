package supernet

import (
	"bignas/core/arch"
	"bignas/core/kernel"
)

// buffers holds the activations of a forward pass: parts of one array, each as big as the
// biggest activation that any layer writes to it.
type buffers struct {
	images int
	whole  []float32

	current, other []float32 // input and output of a block, alternating
	wide           []float32 // after the depthwise convolution
	mean, squeezed []float32 // SE
	gate           []float32
	pooled         []float32 // average pooled input of a shortcut
	shortcut       []float32
}

// plan lays the buffers out for n images.
func (bs *buffers) plan(net arch.Network, n int) {
	if n == bs.images {
		return
	}
	narrow := net.Stem.OutSize * net.Stem.OutSize * net.Stem.Out
	last := net.BeforePool()
	wide, mid, squeeze, pooled, shortcut := last.Size*last.Size*last.Out, max(last.Out, net.Head.Out), 0, 0, 0
	for _, b := range net.Blocks {
		hw := b.OutSize * b.OutSize
		narrow = max(narrow, hw*b.Out)
		wide, mid, squeeze = max(wide, hw*b.Mid), max(mid, b.Mid), max(squeeze, b.Squeeze)
		if b.Shortcut == arch.Project {
			shortcut = max(shortcut, hw*b.Out)
		}
		if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
			pooled = max(pooled, hw*b.In)
		}
	}
	parts := []struct {
		to   *[]float32
		size int
	}{{&bs.current, narrow}, {&bs.other, narrow}, {&bs.wide, wide}, {&bs.mean, mid}, {&bs.squeezed, squeeze}, {&bs.gate, mid}, {&bs.pooled, pooled}, {&bs.shortcut, shortcut}}
	total := 0
	for _, p := range parts {
		total += (n*p.size + 15) &^ 15 // whole cache lines
	}
	if len(bs.whole) < total {
		bs.whole = make([]float32, total)
	}
	at := 0
	for _, p := range parts {
		*p.to = bs.whole[at : at+n*p.size]
		at += (n*p.size + 15) &^ 15
	}
	bs.images = n
}

// Recycle takes over the buffers of a child that will not run any more, and releases the
// memory of its weights for the children made next. from may be nil.
func (c *Child) Recycle(from *Child) {
	if from == nil || from == c {
		return
	}
	c.buffers = buffers{whole: from.buffers.whole}
	for _, b := range from.blocks {
		b.inverted.Release()
		for _, p := range []*kernel.Packed{b.seReduce, b.seExpand, b.project, b.shortcut} {
			if p != nil {
				p.Release()
			}
		}
	}
	for _, p := range []*kernel.Packed{from.beforePool, from.afterPool, from.classifier} { // a child made by Part may have none
		if p != nil {
			p.Release()
		}
	}
	*from = Child{Arch: from.Arch, Classes: from.Classes}
}

// Forward runs n images x [n, r, r, 3] and returns newly allocated logits [n, Classes].
// between, where not nil, is called after each block; its error ends the pass and is
// returned.
func (c *Child) Forward(x []float32, n int, between func() error) ([]float32, error) {
	return c.ForwardWithHook(x, n, between, nil)
}

// ForwardWithHook is Forward that calls hook with the outputs of layers, [n, side, side,
// channels]: 0 is the stem, i+1 block i, and the last one the head before it is pooled.
// out is valid during the call.
func (c *Child) ForwardWithHook(x []float32, n int, between func() error, hook func(layer int, out []float32, side, channels int)) ([]float32, error) {
	if hook == nil {
		hook = func(int, []float32, int, int) {}
	}
	net := c.net
	r := net.Stem.Size
	if len(x) != n*r*r*3 {
		panic("supernet: Forward wants x of n*r*r*3 elements")
	}
	bs := &c.buffers
	bs.plan(net, n)
	a, out := bs.current, bs.other
	c.stem.Apply(a, x, n, r, r)
	hook(0, a[:n*net.Stem.OutSize*net.Stem.OutSize*net.Stem.Out], net.Stem.OutSize, net.Stem.Out)
	for i := range net.Blocks {
		b := &net.Blocks[i]
		c.block(out, a, n, b, &c.blocks[i])
		a, out = out, a
		hook(i+1, a[:n*b.OutSize*b.OutSize*b.Out], b.OutSize, b.Out)
		if between != nil {
			if err := between(); err != nil {
				return nil, err
			}
		}
	}
	logits := make([]float32, n*c.Classes)
	c.finish(logits, bs, a, n)
	last := net.BeforePool()
	hook(len(net.Blocks)+1, bs.wide[:n*last.Size*last.Size*last.Out], last.Size, last.Out)
	return logits, nil
}

// Pooled is the input of the classifier in the last Forward, [n, Head]: the head's
// output, its mean over all pixels; or what an expanded head computes from that. It is valid until the next Forward.
func (c *Child) Pooled() []float32 { return c.buffers.mean[:c.buffers.images*c.net.Head.Out] }

// finish runs the head, the pool and the classifier.
func (c *Child) finish(logits []float32, bs *buffers, x []float32, n int) {
	last := c.net.BeforePool()
	hw, pooled, act := last.Size*last.Size, bs.mean, Act(c.net.Act)
	if c.afterPool != nil {
		pooled = bs.gate
	}
	c.beforePool.Apply(bs.wide, x, n*hw, act, nil)
	kernel.GlobalPool(pooled, bs.wide, n, hw, last.Out)
	if c.afterPool != nil {
		c.afterPool.Apply(bs.mean, pooled, n, act, nil)
	}
	c.classifier.Apply(logits, bs.mean, n, kernel.None, nil)
}

// Act returns the function of an activation.
func Act(a arch.Activation) kernel.Act {
	switch a {
	case arch.HardSwish:
		return kernel.HardSwish
	case arch.ReLU:
		return kernel.ReLU
	}
	return kernel.Swish
}

// GateActs are the activations inside squeeze-and-excitation and of its gate.
func GateActs(b *arch.Block) (inside, gate kernel.Act) {
	if b.HardGate {
		return kernel.ReLU, kernel.HardSigmoid
	}
	return kernel.Swish, kernel.Sigmoid
}

// block runs one inverted-residual block from x into out.
func (c *Child) block(out, x []float32, n int, b *arch.Block, p *childBlock) {
	bs := &c.buffers
	hw := b.OutSize * b.OutSize
	in, residual := x, []float32(nil)
	if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
		in = bs.pooled
		kernel.AvgPool2x2(in, x, n, b.Size, b.Size, b.In)
	}
	switch b.Shortcut {
	case arch.Identity:
		residual = in[:n*hw*b.Out]
	case arch.Project:
		residual = bs.shortcut[:n*hw*b.Out]
		p.shortcut.Apply(residual, in, n*hw, kernel.None, nil)
	}
	if p.seReduce == nil {
		p.inverted.Apply(bs.wide, nil, x, n, b.Size, b.Size)
		p.project.Apply(out, bs.wide, n*hw, kernel.None, residual)
		return
	}
	p.inverted.Apply(bs.wide, bs.mean, x, n, b.Size, b.Size)
	inside, gate := GateActs(b)
	p.seReduce.Apply(bs.squeezed, bs.mean, n, inside, nil)
	p.seExpand.Apply(bs.gate, bs.squeezed, n, gate, nil)
	for i := range n { // each image has its own gate
		var add []float32
		if residual != nil {
			add = residual[i*hw*b.Out : (i+1)*hw*b.Out]
		}
		p.project.ApplyGated(out[i*hw*b.Out:], bs.wide[i*hw*b.Mid:], hw, bs.gate[i*b.Mid:], kernel.None, add)
	}
}
