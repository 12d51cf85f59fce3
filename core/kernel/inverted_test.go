package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
)

// everywhere runs f for every implementation, on one, two and three threads.
func everywhere(t *testing.T, f func(t *testing.T)) {
	for _, name := range kernel.Implementations() {
		for threads := 1; threads <= 3; threads++ {
			t.Run(fmt.Sprintf("%s on %d", name, threads), func(t *testing.T) {
				undo, err := kernel.Use(name)
				if err != nil {
					t.Fatal(err)
				}
				kernel.SetThreads(threads)
				defer func() { kernel.SetThreads(0); undo() }()
				f(t)
			})
		}
	}
}

// both is random numbers in single and the same in double precision.
func both(r *rand.Rand, n int) ([]float32, []float64) {
	s, d := make([]float32, n), make([]float64, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
		d[i] = float64(s[i])
	}
	return s, d
}

// cell is what lies behind an output and must stay.
const cell = 4711

// output has n elements to write and cells behind them.
func output(n int) []float32 {
	s := make([]float32, n+32)
	for i := range s {
		s[i] = cell
	}
	return s
}

// holds compares an output of output with double precision.
func holds(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= 4e-6*scale) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, len(want), got[i], v)
		}
	}
	for i, v := range got[len(want):] {
		if v != cell {
			t.Fatalf("%s: wrote %v to element %d behind %d", what, v, i, len(want))
		}
	}
}

// TestInverted holds the first half of a block against its operators in double
// precision: blocks of channels that are not whole, rows that end in every tile,
// rings that go round, parts that share a block, kernels cut out of bigger ones.
func TestInverted(t *testing.T) {
	shapes := []struct{ n, h, w, in, mid, k, stride int }{
		{1, 12, 12, 20, 120, 3, 1}, {2, 7, 7, 8, 48, 5, 1}, {1, 48, 48, 3, 18, 3, 2}, {1, 6, 6, 10, 60, 5, 2},
		{1, 11, 13, 12, 12, 3, 1}, {2, 5, 4, 16, 16, 5, 2}, {1, 1, 1, 7, 7, 5, 1}, {1, 80, 61, 2, 17, 5, 1},
		{1, 33, 95, 17, 17, 3, 2}, {1, 3, 15, 9, 40, 3, 1}, {1, 30, 30, 5, 33, 5, 1}, {1, 9, 9, 4, 24, 7, 1},
	}
	everywhere(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 9))
		for _, c := range shapes {
			shape := kernel.DepthwiseShape{N: c.n, H: c.h, W: c.w, C: c.mid, K: c.k, Stride: c.stride}
			oh, ow := shape.Out()
			rows, pitch, ts, es := c.n*oh*ow, c.k+2, c.mid+3, c.mid+1
			x, xd := both(r, c.n*c.h*c.w*c.in)
			taps, tapsD := both(r, ((c.k-1)*pitch+c.k-1)*ts+c.mid)
			scale, scaleD := both(r, c.mid)
			bias, biasD := both(r, c.mid)
			s := kernel.InvertedSpec{In: c.in, Mid: c.mid, K: c.k, Stride: c.stride, Act: kernel.Swish, Taps: taps, Pitch: pitch, TapStride: ts, Scale: scale, Bias: bias}
			e := xd
			if c.in != c.mid {
				var wD, sD, bD []float64
				s.ExpandStride = es
				s.Expand, wD = both(r, (c.in-1)*es+c.mid)
				s.ExpandScale, sD = both(r, c.mid)
				s.ExpandBias, bD = both(r, c.mid)
				m := c.n * c.h * c.w
				e = make([]float64, m*c.mid)
				kernel.Pointwise(e, xd, m, c.in, c.mid, wD, es)
				kernel.ScaleShiftAct(e, e, m, c.mid, sD, bD, kernel.Swish, nil)
			}
			y := make([]float64, rows*c.mid)
			kernel.Depthwise(y, e, shape, tapsD, pitch, ts)
			kernel.ScaleShiftAct(y, y, rows, c.mid, scaleD, biasD, kernel.Swish, nil)
			mean := make([]float64, c.n*c.mid)
			kernel.GlobalPool(mean, y, c.n, oh*ow, c.mid)

			got, gotMean := output(len(y)), output(len(mean))
			p := kernel.PackInverted(s)
			p.Apply(got[:len(y)], gotMean[:len(mean)], x, c.n, c.h, c.w)
			holds(t, fmt.Sprint(c), got, y)
			holds(t, fmt.Sprint(c, " mean"), gotMean, mean)
			again := output(len(y))
			p.Apply(again[:len(y)], nil, x, c.n, c.h, c.w)
			for i, v := range again {
				if math.Float32bits(v) != math.Float32bits(got[i]) {
					t.Fatalf("%v: element %d is %v the second time, %v before", c, i, v, got[i])
				}
			}
		}
	})
}

// TestStem holds the first convolution against its matrix in double precision.
func TestStem(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 9))
		for _, c := range []struct{ n, h, w, cin, out int }{{1, 24, 24, 3, 16}, {2, 7, 9, 3, 12}, {1, 1, 1, 3, 5}, {1, 10, 5, 3, 40}, {3, 4, 6, 2, 17}} {
			oh, ow := (c.h+1)/2, (c.w+1)/2
			m, ws := c.n*oh*ow, c.out+2
			x, xd := both(r, c.n*c.h*c.w*c.cin)
			w, wd := both(r, (9*c.cin-1)*ws+c.out)
			scale, scaleD := both(r, c.out)
			bias, biasD := both(r, c.out)
			cols, want := make([]float64, m*9*c.cin), make([]float64, m*c.out)
			kernel.Im2col3x3s2(cols, xd, c.n, c.h, c.w, c.cin)
			kernel.Pointwise(want, cols, m, 9*c.cin, c.out, wd, ws)
			kernel.ScaleShiftAct(want, want, m, c.out, scaleD, biasD, kernel.Swish, nil)
			got := output(len(want))
			kernel.PackStem(w, c.cin, c.out, ws, scale, bias, kernel.Swish).Apply(got[:len(want)], x, c.n, c.h, c.w)
			holds(t, fmt.Sprint(c), got, want)
			kernel.Pointwise(want, cols, m, 9*c.cin, c.out, wd, ws)
			kernel.ScaleShiftAct(want, want, m, c.out, scaleD, biasD, kernel.HardSwish, nil)
			got = output(len(want))
			kernel.PackStem(w, c.cin, c.out, ws, scale, bias, kernel.HardSwish).Apply(got[:len(want)], x, c.n, c.h, c.w)
			holds(t, fmt.Sprint(c, " hard swish"), got, want)
		}
	})
}

// TestApplyGated: many rows, where the gate goes to the weights, and few, where
// it goes to the rows.
func TestApplyGated(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 9))
		for _, c := range [][3]int{{200, 48, 20}, {36, 96, 40}, {5, 17, 3}, {1, 640, 70}, {400, 33, 72}} {
			m, k, n := c[0], c[1], c[2]
			x, xd := both(r, m*k)
			w, wd := both(r, k*n)
			gate, gateD := both(r, k)
			residual, residualD := both(r, m*n)
			bias, biasD := both(r, n)
			want, ones := make([]float64, m*n), make([]float64, n)
			for i := range ones {
				ones[i] = 1
			}
			kernel.ChannelScale(xd, xd, gateD, 1, m, k)
			kernel.Pointwise(want, xd, m, k, n, wd, n)
			kernel.ScaleShiftAct(want, want, m, n, ones, biasD, kernel.None, residualD)
			got := output(m * n)
			kernel.Pack(w, k, n, n, nil, bias).ApplyGated(got[:m*n], x, m, gate, kernel.None, residual)
			holds(t, fmt.Sprint(c), got, want)
		}
	})
}

// TestSwishEnds: what a fused swish makes of numbers at the ends of the line.
func TestSwishEnds(t *testing.T) {
	inf := float32(math.Inf(1))
	everywhere(t, func(t *testing.T) {
		p := kernel.Pack([]float32{1}, 1, 1, 1, nil, nil)
		for _, c := range [][2]float32{{0, 0}, {inf, inf}, {-inf, 0}, {1e30, 1e30}, {-1e30, 0}, {100, 100}, {-100, 0}} {
			y := make([]float32, 1)
			if p.Apply(y, []float32{c[0]}, 1, kernel.Swish, nil); math.Abs(float64(y[0]-c[1])) > 1e-35 {
				t.Errorf("swish(%v) is %v, want %v", c[0], y[0], c[1])
			}
		}
		y := make([]float32, 1)
		if p.Apply(y, []float32{float32(math.NaN())}, 1, kernel.Swish, nil); y[0] == y[0] {
			t.Errorf("swish of not a number is %v", y[0])
		}
	})
}
