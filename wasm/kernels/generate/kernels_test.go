//go:build !js

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
	"bignas/wasm/kernels"
)

var activations = []kernel.Act{kernel.None, kernel.Swish, kernel.Sigmoid}

// units is how far results may be from core/kernel's, in units in the last
// place of the result: nothing where no exponential is computed.
func units(a kernel.Act) float64 {
	if a == kernel.Swish || a == kernel.Sigmoid {
		return 4
	}
	return 0
}

// plain makes core/kernel use its plain loops, which have every implementation's
// order of additions.
func plain(t *testing.T) {
	t.Helper()
	undo, err := kernel.Use("portable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
}

func TestProduct(t *testing.T) {
	plain(t)
	m := start(t)
	r := rand.New(rand.NewPCG(1, 2))
	shapes := [][3]int{{1, 1, 1}, {1, 1280, 10}, {7, 5, 13}, {49, 192, 88}, {196, 27, 24}, {9, 4, 8}}
	for range 60 {
		shapes = append(shapes, [3]int{1 + r.IntN(30), 1 + r.IntN(50), 1 + r.IntN(60)})
	}
	for i, s := range shapes {
		rows, k, n := s[0], s[1], s[2]
		act := activations[i%len(activations)]
		what := fmt.Sprintf("product %v, activation %d", s, act)
		ws := n + r.IntN(5)
		x, w := random(r, rows*k), random(r, (k+3)*ws)
		var scale, bias, residual []float32
		if r.IntN(2) > 0 {
			scale = random(r, n)
		}
		if r.IntN(4) > 0 {
			bias = random(r, n)
		}
		// x is as deep as the first k rows of W, which has more.
		deep := k + r.IntN(3)
		address := uint32(0)
		if r.IntN(3) == 0 {
			residual = random(r, rows*n)
			address = m.in(residual)
		}
		y := m.out(rows * n)
		m.call("product", m.in(x), m.in(kernels.Pack(w, deep, n, ws)), m.in(kernels.Pad(scale, n, 1)), m.in(kernels.Pad(bias, n, 0)), y, address, rows, k, n, int(act), deep)
		want := make([]float32, rows*n)
		kernel.Pointwise(want, x, rows, k, n, w, ws)
		kernel.ScaleShiftAct(want, want, rows, n, kernels.Pad(scale, n, 1), kernels.Pad(bias, n, 0), act, nil)
		tolerance := units(act)
		got := m.take(what, y, rows*n)
		if residual != nil { // which may cancel the rest
			for i := range got {
				if d := math.Abs(float64(got[i]) - float64(want[i]+residual[i])); d > tolerance*1e-6 {
					t.Fatalf("%s with residual: element %d is %v, want %v", what, i, got[i], want[i]+residual[i])
				}
			}
			continue
		}
		same(t, what, got, want, tolerance)
	}
}

func TestDepthwise(t *testing.T) {
	plain(t)
	m := start(t)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 120 {
		s := kernel.DepthwiseShape{N: 1 + r.IntN(2), H: 1 + r.IntN(16), W: 1 + r.IntN(16), C: 1 + r.IntN(40), K: 3 + 2*(i%3), Stride: 1 + i/3%2}
		if i%4 > 0 {
			s.C = (s.C + 3) / 4 * 4
		}
		act := activations[r.IntN(len(activations))]
		what := fmt.Sprintf("depthwise %v, activation %d", s, act)
		oh, ow := s.Out()
		x, w, bias := random(r, s.N*s.H*s.W*s.C), random(r, s.K*s.K*s.C), random(r, s.C)
		want := make([]float32, s.N*oh*ow*s.C)
		y := m.out(len(want))
		m.call(fmt.Sprintf("depthwise%dx%d", s.K, s.Stride), m.in(x), m.in(w), m.in(bias), y, s.N, s.H, s.W, s.C, int(act))
		kernel.DepthwiseAct(want, x, s, w, bias, act)
		same(t, what, m.take(what, y, len(want)), want, units(act))
	}
}

func TestImages(t *testing.T) {
	plain(t)
	m := start(t)
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		hw, c := 1+r.IntN(60), 1+r.IntN(70)
		x, s, mean, scaled := random(r, hw*c), random(r, c), make([]float32, c), make([]float32, hw*c)
		what := fmt.Sprintf("global pool %d, %d", hw, c)
		y := m.out(c)
		m.call("globalPool", y, m.in(x), hw, c)
		kernel.GlobalPool(mean, x, 1, hw, c)
		same(t, what, m.take(what, y, c), mean, 0)
		what = fmt.Sprintf("channel scale %d, %d", hw, c)
		y = m.put(x, fence) // in place
		m.call("channelScale", y, y, m.in(s), hw, c)
		kernel.ChannelScale(scaled, x, s, 1, hw, c)
		same(t, what, m.take(what, y, hw*c), scaled, 0)
	}
}

// TestActivations covers the number line and its ends.
func TestActivations(t *testing.T) {
	plain(t)
	m := start(t)
	var x []float32
	for v := float32(-60); v < 100; v += 0.0237 {
		x = append(x, v)
	}
	inf := float32(math.Inf(1))
	ends := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, 1e30, -1e30, 200, -200, -87, -90, 80, 1e-30}
	for _, act := range activations {
		for _, values := range [][]float32{x, x[:5]} {
			want := make([]float32, len(values))
			kernel.Activate(want, values, act)
			y := m.out(len(values))
			m.call("finish", y, m.in(values), 0, len(values), int(act))
			same(t, fmt.Sprintf("activation %d", act), m.take("finish", y, len(values)), want, units(act))
		}
		want := make([]float32, len(ends))
		kernel.Activate(want, ends, act)
		y := m.out(len(ends))
		m.call("finish", y, m.in(ends), 0, len(ends), int(act))
		for i, got := range m.take("finish", y, len(ends)) {
			if d := math.Abs(float64(got) - float64(want[i])); got != want[i] && !(d < 1e-30) {
				t.Errorf("activation %d of %v is %v, want %v", act, ends[i], got, want[i])
			}
		}
		y = m.out(1)
		m.call("finish", y, m.put([]float32{float32(math.NaN())}, 0), 0, 1, int(act))
		if got := m.take("finish", y, 1)[0]; got == got {
			t.Errorf("activation %d of not a number is %v", act, got)
		}
	}
}

// TestFolding: what batch normalisations fold to, bit for bit, and the
// exponential within its error.
func TestFolding(t *testing.T) {
	plain(t)
	m := start(t)
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 2, 3, 40, 71} {
		gamma, beta, mean, variance := random(r, n), random(r, n), random(r, n), random(r, n)
		kernel.Exp(variance, variance)
		scale, shift := make([]float32, n), make([]float32, n)
		kernel.FoldNormalisation(scale, shift, gamma, beta, mean, variance, 1e-5)
		a, b := m.out(n), m.out(n)
		m.call("foldNormalisation", a, b, m.in(gamma), m.in(beta), m.in(mean), m.in(variance), n, 1e-5)
		same(t, "scale", m.take("scale", a, n), scale, 0)
		same(t, "shift", m.take("shift", b, n), shift, 0)

		x := random(r, n)
		for i := range x {
			x[i] *= 20
		}
		x[0] = 1000
		want := make([]float32, n)
		kernel.Exp(want, x)
		y := m.out(n)
		m.call("exponential", y, m.in(x), n)
		got := m.take("exponential", y, n)
		same(t, "exponential", got, want, 2)
	}
}

// TestPatches: what the stem and its shortcut read.
func TestPatches(t *testing.T) {
	plain(t)
	m := start(t)
	r := rand.New(rand.NewPCG(9, 10))
	for range 20 {
		h, w, c := 2*(1+r.IntN(6)), 2*(1+r.IntN(6)), 1+r.IntN(40)
		x, want := random(r, h*w*c), make([]float32, h*w*c/4)
		kernel.AvgPool2x2(want, x, 1, h, w, c)
		y := m.out(len(want))
		m.call("averagePool", y, m.in(x), h/2, w/2, c)
		same(t, "average pool", m.take("average pool", y, len(want)), want, 0)

		k, columns, ws := 1+r.IntN(20), 8*(1+r.IntN(5)), 40+r.IntN(9)
		matrix := random(r, k*ws)
		y = m.out(k * columns)
		m.call("panels", y, m.in(matrix), k, columns, ws)
		same(t, "panels", m.take("panels", y, k*columns), kernels.Pack(matrix, k, columns, ws), 0)
	}
	row, cols, want := random(r, 6*5+3), make([]float32, 5*27), make([]float32, 5*27)
	for i := range 5 {
		copy(want[i*27:][:9], row[i*6:])
	}
	y := m.put(cols, fence)
	m.call("patches", y, m.in(row), 5)
	same(t, "patches", m.take("patches", y, len(cols)), want, 0)
}
