package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const guard = 12345

// guarded returns n random elements followed by guard cells.
func guarded(r *rand.Rand, n int) []float32 {
	s := make([]float32, n+64)
	for i := range s {
		s[i] = float32(r.NormFloat64())
		if i >= n {
			s[i] = guard
		}
	}
	return s
}

func clone(s []float32) []float32 { return append([]float32(nil), s...) }

func same(t *testing.T, what string, got, want []float32, n int, tol float64) {
	t.Helper()
	scale := 0.0
	for _, v := range want[:n] {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i := range got {
		if i >= n {
			if got[i] != guard {
				t.Fatalf("%s: wrote past the end", what)
			}
			continue
		}
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tol*(1+scale)) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, n, got[i], want[i])
		}
	}
}

// TestAgainstGeneric runs every operator of the best implementation beside the generic loops.
func TestAgainstGeneric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	type shape struct{ m, k, n, extra int }
	var shapes []shape
	for range 60 {
		shapes = append(shapes, shape{1 + r.IntN(300), 1 + r.IntN(90), 1 + r.IntN(150), r.IntN(20)})
	}
	shapes = append(shapes, shape{5000, 27, 16, 0}, shape{4100, 12, 72, 3}, shape{576, 480, 72, 16}, shape{64, 816, 34, 0}, shape{64, 34, 816, 0})
	for _, s := range shapes {
		name := fmt.Sprint(s)
		m, k, n, ws := s.m, s.k, s.n, s.n+s.extra
		x, w, dy := guarded(r, m*k), guarded(r, k*ws), guarded(r, m*n)
		both := func(what string, out []float32, used int, f func(o []float32)) {
			t.Helper()
			got, want := clone(out), clone(out)
			f(got)
			undo, _ := Use("generic")
			f(want)
			undo()
			same(t, name+" "+what, got, want, used, 1e-5)
		}
		both("pointwise", guarded(r, m*n), m*n, func(o []float32) { Pointwise(o, x, m, k, n, w, ws) })
		both("grad input", guarded(r, m*k), m*k, func(o []float32) { PointwiseGradInput(o, dy, m, k, n, w, ws, false) })
		both("grad input +", guarded(r, m*k), m*k, func(o []float32) { PointwiseGradInput(o, dy, m, k, n, w, ws, true) })
		both("grad weight", guarded(r, k*ws), k*ws, func(o []float32) { PointwiseGradWeight(o, ws, x, dy, m, k, n) })
		bias, res := guarded(r, n), guarded(r, m*n)
		for act := None; act <= ReLU; act++ {
			both("packed", guarded(r, m*n), m*n, func(o []float32) { Pack(w, k, n, ws, bias[:n]).Apply(o, x, m, act, nil) })
			both("packed +", guarded(r, m*n), m*n, func(o []float32) { Pack(w, k, n, ws, nil).Apply(o, x, m, act, res) })
			both("scale shift", guarded(r, m*n), m*n, func(o []float32) { ScaleShiftAct(o, dy, m, n, bias, w, act, nil) })
			both("scale shift +", guarded(r, m*n), m*n, func(o []float32) { ScaleShiftAct(o, dy, m, n, bias, w, act, res) })
			both("activate", guarded(r, m*n), m*n, func(o []float32) { Activate(o, dy[:m*n], act) })
			both("activate grad", guarded(r, m*n), m*n, func(o []float32) { ActivateGrad(o, dy, res[:m*n], act) })
			if n <= k {
				g, b := guarded(r, n), guarded(r, n)
				both("bn grad", guarded(r, m*n), m*n, func(o []float32) {
					BatchNormGrad(o, dy, res, m, n, bias, w, x, w, act, clone(g), clone(b))
				})
				both("bn dgamma", g, n, func(o []float32) {
					BatchNormGrad(make([]float32, m*n), dy, res, m, n, bias, w, x, w, act, o, clone(b))
				})
				both("bn dbeta", b, n, func(o []float32) {
					BatchNormGrad(make([]float32, m*n), dy, res, m, n, bias, w, x, w, act, clone(g), o)
				})
			}
		}
		both("mean", guarded(r, n), n, func(o []float32) { BatchStats(o, make([]float32, n), dy, m, n) })
		both("variance", guarded(r, n), n, func(o []float32) { BatchStats(make([]float32, n), o, dy, m, n) })
		both("add", guarded(r, m*n), m*n, func(o []float32) { Add(o, dy[:m*n]) })
		both("add bias", guarded(r, m*n), m*n, func(o []float32) { AddBias(o, m, n, bias) })
		sc, g := guarded(r, m*n), guarded(r, m*n)
		const hw = 3
		x3, d3 := guarded(r, m*n*hw), guarded(r, m*n*hw)
		both("pool", guarded(r, m*n), m*n, func(o []float32) { GlobalPool(o, x3, m, hw, n) })
		both("channel scale", guarded(r, m*n*hw), m*n*hw, func(o []float32) { ChannelScale(o, x3, sc, m, hw, n) })
		both("channel reduce", guarded(r, m*n), m*n, func(o []float32) { ChannelScaleReduce(o, d3, x3, m, hw, n) })
		both("channel grad", guarded(r, m*n*hw), m*n*hw, func(o []float32) { ChannelScaleGrad(o, d3, sc, g, m, hw, n) })
	}
	for range 80 {
		s := DepthwiseShape{1 + r.IntN(5), 1 + r.IntN(13), 1 + r.IntN(13), 1 + r.IntN(70), 3 + 2*r.IntN(2), 1 + r.IntN(2)}
		oh, ow := s.Out()
		pitch, ws := s.K+r.IntN(3), s.C+r.IntN(5)
		in, out := s.N*s.H*s.W*s.C, s.N*oh*ow*s.C
		x, dy, w, bias := guarded(r, in), guarded(r, out), guarded(r, s.K*pitch*ws), guarded(r, s.C)
		both := func(what string, o []float32, used int, f func(o []float32)) {
			t.Helper()
			got, want := clone(o), clone(o)
			f(got)
			undo, _ := Use("generic")
			f(want)
			undo()
			same(t, fmt.Sprint(s, what), got, want, used, 1e-5)
		}
		both("forward", guarded(r, out), out, func(o []float32) { Depthwise(o, x, s, w, pitch, ws) })
		both("grad input", guarded(r, in), in, func(o []float32) { DepthwiseGradInput(o, dy, s, w, pitch, ws) })
		both("grad weight", guarded(r, s.K*pitch*ws), s.K*pitch*ws, func(o []float32) { DepthwiseGradWeight(o, pitch, ws, x, dy, s) })
		both("act", guarded(r, out), out, func(o []float32) { DepthwiseAct(o, x, s, w, bias, Swish) })
	}
}
