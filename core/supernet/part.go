package supernet

import (
	"bignas/core/arch"
	"bignas/core/kernel"
)

// Part prepares one part of a network to be timed by itself. run computes it once for one
// image, on made-up activations and with made-up BN statistics; release returns its
// memory. b is an inverted-residual block of the space or, by its Stage, the stem (-1;
// Out, Size and OutSize are used) or the head with pool and classifier (the number of
// stages; In, Mid and Size, and Squeeze, the channels behind the pool of an expanded head). It must fit into the weights.
func (w *WeightsOf[T]) Part(b arch.Block) (run, release func()) {
	c := &Child{Classes: w.Classes}
	st := &Statistics{}
	f := folder{st: st}
	net := arch.Network{Stem: arch.Conv{OutSize: b.Size, Out: b.In}, Act: w.Biggest.Act}
	c.net.Act = net.Act
	switch b.Stage {
	case -1:
		net.Stem = arch.Conv{Size: b.Size, OutSize: b.OutSize, Out: b.Out}
		st.standard(b.Out)
		scale, shift := scales(&f, w.Stem.BN, b.Out)
		stem, ws := toFloat32(w.Stem.Weight, 27, b.Out)
		c.stem = kernel.PackStem(stem, 3, b.Out, ws, scale, shift, Act(net.Act))
	case len(w.Space.Stages):
		c.net.Head = arch.Conv{In: b.In, Out: b.Mid, Size: b.Size}
		if b.Squeeze > 0 {
			c.net.HeadExpand, c.net.Head = c.net.Head, arch.Conv{In: b.Mid, Out: b.Squeeze, Size: 1}
		}
		net.Head, net.HeadExpand = c.net.Head, c.net.HeadExpand
		st.standard(b.Mid)
		foldHead(&f, c, w)
	default:
		net.Blocks = []arch.Block{b}
		for _, l := range appendBN(nil, 0, b) {
			st.standard(l.Channels)
		}
		c.blocks = []childBlock{foldBlock(&f, w.Blocks[b.Stage][b.Index], b)}
	}
	c.net = net
	bs := &c.buffers
	bs.plan(net, 1)
	x := bs.current
	if b.Stage < 0 {
		x = make([]float32, 3*b.Size*b.Size)
	}
	for i := range x {
		x[i] = float32(i*7%16)/8 - 1
	}
	return c.part(b, x), func() { (&Child{}).Recycle(c) }
}

// standard appends a layer of mean 0 and variance 1.
//
//go:noinline
func (st *Statistics) standard(channels int) {
	variance := make([]float32, channels)
	for i := range variance {
		variance[i] = 1
	}
	st.Mean, st.Variance = append(st.Mean, make([]float32, channels)), append(st.Variance, variance)
}

// part returns the computation of Part.
func (c *Child) part(b arch.Block, x []float32) func() {
	bs := &c.buffers
	switch {
	case c.stem != nil:
		return func() { c.stem.Apply(bs.other, x, 1, b.Size, b.Size) }
	case c.classifier != nil:
		logits := make([]float32, c.Classes)
		return func() { c.finish(logits, bs, x, 1) }
	}
	return func() { c.block(bs.other, x, 1, &b, &c.blocks[0]) }
}
