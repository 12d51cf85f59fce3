// Command pixelwise writes the AVX-512 elementwise and column-reduction loops
// of core/kernel. From core/kernel/internal/asmgen:
//
//	go run ./pixelwise -out ../../pixelwise_avx512_amd64.s -stubs ../../pixelwise_avx512_amd64.go -pkg kernel
//
// A matrix [m, c] is walked as one flat array of n = m*c elements, whole
// vectors whatever c is; per-column values are laid out again and again until
// the pattern repeats after a whole number of vectors (period bytes).
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, act := range []string{"None", "Swish", "Sigmoid", "ReLU"} {
		affine(act, false)
		affine(act, true)
		gradient(act)
		reduceGradient(act)
	}
	moments()
	dot()
	sum()
	averagePairs()
	spreadPairs(false)
	spreadPairs(true)
	Generate()
}

func arg(name string) Register { return Load(Param(name), GP64()) }

// affine writes y = act(x*scale+shift) (+ residual).
func affine(act string, residual bool) {
	name, params := "affine"+act, "func(y, x, scale, shift *float32, n int, period int)"
	if residual {
		name, params = name+"Add", "func(y, x, scale, shift, residual *float32, n int, period int)"
	}
	TEXT(name, NOSPLIT, params)
	Pragma("noescape")
	Doc(name + " computes act(x*scale+shift), with Add plus residual.")
	y, x, scale, shift := arg("y"), arg("x"), arg("scale"), arg("shift")
	var res Register
	if residual {
		res = arg("residual")
	}
	c := constsFor(act)
	walk(func(l *lane) {
		z, s := l.load(x), ZMM()
		VMOVUPS(l.periodic(scale), s)
		VFMADD213PS(l.periodic(shift), s, z)
		switch act {
		case "Swish":
			VMULPS(c.sigmoid(z), z, z)
		case "Sigmoid":
			z = c.sigmoid(z)
		case "ReLU":
			zero := ZMM()
			VPXORD(zero, zero, zero)
			VMAXPS(z, zero, z)
		}
		if residual {
			if l.masked {
				VADDPS(l.load(res), z, z)
			} else {
				VADDPS(l.flat(res), z, z)
			}
		}
		l.store(z, y)
	})
}

// gradient writes dx = k*d + a*x + b with d = dy*act'(x*scale+shift).
func gradient(act string) {
	name := "gradient" + act
	TEXT(name, NOSPLIT, "func(dx, dy, x, scale, shift, k, a, b *float32, n int, period int)")
	Pragma("noescape")
	Doc(name + " computes k*d + a*x + b with d = dy*act'(x*scale+shift).")
	dx, dyp, xp := arg("dx"), arg("dy"), arg("x")
	scale, shift, k, a, b := arg("scale"), arg("shift"), arg("k"), arg("a"), arg("b")
	c := constsFor(act)
	walk(func(l *lane) {
		x, d := l.load(xp), l.load(dyp)
		if act != "None" {
			d = chain(act, c, l.affine(x, scale, shift), d)
		}
		out := ZMM()
		VMOVUPS(l.periodic(b), out)
		VFMADD231PS(l.periodic(a), x, out)
		VFMADD231PS(l.periodic(k), d, out)
		l.store(out, dx)
	})
}

// reduceGradient writes sumD += d and sumDX += d*(x-mean) with d as in gradient.
func reduceGradient(act string) {
	name := "reduceGradient" + act
	TEXT(name, NOSPLIT, "func(sumD, sumDX, dy, x, scale, shift, mean *float32, n int, period int)")
	Pragma("noescape")
	Doc(name + " adds d to sumD and d*(x-mean) to sumDX, d = dy*act'(x*scale+shift).")
	sumD, sumDX, dyp, xp := arg("sumD"), arg("sumDX"), arg("dy"), arg("x")
	scale, shift, mean := arg("scale"), arg("shift"), arg("mean")
	c := constsFor(act)
	walk(func(l *lane) {
		x, d := l.load(xp), l.load(dyp)
		if act != "None" {
			d = chain(act, c, l.affine(x, scale, shift), d)
		}
		s := ZMM()
		VADDPS(l.periodic(sumD), d, s)
		VMOVUPS(s, l.periodic(sumD))
		VSUBPS(l.periodic(mean), x, x)
		VFMADD213PS(l.periodic(sumDX), d, x)
		VMOVUPS(x, l.periodic(sumDX))
	})
}

// moments writes sum += d and square += d*d with d = x-origin.
func moments() {
	TEXT("moments", NOSPLIT, "func(sum, square, x, origin *float32, n int, period int)")
	Pragma("noescape")
	Doc("moments adds d to sum and d*d to square, d = x-origin.")
	sum, square, xp, origin := arg("sum"), arg("square"), arg("x"), arg("origin")
	walk(func(l *lane) {
		d, s := l.load(xp), ZMM()
		if l.masked {
			VSUBPS_Z(l.periodic(origin), d, K1, d)
		} else {
			VSUBPS(l.periodic(origin), d, d)
		}
		VADDPS(l.periodic(sum), d, s)
		VMOVUPS(s, l.periodic(sum))
		VFMADD213PS(l.periodic(square), d, d)
		VMOVUPS(d, l.periodic(square))
	})
}

// dot writes sum += a*b.
func dot() {
	TEXT("dotColumns", NOSPLIT, "func(sum, a, b *float32, n int, period int)")
	Pragma("noescape")
	Doc("dotColumns adds a*b to sum.")
	sum, ap, bp := arg("sum"), arg("a"), arg("b")
	walk(func(l *lane) {
		a, b := l.load(ap), l.load(bp)
		VFMADD213PS(l.periodic(sum), a, b)
		VMOVUPS(b, l.periodic(sum))
	})
}

// sum writes sum += x.
func sum() {
	TEXT("sumColumns", NOSPLIT, "func(sum, x *float32, n int, period int)")
	Pragma("noescape")
	Doc("sumColumns adds x to sum.")
	sum, xp := arg("sum"), arg("x")
	walk(func(l *lane) {
		x := l.load(xp)
		VADDPS(l.periodic(sum), x, x)
		VMOVUPS(x, l.periodic(sum))
	})
}
