package main

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// operation is an operator at a shape, with its own buffers.
type operation struct {
	Kind  string  // part of the network
	Shape string  // for people
	FLOPs float64 // multiplications and additions; 0 where it is bound by memory
	Bytes float64 // read and written, each value once
	Count int     // number of times in the child
	run   func()
}

// inventory collects operations, equal ones once.
type inventory struct {
	list []*operation
	seen map[string]*operation
}

// add counts the operation, and makes it with build if it is new.
func (v *inventory) add(kind, shape string, flops, values int, build func() func()) {
	key := kind + " " + shape
	if o := v.seen[key]; o != nil {
		o.Count++
		return
	}
	o := &operation{kind, shape, float64(flops), 4 * float64(values), 1, build()}
	v.seen[key] = o
	v.list = append(v.list, o)
}

// filled returns n values between -1 and 1, neither zero nor subnormal.
func filled(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%61)/30.5 - 1
	}
	return x
}

// product is a packed product of m pixels with an activation and, optionally, a residual.
func (v *inventory) product(kind string, m, k, n int, act kernel.Act, residual bool) {
	values := m*k + k*n + m*n
	if residual {
		values += m * n
	}
	v.add(kind, fmt.Sprintf("[%d,%d]x[%d,%d]", m, k, k, n), 2*m*k*n, values, func() func() {
		p, x, y := kernel.Pack(filled(k*n), k, n, n, nil, filled(n)), filled(m*k), filled(m*n)
		var r []float32
		if residual {
			r = filled(m * n)
		}
		return func() { p.Apply(y, x, m, act, r) }
	})
}

// inference lists the operators of a forward pass of n images, as in supernet.Child.
func inference(a arch.Arch, n, classes int) []*operation {
	v := &inventory{seen: map[string]*operation{}}
	net := a.Network()
	r, s := net.Stem.Size, net.Stem.OutSize
	v.add("stem gather", fmt.Sprintf("%dx%dx3", r, r), 0, n*(3*r*r+27*s*s), func() func() {
		x, y := filled(3*n*r*r), filled(27*n*s*s)
		return func() { kernel.Im2col3x3s2(y, x, n, r, r, 3) }
	})
	v.product("stem", n*s*s, 27, net.Stem.Out, supernet.Act(net.Act), false)
	for _, b := range net.Blocks {
		v.block(b, n)
	}
	last := net.BeforePool()
	hw := last.Size * last.Size
	v.product("head", n*hw, last.In, last.Out, supernet.Act(net.Act), false)
	v.pool("pool", n, hw, last.Out)
	if net.HeadExpand.Out > 0 {
		v.product("head", n, net.Head.In, net.Head.Out, supernet.Act(net.Act), false)
	}
	v.product("classifier", n, net.Head.Out, classes, kernel.None, false)
	return v.list
}

func (v *inventory) block(b arch.Block, n int) {
	m, mo := n*b.Size*b.Size, n*b.OutSize*b.OutSize
	if b.Expand {
		v.product("expand", m, b.In, b.Mid, supernet.Act(b.Act), false)
	}
	shape := kernel.DepthwiseShape{N: n, H: b.Size, W: b.Size, C: b.Mid, K: b.Kernel, Stride: b.Stride}
	taps := b.Kernel * b.Kernel
	v.add("depthwise", fmt.Sprintf("%dx%dx%d k%d s%d", b.Size, b.Size, b.Mid, b.Kernel, b.Stride), 2*taps*mo*b.Mid, (m+mo+taps)*b.Mid, func() func() {
		x, y, w, bias := filled(m*b.Mid), filled(mo*b.Mid), filled(taps*b.Mid), filled(b.Mid)
		return func() { kernel.DepthwiseAct(y, x, shape, w, bias, supernet.Act(b.Act)) }
	})
	if b.Squeeze > 0 {
		v.pool("SE pool", n, mo/n, b.Mid)
		inside, gate := supernet.GateActs(&b)
		v.product("SE layers", n, b.Mid, b.Squeeze, inside, false)
		v.product("SE layers", n, b.Squeeze, b.Mid, gate, false)
		v.add("SE scale", fmt.Sprintf("%dx%d", mo, b.Mid), 0, 2*mo*b.Mid, func() func() {
			x, y, s := filled(mo*b.Mid), filled(mo*b.Mid), filled(n*b.Mid)
			return func() { kernel.ChannelScale(y, x, s, n, mo/n, b.Mid) }
		})
	}
	if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
		v.add("shortcut pool", fmt.Sprintf("%dx%dx%d", b.Size, b.Size, b.In), 0, (m+mo)*b.In, func() func() {
			x, y := filled(m*b.In), filled(mo*b.In)
			return func() { kernel.AvgPool2x2(y, x, n, b.Size, b.Size, b.In) }
		})
	}
	if b.Shortcut == arch.Project {
		v.product("shortcut", mo, b.In, b.Out, kernel.None, false)
	}
	v.product("project", mo, b.Mid, b.Out, kernel.None, b.Shortcut != arch.NoShortcut)
}

func (v *inventory) pool(kind string, n, hw, c int) {
	v.add(kind, fmt.Sprintf("%dx%d", n*hw, c), 0, n*hw*c, func() func() {
		x, y := filled(n*hw*c), filled(n*c)
		return func() { kernel.GlobalPool(y, x, n, hw, c) }
	})
}
