package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestImagesAgainstGeneric compares the operators over images, on odd sizes,
// vector tails and guard cells.
func TestImagesAgainstGeneric(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		n, h, w, c := 1+r.IntN(4), 1+r.IntN(12), 1+r.IntN(12), 1+r.IntN(70)
		if r.IntN(3) == 0 {
			c = 3
		}
		he, we := h&^1, w&^1
		oh, ow := (h+1)/2, (w+1)/2
		x, d := guarded(r, n*h*w*c), guarded(r, n*h*w*c)
		both := func(what string, used int, f func(o []float32)) {
			t.Helper()
			got := guarded(r, used)
			want := clone(got)
			f(got)
			undo, _ := Use("generic")
			f(want)
			undo()
			same(t, fmt.Sprint(what, n, h, w, c), got, want, used, 1e-6)
		}
		both("im2col", n*oh*ow*9*c, func(o []float32) { Im2col3x3s2(o, x, n, h, w, c) })
		both("average", n*he*we/4*c, func(o []float32) { AvgPool2x2(o, x, n, he, we, c) })
		both("average grad", n*he*we*c, func(o []float32) { AvgPool2x2Grad(o, d, n, he, we, c, false) })
		both("average grad +", n*he*we*c, func(o []float32) { AvgPool2x2Grad(o, d, n, he, we, c, true) })
		both("pool grad", n*h*w*c, func(o []float32) { GlobalPoolGrad(o, d, n, h*w, c) })
		both("bias grad", c, func(o []float32) { BiasGrad(o, d, n*h*w, c) })
	}
}

// TestInPlace runs the operators that may write over an input.
func TestInPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, c := range []int{1, 16, 23, 120} {
		const n, hw = 3, 77
		m := n * hw
		x, dy, scale, shift, s, g := guarded(r, m*c), guarded(r, m*c), guarded(r, c), guarded(r, c), guarded(r, n*c), guarded(r, n*c)
		check := func(what string, in []float32, f func(o, in []float32)) {
			t.Helper()
			want, got := clone(in), clone(in)
			f(want, in)
			f(got, got)
			same(t, fmt.Sprint(what, c), got, want, m*c, 0)
		}
		for act := None; act <= ReLU; act++ {
			check("scale shift", x, func(o, in []float32) { ScaleShiftAct(o, in, m, c, scale, shift, act, nil) })
			check("residual", x, func(o, in []float32) { ScaleShiftAct(o, dy, m, c, scale, shift, act, in) })
			check("activate", x, func(o, in []float32) { Activate(o[:m*c], in[:m*c], act) })
			check("activate grad", dy, func(o, in []float32) { ActivateGrad(o[:m*c], in[:m*c], x[:m*c], act) })
			check("bn grad", dy, func(o, in []float32) {
				BatchNormGrad(o, in, x, m, c, shift, scale, scale, shift, act, clone(shift), clone(shift))
			})
		}
		check("channel scale", x, func(o, in []float32) { ChannelScale(o, in, s, n, hw, c) })
		check("channel grad", dy, func(o, in []float32) { ChannelScaleGrad(o, in, s, g, n, hw, c) })
	}
}

// TestActivationPrecision measures the activations of every implementation
// against float64, in relative terms down to where the exponential is clamped.
func TestActivationPrecision(t *testing.T) {
	var x []float32
	for v := float32(-80); v <= 80; v += 1.0 / 256 {
		x = append(x, v)
	}
	y, one := make([]float32, len(x)), make([]float32, len(x))
	for i := range one {
		one[i] = 1
	}
	for _, name := range Implementations() {
		undo, err := Use(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, act := range []Act{Sigmoid, Swish} {
			Activate(y, x, act)
			worst := 0.0
			for i, v := range x {
				want := activation(float64(v), act)
				if want != 0 {
					worst = max(worst, math.Abs(float64(y[i])/want-1))
				}
			}
			t.Logf("%s act %d: relative error %.3g", name, act, worst)
			if !(worst < 3.6e-7) { // 3 units in the last place
				t.Errorf("%s act %d: relative error %g", name, act, worst)
			}
			ActivateGrad(y, one, x, act)
			for i, v := range x {
				if d := math.Abs(float64(y[i]) - activationGrad(float64(v), act)); !(d < 1.2e-7*(2+math.Abs(float64(v)))) { // 1-sigmoid has an absolute error, times x
					t.Fatalf("%s act %d: gradient at %v is off by %g", name, act, v, d)
				}
			}
		}
		big := []float32{float32(math.Inf(1)), 1e30, 100, -100, -1e30, float32(math.Inf(-1))}
		Activate(y[:6], big, Sigmoid)
		for i, want := range []float32{1, 1, 1, 0, 0, 0} {
			if d := math.Abs(float64(y[i] - want)); !(d < 1e-30) {
				t.Errorf("%s: sigmoid(%v) = %v", name, big[i], y[i])
			}
		}
		undo()
	}
}

// TestBatchStatsKeepsPrecision puts small deviations on a big mean, and an
// outlier in the first row, over a million rows.
func TestBatchStatsKeepsPrecision(t *testing.T) {
	const m, c = 1 << 20, 5
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float32, m*c)
	for i := range x {
		x[i] = 100 + float32(r.NormFloat64())
	}
	copy(x, []float32{100, 110, 90, 105, 95})
	got, want := [2][]float32{make([]float32, c), make([]float32, c)}, [2][]float32{make([]float32, c), make([]float32, c)}
	BatchStats(got[0], got[1], x, m, c)
	batchStatsGeneric(want[0], want[1], x, m, c)
	for i := range got {
		for j, v := range want[i] {
			if d := math.Abs(float64(got[i][j]/v - 1)); !(d < 2e-6) {
				t.Errorf("statistic %d of column %d is %v, want %v", i, j, got[i][j], v)
			}
		}
	}
}
