package main

import (
	"bignas/core/kernel"
	asm "bignas/wasm/kernels/wasmasm"
)

// The exponential is core/kernel's, whose polynomial and reduction it has: e^t =
// 2^n e^r. In single precision the reduction takes ln 2 in two parts.
const (
	log2E  = 1.44269504088896341
	ln2Hi  = 0.693145751953125 // its product with n is exact
	ln2Lo  = 1.42860682030941723212e-6
	magic  = 0x1.8p23 // adding it leaves the nearest integer in the low bits
	lowest = -87      // e^87 is finite, and x/e^87 as good as 0
	// 1+e^-80 is 1 already.
	highest = 80
)

var exponential = [7]float32{1.000000000554209, 1.0000000363252484, 0.4999999207936656, 0.166664201604885, 0.041668225628322404, 0.008374816603369889, 0.0013836845097732174}

// logistic is the state of one function that computes 1/(1+e^-x).
type logistic struct {
	g              *generator
	f              *asm.Func
	t, n, r, r2, p asm.Local
	q              asm.Local
}

func (g *generator) logistic(f *asm.Func) *logistic {
	l := f.Locals(asm.V128, 6)
	return &logistic{g, f, l[0], l[1], l[2], l[3], l[4], l[5]}
}

// denominator replaces x by max(x, lowest) and leaves 1+e^-x in p. Numbers that
// are none stay so: PMax and PMin return their first operand then.
func (l *logistic) denominator(x asm.Local) {
	f := l.f
	fused := func(sum asm.Local, a func(), b float32) {
		l.g.multiplyAdd(f, sum, a, func() { f.Splat(b) })
	}
	set := func(to asm.Local, v float32) {
		f.Splat(v)
		f.Set(to)
	}
	f.Get(x)
	f.Splat(lowest)
	f.Do(asm.F32x4PMax)
	f.Tee(x)
	f.Splat(highest)
	f.Do(asm.F32x4PMin, asm.F32x4Neg)
	f.Set(l.t)
	set(l.n, magic)
	fused(l.n, func() { f.Get(l.t) }, log2E)
	f.Get(l.n)
	f.Splat(magic)
	f.Do(asm.F32x4Sub)
	f.Set(l.q)
	move(f, l.r, l.t)
	fused(l.r, func() { f.Get(l.q) }, -ln2Hi)
	fused(l.r, func() { f.Get(l.q) }, -ln2Lo)
	f.Get(l.r, l.r)
	f.Do(asm.F32x4Mul)
	f.Set(l.r2)

	// ((e5 r + e4) + e6 r2) r2 + (e3 r + e2), times r2, plus e1 r + e0
	r, r2 := func() { f.Get(l.r) }, func() { f.Get(l.r2) }
	set(l.p, exponential[4])
	fused(l.p, r, exponential[5])
	fused(l.p, r2, exponential[6])
	set(l.q, exponential[2])
	fused(l.q, r, exponential[3])
	l.g.multiplyAdd(f, l.q, func() { f.Get(l.p) }, r2)
	set(l.p, exponential[0])
	fused(l.p, r, exponential[1])
	l.g.multiplyAdd(f, l.p, func() { f.Get(l.q) }, r2)

	f.Get(l.p, l.n)
	f.Const(23)
	f.Do(asm.I32x4Shl, asm.I32x4Add)
	f.Splat(1)
	f.Do(asm.F32x4Add)
	f.Set(l.p)
}

// finishing writes "finish", y = act(x) + residual over n floats; a residual of
// address 0 is none. y may be x.
func (g *generator) finishing() {
	f, p := g.Func("finish", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	y, x, residual, n, act := p[0], p[1], p[2], p[3], p[4]
	given, v := f.Local(asm.I32), f.Local(asm.V128)
	move(f, given, residual) // which moves on from 0, too
	l := g.logistic(f)
	for _, c := range []struct {
		act   kernel.Act
		apply func()
	}{
		{kernel.Swish, func() {
			l.denominator(v)
			f.Get(v, l.p)
			f.Do(asm.F32x4Div)
			f.Set(v)
		}},
		{kernel.Sigmoid, func() {
			l.denominator(v)
			f.Splat(1)
			f.Get(l.p)
			f.Do(asm.F32x4Div)
			f.Set(v)
		}},
		{kernel.ReLU, func() {
			f.Get(v)
			f.Splat(0)
			f.Do(asm.F32x4Max)
			f.Set(v)
		}},
		{kernel.None, func() {}},
	} {
		f.Get(act)
		f.Const(int(c.act))
		f.Do(asm.Eq)
		f.If(func() {
			along(f, n, []asm.Local{y, x, residual}, func(w width) {
				f.Get(x)
				f.Load(w.load, 0)
				f.Set(v)
				c.apply()
				f.Get(given)
				f.If(func() {
					f.Get(v, residual)
					f.Load(w.load, 0)
					f.Do(asm.F32x4Add)
					f.Set(v)
				})
				f.Get(y, v)
				f.Store(w.store, 0)
			})
			f.Do(asm.Return)
		})
	}
	g.finish = f
}
