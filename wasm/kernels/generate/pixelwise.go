package main

import (
	"math"

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
	g           *generator
	f           *asm.Func
	n, r, r2, p asm.Local
	q           asm.Local

	lowest, highest, log2E, magic, ln2Hi, ln2Lo, one asm.Local
	coefficients                                     [7]asm.Local
}

// logistic keeps every constant in a local variable: compilers make a vector
// from its bits anew wherever it stands in a loop.
func (g *generator) logistic(f *asm.Func) *logistic {
	l := f.Locals(asm.V128, 5)
	state := &logistic{g: g, f: f, n: l[0], r: l[1], r2: l[2], p: l[3], q: l[4]}
	constant := func(v float32) asm.Local {
		c := f.Local(asm.V128)
		f.Splat(v)
		f.Set(c)
		return c
	}
	state.lowest, state.highest = constant(lowest), constant(highest)
	state.log2E, state.magic, state.one = constant(-log2E), constant(magic), constant(1)
	if g.relaxed { // the product is not rounded: one constant is as good
		state.ln2Hi = constant(math.Ln2)
	} else {
		state.ln2Hi, state.ln2Lo = constant(ln2Hi), constant(ln2Lo)
	}
	for i, v := range exponential {
		if i%2 == 1 {
			v = -v // the reduction leaves -r
		}
		state.coefficients[i] = constant(v)
	}
	return state
}

// denominator replaces x by max(x, lowest) and leaves 1+e^-x in p.
func (l *logistic) denominator(x asm.Local) {
	l.exponential(x)
	l.f.Get(l.p, l.one)
	l.f.Do(asm.F32x4Add)
	l.f.Set(l.p)
}

// exponential replaces x by max(x, lowest) and leaves e^-x in p. Numbers that are
// none stay so: PMax and PMin return their first operand then.
func (l *logistic) exponential(x asm.Local) {
	f, e := l.f, l.coefficients
	plus := func(sum, a, b asm.Local) {
		l.g.multiplyAdd(f, sum, func() { f.Get(a) }, func() { f.Get(b) })
	}
	f.Get(x, l.lowest)
	f.Do(asm.F32x4PMax)
	f.Tee(x)
	f.Get(l.highest)
	f.Do(asm.F32x4PMin)
	f.Set(l.r)
	move(f, l.n, l.magic)
	plus(l.n, l.r, l.log2E)
	f.Get(l.n, l.magic)
	f.Do(asm.F32x4Sub)
	f.Set(l.q)
	plus(l.r, l.q, l.ln2Hi)
	if !l.g.relaxed {
		plus(l.r, l.q, l.ln2Lo)
	}
	f.Get(l.r, l.r)
	f.Do(asm.F32x4Mul)
	f.Set(l.r2)

	// ((e5 r + e4) + e6 r2) r2 + (e3 r + e2), times r2, plus e1 r + e0
	move(f, l.p, e[4])
	plus(l.p, l.r, e[5])
	plus(l.p, l.r2, e[6])
	move(f, l.q, e[2])
	plus(l.q, l.r, e[3])
	plus(l.q, l.p, l.r2)
	move(f, l.p, e[0])
	plus(l.p, l.r, e[1])
	plus(l.p, l.q, l.r2)

	f.Get(l.p, l.n)
	f.Const(23)
	f.Do(asm.I32x4Shl, asm.I32x4Add)
	f.Set(l.p)
}

// exponentials writes "exponential", y = e^x over n floats. y may be x.
func (g *generator) exponentials() {
	f, p := g.Func("exponential", []asm.Type{asm.I32, asm.I32, asm.I32})
	y, x, n := p[0], p[1], p[2]
	v, zero := f.Local(asm.V128), f.Local(asm.V128)
	l := g.logistic(f)
	along(f, n, []asm.Local{y, x}, func(w width, at int) {
		f.Get(zero, x)
		f.Load(w.load, at)
		f.Do(asm.F32x4Sub)
		f.Set(v)
		l.exponential(v)
		f.Get(y, l.p)
		f.Store(w.store, at)
	})
}

// finishing writes "finish", y = act(x) + residual over n floats; a residual of
// address 0 is none. y may be x.
func (g *generator) finishing() {
	f, p := g.Func("finish", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	y, x, residual, n, act := p[0], p[1], p[2], p[3], p[4]
	v := f.Local(asm.V128)
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
			f.Get(l.one, l.p)
			f.Do(asm.F32x4Div)
			f.Set(v)
		}},
		{kernel.None, func() {}},
	} {
		each := func(pointers []asm.Local, last func(w width, at int)) {
			along(f, n, pointers, func(w width, at int) {
				f.Get(x)
				f.Load(w.load, at)
				f.Set(v)
				c.apply()
				f.Get(y, v)
				last(w, at)
				f.Store(w.store, at)
			})
		}
		f.Get(act)
		f.Const(int(c.act))
		f.Do(asm.Eq)
		f.If(func() {
			f.Get(residual)
			f.IfElse(func() {
				each([]asm.Local{y, x, residual}, func(w width, at int) {
					f.Get(residual)
					f.Load(w.load, at)
					f.Do(asm.F32x4Add)
				})
			}, func() {
				each([]asm.Local{y, x}, func(width, int) {})
			})
			f.Do(asm.Return)
		})
	}
	g.finish = f
}

// foldNormalisation writes "foldNormalisation": scale = gamma/sqrt(variance+epsilon)
// and shift = beta - scale*mean of n channels, two at a time in double precision.
func (g *generator) foldNormalisation() {
	f, p := g.Func("foldNormalisation", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.F64})
	scale, shift, gamma, beta, mean, variance, n := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	epsilon, factor := f.Local(asm.V128), f.Local(asm.V128)
	f.Get(p[7])
	f.Do(asm.F64x2Splat)
	f.Set(epsilon)
	for _, w := range []width{{2, asm.V128Load64Zero, asm.V128Store64Lane}, one} {
		load := func(from asm.Local) {
			f.Get(from)
			f.Load(w.load, 0)
			f.Do(asm.F64x2Promote)
		}
		while(f, n, w.floats, func() {
			load(gamma)
			load(variance)
			f.Get(epsilon)
			f.Do(asm.F64x2Add, asm.F64x2Sqrt, asm.F64x2Div)
			f.Set(factor)
			f.Get(scale, factor)
			f.Do(asm.F32x4Demote)
			f.Store(w.store, 0)
			f.Get(shift)
			load(beta)
			load(mean)
			f.Get(factor)
			f.Do(asm.F64x2Mul, asm.F64x2Sub, asm.F32x4Demote)
			f.Store(w.store, 0)
			for _, l := range p[:6] {
				advance(f, l, 4*w.floats)
			}
			advance(f, n, -w.floats)
		})
	}
}
