package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// differences holds a gradient against central differences of the sum of
// forward's outputs weighted with dy. forward reads x as it is at the call.
func differences(t *testing.T, name string, x, gradient, dy []float64, forward func() []float64) {
	t.Helper()
	loss := func() float64 {
		s := 0.0
		for i, v := range forward() {
			s += v * dy[i]
		}
		return s
	}
	const step = 1e-5
	for i, at := range x {
		x[i] = at + step
		up := loss()
		x[i] = at - step
		want := (up - loss()) / (2 * step)
		x[i] = at
		if d := math.Abs(gradient[i] - want); !(d <= 1e-6*(1+math.Abs(want))) {
			t.Fatalf("%s: gradient %d of %d is %v, differences say %v", name, i, len(x), gradient[i], want)
		}
	}
}

// numbers are random ones, none of them near 0.
func numbers(r *rand.Rand, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = (0.1 + r.Float64()) * float64(1-2*r.IntN(2))
	}
	return s
}

func minus(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

func TestPointwiseGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const m, k, n, ws = 5, 4, 3, 6
	x, w, dy := numbers(r, m*k), numbers(r, (k-1)*ws+n), numbers(r, m*n)
	forward := func() []float64 {
		y := make([]float64, m*n)
		Pointwise(y, x, m, k, n, w, ws)
		return y
	}
	dx, dw := make([]float64, m*k), make([]float64, len(w))
	PointwiseGradInput(dx, dy, m, k, n, w, ws, false)
	differences(t, "input", x, dx, dy, forward)
	before := append([]float64(nil), dx...)
	PointwiseGradInput(dx, dy, m, k, n, w, ws, true)
	differences(t, "input, added", x, minus(dx, before), dy, forward)
	start := numbers(r, len(w))
	copy(dw, start)
	PointwiseGradWeight(dw, ws, x, dy, m, k, n)
	differences(t, "weight", w, minus(dw, start), dy, forward)
}

func TestDepthwiseGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, s := range []DepthwiseShape{{2, 5, 4, 3, 3, 1}, {1, 6, 6, 2, 3, 2}, {1, 5, 7, 2, 5, 1}, {2, 4, 5, 2, 5, 2}, {1, 1, 1, 2, 5, 2}} {
		oh, ow := s.Out()
		pitch, ws := s.K+2, s.C+1
		x, w, dy := numbers(r, s.N*s.H*s.W*s.C), numbers(r, s.K*pitch*ws), numbers(r, s.N*oh*ow*s.C)
		forward := func() []float64 {
			y := make([]float64, len(dy))
			Depthwise(y, x, s, w, pitch, ws)
			return y
		}
		dx, start := numbers(r, len(x)), numbers(r, len(w))
		DepthwiseGradInput(dx, dy, s, w, pitch, ws)
		differences(t, fmt.Sprint(s, " input"), x, dx, dy, forward)
		dw := append([]float64(nil), start...)
		DepthwiseGradWeight(dw, pitch, ws, x, dy, s)
		differences(t, fmt.Sprint(s, " weight"), w, minus(dw, start), dy, forward)
	}
}

// TestBatchNormGradients lets the statistics follow x, as in training.
func TestBatchNormGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	const m, c, epsilon = 9, 3, 1e-3
	for _, act := range activations {
		x, gamma, beta, dy := numbers(r, m*c), numbers(r, c), numbers(r, c), numbers(r, m*c)
		run := func() *batchNorm { return batchNormInBands(x, dy, gamma, beta, m, 2, act, epsilon) }
		n, forward := run(), func() []float64 { return run().y }
		name := fmt.Sprintf("act %d ", act)
		differences(t, name+"x", x, n.dx, dy, forward)
		differences(t, name+"gamma", gamma, n.dgamma, dy, forward)
		differences(t, name+"beta", beta, n.dbeta, dy, forward)
	}
}

func TestElementwiseGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	const m, c = 7, 3
	for _, act := range activations {
		x, dy, dx := numbers(r, m*c), numbers(r, m*c), make([]float64, m*c)
		ActivateGrad(dx, dy, x, act)
		differences(t, fmt.Sprintf("act %d", act), x, dx, dy, func() []float64 {
			y := make([]float64, m*c)
			Activate(y, x, act)
			return y
		})
	}
	bias, dy, start := numbers(r, c), numbers(r, m*c), numbers(r, c)
	db := append([]float64(nil), start...)
	BiasGrad(db, dy, m, c)
	differences(t, "bias", bias, minus(db, start), dy, func() []float64 {
		y := make([]float64, m*c)
		AddBias(y, m, c, bias)
		return y
	})
}

// TestSqueezeGradients is a squeeze and excitation block whose two layers are a
// swish: y = x*swish(mean(x)).
func TestSqueezeGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	const n, hw, c = 2, 6, 3
	x, dy := numbers(r, n*hw*c), numbers(r, n*hw*c)
	pool, s := make([]float64, n*c), make([]float64, n*c)
	forward := func() []float64 {
		y := make([]float64, n*hw*c)
		GlobalPool(pool, x, n, hw, c)
		Activate(s, pool, Swish)
		ChannelScale(y, x, s, n, hw, c)
		return y
	}
	forward()
	ds, dx := make([]float64, n*c), make([]float64, n*hw*c)
	ChannelScaleReduce(ds, dy, x, n, hw, c)
	ActivateGrad(ds, ds, pool, Swish)
	ChannelScaleGrad(dx, dy, s, ds, n, hw, c)
	differences(t, "block", x, dx, dy, forward)

	dp := numbers(r, n*c)
	GlobalPoolGrad(dx, dp, n, hw, c)
	differences(t, "pool", x, dx, dp, func() []float64 {
		y := make([]float64, n*c)
		GlobalPool(y, x, n, hw, c)
		return y
	})
}

func TestAvgPoolGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	const n, h, w, c = 2, 4, 6, 3
	x, dy, dx := numbers(r, n*h*w*c), numbers(r, n*h*w*c/4), numbers(r, n*h*w*c)
	forward := func() []float64 {
		y := make([]float64, len(dy))
		AvgPool2x2(y, x, n, h, w, c)
		return y
	}
	AvgPool2x2Grad(dx, dy, n, h, w, c, false)
	differences(t, "overwrite", x, dx, dy, forward)
	before := append([]float64(nil), dx...)
	AvgPool2x2Grad(dx, dy, n, h, w, c, true)
	differences(t, "add", x, minus(dx, before), dy, forward)
}
