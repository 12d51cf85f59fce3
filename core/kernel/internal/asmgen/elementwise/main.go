// Command elementwise writes the elementwise and column-reduction loops of
// core/kernel. From core/kernel/internal/asmgen:
//
//	go run ./elementwise -set avx2 -out ../asm/avx2/elementwise_amd64.s -stubs ../asm/avx2/elementwise_amd64.go -pkg avx2
//
// and the same with avx512. A matrix [m, c] is processed as a flat array of n = m*c
// elements, in whole vectors for any c. Values of columns are repeated in memory until the
// pattern is a whole number of vectors long (period, in bytes).
package main

import (
	"fmt"
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

func main() {
	g := generator{vector.FromFlags()}
	ConstraintExpr("amd64,!noasm")
	for _, act := range []string{"None", "Swish", "Sigmoid"} {
		g.affine(act, false)
		g.affine(act, true)
		if act != "None" {
			g.derivative(act)
		}
	}
	g.combineColumns()
	g.gradientSums()
	g.exponential()
	g.fold()
	g.slopeSwish()
	g.multiplySums()
	g.moments()
	g.dot()
	g.sum()
	g.averagePairs()
	g.spreadPairs(false)
	g.spreadPairs(true)
	rounded(g.Set)
	Generate()
}

// generator emits the functions for one instruction set.
type generator struct{ *vector.Set }

// formulas holds the activations, as the doc comments of the functions write them.
var formulas = map[string]string{"None": "%s", "Swish": "swish(%s)", "Sigmoid": "sigmoid(%s)"}

// text begins a function that loops over n elements. Its doc comment shows the loop with
// these statements, in which j is the column of element i.
func (g generator) text(name, params, does string, statements ...string) {
	over := "for i < n:"
	if strings.Contains(params, "period") {
		over = "for i < n, j = i mod period/4:"
	}
	loop := []string{over}
	for _, s := range statements {
		loop = append(loop, "	"+s)
	}
	vector.Text(name, params, does, loop...)
}

// affine emits y = act(x*scale+shift), plus a residual if there is one.
func (g generator) affine(act string, residual bool) {
	name, params, added := "affine"+act, "func(y, x, scale, shift *float32, n int, period int)", ""
	if residual {
		added = " + residual[i]"
		name, params = name+"Add", "func(y, x, scale, shift, residual *float32, n int, period int)"
	}
	g.text(name, params, "is the activation after a scale and a shift.", "y[i] = "+fmt.Sprintf(formulas[act], "x[i]*scale[j]+shift[j]")+added)
	y, x, scale, shift := vector.Arg("y"), vector.Arg("x"), vector.Arg("scale"), vector.Arg("shift")
	var res Register
	if residual {
		res = vector.Arg("residual")
	}
	c := logisticFor(g.Set, act)
	g.walk(func(l *lane) {
		z := l.load(x)
		s := l.Copy(l.periodic(scale))
		VFMADD213PS(l.periodic(shift), s, z)
		switch act {
		case "Swish":
			s, _ := c.sigmoid(z)
			t := g.Copy(c.floor) // -Inf * 0 would be NaN
			VMAXPS(z, t, t)
			VMULPS(s, t, z)
		case "Sigmoid":
			z, _ = c.sigmoid(z)
		}
		if residual {
			if l.mask != nil {
				VADDPS(l.load(res), z, z)
			} else {
				VADDPS(l.flat(res), z, z)
			}
		}
		l.store(z, y)
	})
}

// derivative emits dx = dy*act'(x).
func (g generator) derivative(act string) {
	g.text("derivative"+act, "func(dx, dy, x *float32, n int)", "is the gradient of the activation.", "dx[i] = dy[i] * "+strings.ToLower(act)+"'(x[i])")
	dx, dy, x := vector.Arg("dx"), vector.Arg("dy"), vector.Arg("x")
	c := logisticFor(g.Set, act)
	g.walkFlat(func(l *lane) {
		l.store(c.chain(act, l.load(x), l.load(dy)), dx)
	})
}

// combineColumns emits dx = k*dz + a*x + b.
func (g generator) combineColumns() {
	g.text("combineColumns", "func(dx, dz, x, k, a, b *float32, n int, period int)", "ends the gradient of a batch normalisation.", "dx[i] = k[j]*dz[i] + a[j]*x[i] + b[j]")
	dx, dz, xp := vector.Arg("dx"), vector.Arg("dz"), vector.Arg("x")
	k, a, b := vector.Arg("k"), vector.Arg("a"), vector.Arg("b")
	g.walk(func(l *lane) {
		x, d := l.load(xp), l.load(dz)
		out := g.New()
		VMOVUPS(l.periodic(b), out)
		VFMADD231PS(l.periodic(a), x, out)
		VFMADD231PS(l.periodic(k), d, out)
		l.store(out, dx)
	})
}

// gradientSums emits sumD += d and sumDX += d*(x-mean).
func (g generator) gradientSums() {
	g.text("gradientSums", "func(sumD, sumDX, d, x, mean *float32, n int, period int)", "sums for the gradient of a batch normalisation.", "sumD[j] += d[i]", "sumDX[j] += d[i] * (x[i]-mean[j])")
	sumD, sumDX, dp, xp, mean := vector.Arg("sumD"), vector.Arg("sumDX"), vector.Arg("d"), vector.Arg("x"), vector.Arg("mean")
	g.walk(func(l *lane) {
		x, d := l.load(xp), l.load(dp)
		s := g.New()
		VADDPS(l.periodic(sumD), d, s)
		VMOVUPS(s, l.periodic(sumD))
		VSUBPS(l.periodic(mean), x, x)
		VFMADD213PS(l.periodic(sumDX), d, x)
		VMOVUPS(x, l.periodic(sumDX))
	})
}

// exponential emits exp(x), with x clamped so that the result is a normal number.
func (g generator) exponential() {
	g.text("exponentials", "func(y, x *float32, n int)", "is the exponential, off by 2e-7 of the value.", "y[i] = exp(min(max(x[i], -80), 87))")
	y, x := vector.Arg("y"), vector.Arg("x")
	c := logisticFor(g.Set, "Sigmoid")
	lowest, log2e := g.Constant(-80), g.Constant(math.Log2E)
	g.walkFlat(func(l *lane) {
		v := l.load(x)
		VMAXPS(v, c.Copy(lowest), v) // if either is NaN, the result is the first of the two, v
		VMINPS(v, c.Copy(c.ceiling), v)
		t, n, p := c.Copy(c.magic), c.New(), c.Copy(c.poly)
		VFMADD231PS(log2e, v, t)
		VSUBPS(c.magic, t, n)
		VFNMADD231PS(c.ln2, n, v)
		VPSLLD(U8(23), t, t)
		for _, k := range c.more {
			VFMADD213PS(k, v, p)
		}
		VPADDD(t, p, p)
		l.store(p, y)
	})
}

// fold emits the scale and the shift of a folded batch normalisation. It computes in double
// precision, half a vector at a time, and rounds once.
func (g generator) fold() {
	g.text("foldStatistics", "func(scale, shift, gamma, beta, mean, variance *float32, n int, epsilon float64)",
		"folds a batch normalisation, in float64; n is a multiple of half a vector.",
		"scale[i] = gamma[i] / sqrt(variance[i]+epsilon)", "shift[i] = beta[i] - scale[i]*mean[i]")
	scale, shift, gamma, beta := vector.Arg("scale"), vector.Arg("shift"), vector.Arg("gamma"), vector.Arg("beta")
	mean, variance, n, at := vector.Arg("mean"), vector.Arg("variance"), vector.Arg("n"), GP64()
	epsilon := g.New()
	low := Load(Param("epsilon"), XMM())
	VBROADCASTSD(low, epsilon)
	XORQ(at, at)
	Label("loop")
	double := func(p Register) VecVirtual {
		v := g.New()
		VCVTPS2PD(Mem{Base: p, Index: at, Scale: 1}, v)
		return v
	}
	single := func(v VecVirtual, p Register) {
		to := Mem{Base: p, Index: at, Scale: 1}
		if g.Wide() {
			VCVTPD2PS(v, v.AsY())
			VMOVUPS(v.AsY(), to)
		} else {
			VCVTPD2PSY(v, v.AsX())
			VMOVUPS(v.AsX(), to)
		}
	}
	s, d, b := double(gamma), double(variance), double(beta)
	VADDPD(epsilon, d, d)
	VSQRTPD(d, d)
	VDIVPD(d, s, s)
	VFNMADD231PD(double(mean), s, b)
	single(s, scale)
	single(b, shift)
	ADDQ(U8(g.Bytes()/2), at)
	SUBQ(U8(g.Lanes/2), n)
	JNZ(LabelRef("loop"))
	vector.Finish()
}

// slopeSwish emits swish and its derivative, which share one exponential.
func (g generator) slopeSwish() {
	g.text("slopeSwish", "func(y, slope, x, scale, shift *float32, n int, period int)", "is swish and its slope after a scale and a shift.",
		"y[i], slope[i] = swish(x[i]*scale[j]+shift[j]), swish'(x[i]*scale[j]+shift[j])")
	y, slope, x, scale, shift := vector.Arg("y"), vector.Arg("slope"), vector.Arg("x"), vector.Arg("scale"), vector.Arg("shift")
	c := logisticFor(g.Set, "Swish")
	g.walk(func(l *lane) {
		z := l.affine(l.load(x), scale, shift)
		s, within := c.sigmoid(z)
		t := g.Copy(c.floor)
		VMAXPS(z, t, t)
		VMULPS(s, t, t)
		l.store(t, y)
		one := g.Copy(c.one)
		VSUBPS(s, one, one)
		VFMADD213PS(c.one, within, one)
		VMULPS(s, one, one)
		l.store(one, slope)
	})
}

// multiplySums emits dz = dy*slope and the sums of gradientSums for dz.
func (g generator) multiplySums() {
	g.text("multiplySums", "func(dz, sumD, sumDX, dy, slope, x, mean *float32, n int, period int)", "multiplies by the slope and sums.",
		"dz[i] = dy[i] * slope[i]", "sumD[j] += dz[i]", "sumDX[j] += dz[i] * (x[i]-mean[j])")
	dz, sumD, sumDX, dy := vector.Arg("dz"), vector.Arg("sumD"), vector.Arg("sumDX"), vector.Arg("dy")
	slope, xp, mean := vector.Arg("slope"), vector.Arg("x"), vector.Arg("mean")
	g.walk(func(l *lane) {
		x, d := l.load(xp), l.load(dy)
		VMULPS(l.load(slope), d, d)
		l.store(d, dz)
		s := g.New()
		VADDPS(l.periodic(sumD), d, s)
		VMOVUPS(s, l.periodic(sumD))
		VSUBPS(l.periodic(mean), x, x)
		VFMADD213PS(l.periodic(sumDX), d, x)
		VMOVUPS(x, l.periodic(sumDX))
	})
}

// moments emits sum += d and square += d*d with d = x-origin.
func (g generator) moments() {
	g.text("moments", "func(sum, square, x, origin *float32, n int, period int)", "sums for mean and variance.", "sum[j] += x[i]-origin[j]", "square[j] += (x[i]-origin[j]) * (x[i]-origin[j])")
	sum, square, xp, origin := vector.Arg("sum"), vector.Arg("square"), vector.Arg("x"), vector.Arg("origin")
	g.walk(func(l *lane) {
		d, s := l.near(xp), g.New()
		VSUBPS(l.periodic(origin), d, d)
		if l.mask != nil {
			l.mask.Clear(d)
		}
		VADDPS(l.periodic(sum), d, s)
		VMOVUPS(s, l.periodic(sum))
		VFMADD213PS(l.periodic(square), d, d)
		VMOVUPS(d, l.periodic(square))
	})
}

// dot emits sum += a*b.
func (g generator) dot() {
	g.text("dotColumns", "func(sum, a, b *float32, n int, period int)", "is a scalar product of each column.", "sum[j] += a[i] * b[i]")
	sum, ap, bp := vector.Arg("sum"), vector.Arg("a"), vector.Arg("b")
	g.walk(func(l *lane) {
		a, b := l.load(ap), l.load(bp)
		VFMADD213PS(l.periodic(sum), a, b)
		VMOVUPS(b, l.periodic(sum))
	})
}

// sum emits sum += x.
func (g generator) sum() {
	g.text("sumColumns", "func(sum, x *float32, n int, period int)", "sums each column.", "sum[j] += x[i]")
	sum, xp := vector.Arg("sum"), vector.Arg("x")
	g.walk(func(l *lane) {
		x := l.load(xp)
		VADDPS(l.periodic(sum), x, x)
		VMOVUPS(x, l.periodic(sum))
	})
}
