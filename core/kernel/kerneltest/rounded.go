package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
)

// bfloat16 holds the operators that read or write bfloat16 to their definitions. The error is
// that of rounding: none in the bits, which are the same everywhere.
func bfloat16(t *testing.T, s Subject) {
	use(t, s.Name)
	rounding(t)
	for _, p := range [][2]int{{1, 1}, {2, 3}, {7, 5}, {33, 16}, {50, 17}, {9, 300}, {700, 24}, {1100, 144}} {
		for _, act := range []kernel.Act{kernel.Swish, kernel.None, kernel.ReLU, kernel.HardSwish} {
			definitions(t, p[0], p[1], act)
		}
	}
}

// rounding compares Round with exact arithmetic on the whole number line, and on what lies just
// below, on and above the middle between two results.
func rounding(t *testing.T) {
	t.Helper()
	x := numberLine()
	for b := uint32(0); b < 0x7f80; b += 3 {
		for _, d := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
			v := math.Float32frombits(b<<16 + d)
			x = append(x, v, -v)
		}
	}
	nans := []uint32{0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff, 0x7fc00000}
	for _, b := range nans {
		x = append(x, math.Float32frombits(b))
	}
	y, wide := make([]kernel.BFloat16, len(x)), make([]float32, len(x))
	kernel.Round(y, x)
	kernel.Widen(wide, y)
	for i, v := range x {
		if v != v {
			if y[i] != 0x7fc0 {
				t.Fatalf("NaN %x is rounded to %x", math.Float32bits(v), y[i])
			}
			continue
		}
		if want := nearest(float64(v)); math.Float64bits(float64(wide[i])) != math.Float64bits(want) {
			t.Fatalf("%v (%x) is rounded to %v (%x), want %v", v, math.Float32bits(v), wide[i], y[i], want)
		}
	}
}

// nearest rounds to 8 significant bits with the exponents of float32.
func nearest(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	unit := math.Ldexp(1, max(math.Ilogb(v), -126)-7)
	r := math.RoundToEven(v/unit) * unit
	if math.Abs(r) >= 0x1p128 {
		return math.Inf(int(math.Copysign(1, v)))
	}
	return math.Copysign(r, v)
}

// fenced returns n cells between others that must not have changed when the test ends.
func fenced[T float32 | kernel.BFloat16](t *testing.T, n int, name string) []T {
	s := make([]T, n+2*margin)
	for i := range s {
		s[i] = fence
	}
	t.Cleanup(func() {
		for i := range margin {
			if s[i] != fence || s[len(s)-1-i] != fence {
				t.Fatalf("an operator%s wrote outside its output", name)
			}
		}
	})
	return s[margin : margin+n]
}

// definitions compares operators on [m, c] with the composition of others that defines them,
// bit by bit, with cells around every array.
func definitions(t *testing.T, m, c int, act kernel.Act) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(m), uint64(c)))
	n, name := m*c, fmt.Sprintf(" of %dx%d, act %d", m, c, act)
	numbers := func(n int) []float32 {
		return array(r, n, float32(math.NaN()))[margin : margin+n]
	}
	short := func(n int) []kernel.BFloat16 { return fenced[kernel.BFloat16](t, n, name) }
	output := func() []float32 { return fenced[float32](t, n, name) }
	rounded := func(x []float32) ([]kernel.BFloat16, []float32) {
		y, wide := short(len(x)), make([]float32, len(x))
		kernel.Round(y, x)
		kernel.Widen(wide, y)
		return y, wide
	}
	first, scale, shift, mean := numbers(n), numbers(c), numbers(c), numbers(c)
	x, wide := rounded(first)

	kept, got, want := short(n), kernel.NewMoments[float32](1, c), kernel.NewMoments[float32](1, c)
	got.AddRounded(0, kept, first, m)
	got.AddRounded(0, kept[:c], first, 1)
	want.Add(0, wide, m)
	want.Add(0, wide, 1)
	sums := func(s *kernel.Moments[float32]) []float32 {
		out := make([]float32, 2*c)
		s.Result(out[:c], out[c:])
		return out
	}
	sameBits(t, "AddRounded"+name, sums(got), sums(want))
	for i, v := range kept {
		if v != x[i] {
			t.Fatalf("AddRounded%s: element %d is %x, want %x", name, i, v, x[i])
		}
	}

	y, slope := output(), output()
	plain, steep := make([]float32, n), make([]float32, n)
	kernel.ScaleShiftActRounded(y, x, m, c, scale, shift, act)
	kernel.ScaleShiftAct(plain, wide, m, c, scale, shift, act, nil)
	sameBits(t, "ScaleShiftActRounded"+name, y, plain)
	kernel.ActSlopeRounded(y, slope, x, m, c, scale, shift, act)
	kernel.ActSlope(plain, steep, wide, m, c, scale, shift, act)
	sameBits(t, "ActSlopeRounded"+name, append(y[:n:n], slope...), append(plain[:n:n], steep...))

	dy, dz := numbers(n), short(n)
	for i, v := range dy {
		plain[i] = v * steep[i]
	}
	d, dwide := rounded(plain)
	some, all := kernel.NewGradSums(1, c), kernel.NewGradSums(1, c)
	kernel.AddGradRounded(some, 0, dz, dy, steep, x, m, mean)
	kernel.AddGrad(all, 0, dwide, dwide, nil, wide, m, mean)
	gradients := func(s *kernel.GradSums) []float32 {
		out := make([]float32, 2*c)
		coefficients(s, m, mean, out)
		return out
	}
	sameBits(t, "AddGradRounded"+name, gradients(some), gradients(all))
	for i, v := range dz {
		if v != d[i] {
			t.Fatalf("AddGradRounded%s: element %d is %x, want %x", name, i, v, d[i])
		}
	}
	kernel.CombineRounded(y, d, x, m, c, scale, shift, mean)
	kernel.Combine(plain, dwide, wide, m, c, scale, shift, mean)
	sameBits(t, "CombineRounded"+name, y, plain)
}
