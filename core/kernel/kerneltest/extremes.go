package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bignas/core/kernel"
)

// numberLine returns float32 numbers from one infinity to the other: some of every exponent,
// and many where sigmoid is not constant.
func numberLine() []float32 {
	var x []float32
	for b := uint32(0); b < math.Float32bits(float32(math.Inf(1))); b += 80021 {
		x = append(x, math.Float32frombits(b), -math.Float32frombits(b))
	}
	for v := float32(-110); v < 110; v += 1.0 / 128 {
		x = append(x, v)
	}
	inf := float32(math.Inf(1))
	return append(x, 0, 1, 87, 88, 103, 104, 105, -87, -88, -103, -104, -105, math.MaxFloat32, -math.MaxFloat32, inf, -inf, float32(math.NaN()))
}

// logistic returns the exact result and its derivative.
func logistic(x float64, a kernel.Act) (y, slope float64) {
	s := 1 / (1 + math.Exp(-x))
	if math.IsInf(x, 0) { // the limits
		return map[bool]float64{true: s, false: max(x, 0)}[a == kernel.Sigmoid], map[bool]float64{true: 0, false: s}[a == kernel.Sigmoid]
	}
	t := 1 / (1 + math.Exp(x)) // 1-s without cancellation
	if a == kernel.Sigmoid {
		return s, s * t
	}
	return x * s, s * (1 + x*t)
}

// units returns the difference between got and want in units in the last place of float32.
func units(got float32, want float64) float64 {
	w := math.Abs(want)
	ulp := math.Ldexp(1, max(math.Ilogb(w), -126)-23)
	if w == 0 {
		ulp = math.SmallestNonzeroFloat32
	}
	return math.Abs(float64(got)-want) / ulp
}

// activationRange checks sigmoid and swish to some units in the last place on the whole number
// line, and their gradients to what 1-sigmoid in float32 allows.
func activationRange(t *testing.T, s Subject) {
	use(t, s.Name)
	x := numberLine()
	limit := s.Units
	if limit == 0 {
		limit = 4
	}
	y, slope, ones := make([]float32, len(x)), make([]float32, len(x)), constant[float32](len(x), 1)
	for _, a := range []kernel.Act{kernel.Sigmoid, kernel.Swish} {
		kernel.Activate(y, x, a)
		kernel.ActivateGrad(slope, ones, x, a)
		worst := 0.0
		for i, v := range x {
			want, d := logistic(float64(v), a)
			if v != v {
				if y[i] == y[i] || slope[i] == slope[i] {
					t.Errorf("act %d: not a number becomes %v, its slope %v", a, y[i], slope[i])
				}
				continue
			}
			if off := math.Abs(float64(y[i]) - want); !(off <= s.Floor+1e-43) && y[i] != float32(want) {
				u := units(y[i], want)
				worst = max(worst, u)
				if !(u <= limit) {
					t.Fatalf("act %d of %v is %v, want %v: %.3g units off", a, v, y[i], want, u)
				}
			}
			if off := math.Abs(float64(slope[i]) - d); !(off <= 1.2e-7*(2+min(math.Abs(float64(v)), 104))) {
				t.Fatalf("act %d: slope at %v is %v, want %v", a, v, slope[i], d)
			}
		}
		t.Logf("%s act %d: %.2f units in the last place", s.Name, a, worst)
	}
}

// denormals scales inputs down to where float32 loses digits. An implementation that treats
// such numbers as zero gets a relative error of 1.
func denormals(t *testing.T, s Subject) {
	const small = 0x1p-130
	reference := Cases[float64]()
	for i, c := range Cases[float32]() {
		if c.Linear == nil {
			continue
		}
		undo := use(t, s.Name)
		got := c.outcome(t, uint64(i), func(in, out [][]float32) { shrink(in, out, c.Linear, float32(small)) })
		undo()
		// The inputs of both are the same: shrinking rounds in float32.
		want := reference[i].outcome(t, uint64(i), func(in, out [][]float64) { shrink(in, out, c.Linear, small) })
		for o := range got {
			near(t, c.Name+", denormal", got[o], want[o], 1e-60)
		}
	}
}

// shrink scales the listed inputs and all outputs, and rounds them to float32.
func shrink[T kernel.Float](in, out [][]T, linear []int, by T) {
	scale := func(s []T) {
		for i := range s {
			s[i] = T(float32(s[i] * by))
		}
	}
	for _, i := range linear {
		scale(in[i])
	}
	for _, o := range out {
		scale(o)
	}
}

// notFinite puts an infinity or a NaN into each input in turn: the same results must be not
// finite as in the reference loops, and the others must keep their values.
func notFinite(t *testing.T, s Subject) {
	r := rand.New(rand.NewPCG(9, 9))
	for i, c := range Cases[float32]() {
		if i%3 != 0 && testing.Short() {
			continue
		}
		for which := range len(c.In) + len(c.Out) {
			if c.scale(which) {
				continue
			}
			bad := float32([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[r.IntN(3)])
			at := r.Uint32()
			poison := func(in, out [][]float32) {
				a := append(in[:len(in):len(in)], out...)[which]
				a[int(at)%len(a)] = bad
			}
			undo := use(t, s.Name)
			got := c.outcome(t, uint64(i), poison)
			undo()
			undo = use(t, "reference")
			want := c.outcome(t, uint64(i), poison)
			undo()
			for o := range got {
				sameFinite(t, fmt.Sprintf("%s, %v in array %d", c.Name, bad, which), got[o], want[o], slices.Contains(c.Loose, which))
			}
		}
	}
}

// sameFinite compares results of which some are not finite; loose allows the implementation
// more of those.
func sameFinite(t *testing.T, name string, got, want []float32, loose bool) {
	t.Helper()
	finite := func(v float32) bool { return v-v == 0 }
	scale := 1.0
	for _, v := range want {
		if finite(v) {
			scale = max(scale, math.Abs(float64(v)))
		}
	}
	for i, v := range want {
		switch {
		case finite(v) && loose:
		case finite(v) && finite(got[i]):
			if d := math.Abs(float64(got[i]) - float64(v)); d > 1e-5*scale {
				t.Fatalf("%s: element %d is %v, want %v", name, i, got[i], v)
			}
		case finite(v) != finite(got[i]):
			t.Fatalf("%s: element %d of %d is %v, want %v", name, i, len(want), got[i], v)
		}
	}
}
