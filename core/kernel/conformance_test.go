package kernel

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
)

// check is one operator at one shape: run reads in and changes out, which
// start as random numbers of these lengths.
type check[T Float] struct {
	name    string
	in, out []int
	run     func(in, out [][]T)
}

var activations = []Act{None, Swish, Sigmoid, ReLU}

// productChecks are the matrix products; extra is what the row stride exceeds n by.
func productChecks[T Float](m, k, n, extra int) []check[T] {
	ws := n + extra
	wn := (k-1)*ws + n
	return []check[T]{
		{"Pointwise", []int{m * k, wn}, []int{m * n}, func(in, out [][]T) { Pointwise(out[0], in[0], m, k, n, in[1], ws) }},
		{"PointwiseGradInput", []int{m * n, wn}, []int{m * k}, func(in, out [][]T) {
			PointwiseGradInput(out[0], in[0], m, k, n, in[1], ws, false)
		}},
		{"PointwiseGradInput adding", []int{m * n, wn}, []int{m * k}, func(in, out [][]T) {
			PointwiseGradInput(out[0], in[0], m, k, n, in[1], ws, true)
		}},
		{"PointwiseGradWeight", []int{m * k, m * n}, []int{wn}, func(in, out [][]T) {
			PointwiseGradWeight(out[0], ws, in[0], in[1], m, k, n)
		}},
	}
}

// depthwiseChecks has kernels that are views of bigger ones.
func depthwiseChecks[T Float](s DepthwiseShape, wider, extra int) []check[T] {
	oh, ow := s.Out()
	x, y := s.N*s.H*s.W*s.C, s.N*oh*ow*s.C
	pitch, ws := s.K+wider, s.C+extra
	w := ((s.K-1)*pitch+s.K-1)*ws + s.C
	return []check[T]{
		{"Depthwise", []int{x, w}, []int{y}, func(in, out [][]T) { Depthwise(out[0], in[0], s, in[1], pitch, ws) }},
		{"DepthwiseGradInput", []int{y, w}, []int{x}, func(in, out [][]T) { DepthwiseGradInput(out[0], in[0], s, in[1], pitch, ws) }},
		{"DepthwiseGradWeight", []int{x, y}, []int{w}, func(in, out [][]T) { DepthwiseGradWeight(out[0], pitch, ws, in[0], in[1], s) }},
	}
}

// rowChecks are the operators on [m, c].
func rowChecks[T Float](m, c int) []check[T] {
	x := m * c
	checks := []check[T]{
		{"BatchStats", []int{x}, []int{c, c}, func(in, out [][]T) { BatchStats(out[0], out[1], in[0], m, c) }},
		{"AddBias", []int{c}, []int{x}, func(in, out [][]T) { AddBias(out[0], m, c, in[0]) }},
		{"BiasGrad", []int{x}, []int{c}, func(in, out [][]T) { BiasGrad(out[0], in[0], m, c) }},
		{"Add", []int{x}, []int{x}, func(in, out [][]T) { Add(out[0], in[0]) }},
	}
	for _, a := range activations {
		name := fmt.Sprintf(" act %d", a)
		checks = append(checks,
			check[T]{"ScaleShiftAct" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				ScaleShiftAct(out[0], in[0], m, c, in[1], in[2], a, nil)
			}},
			check[T]{"ScaleShiftAct onto the residual" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				ScaleShiftAct(out[0], in[0], m, c, in[1], in[2], a, out[0])
			}},
			check[T]{"ScaleShiftAct in place, residual" + name, []int{x, c, c}, []int{x}, func(in, out [][]T) {
				ScaleShiftAct(out[0], out[0], m, c, in[1], in[2], a, in[0])
			}},
			check[T]{"Activate" + name, []int{x}, []int{x}, func(in, out [][]T) { Activate(out[0], in[0], a) }},
			check[T]{"Activate in place" + name, nil, []int{x}, func(in, out [][]T) { Activate(out[0], out[0], a) }},
			check[T]{"ActivateGrad" + name, []int{x, x}, []int{x}, func(in, out [][]T) { ActivateGrad(out[0], in[0], in[1], a) }},
			check[T]{"ActivateGrad in place" + name, []int{x}, []int{x}, func(in, out [][]T) { ActivateGrad(out[0], out[0], in[0], a) }},
			check[T]{"BatchNormGrad" + name, []int{x, x, c, c, c, c}, []int{x, c, c}, func(in, out [][]T) {
				BatchNormGrad(out[0], in[0], in[1], m, c, in[2], in[3], in[4], in[5], a, out[1], out[2])
			}},
			check[T]{"BatchNormGrad in place" + name, []int{x, c, c, c, c}, []int{x, c, c}, func(in, out [][]T) {
				BatchNormGrad(out[0], out[0], in[0], m, c, in[1], in[2], in[3], in[4], a, out[1], out[2])
			}})
	}
	return checks
}

// imageChecks are the operators on [n, h, w, c].
func imageChecks[T Float](n, h, w, c int) []check[T] {
	hw := h * w
	x, s := n*hw*c, n*c
	checks := []check[T]{
		{"GlobalPool", []int{x}, []int{s}, func(in, out [][]T) { GlobalPool(out[0], in[0], n, hw, c) }},
		{"GlobalPoolGrad", []int{s}, []int{x}, func(in, out [][]T) { GlobalPoolGrad(out[0], in[0], n, hw, c) }},
		{"ChannelScale", []int{x, s}, []int{x}, func(in, out [][]T) { ChannelScale(out[0], in[0], in[1], n, hw, c) }},
		{"ChannelScale in place", []int{s}, []int{x}, func(in, out [][]T) { ChannelScale(out[0], out[0], in[0], n, hw, c) }},
		{"ChannelScaleReduce", []int{x, x}, []int{s}, func(in, out [][]T) { ChannelScaleReduce(out[0], in[0], in[1], n, hw, c) }},
		{"ChannelScaleGrad", []int{x, s, s}, []int{x}, func(in, out [][]T) { ChannelScaleGrad(out[0], in[0], in[1], in[2], n, hw, c) }},
		{"ChannelScaleGrad in place", []int{s, s}, []int{x}, func(in, out [][]T) { ChannelScaleGrad(out[0], out[0], in[0], in[1], n, hw, c) }},
		{"Im2col3x3s2", []int{x}, []int{n * ((h + 1) / 2) * ((w + 1) / 2) * 9 * c}, func(in, out [][]T) { Im2col3x3s2(out[0], in[0], n, h, w, c) }},
	}
	if h%2 == 0 && w%2 == 0 {
		checks = append(checks,
			check[T]{"AvgPool2x2", []int{x}, []int{x / 4}, func(in, out [][]T) { AvgPool2x2(out[0], in[0], n, h, w, c) }},
			check[T]{"AvgPool2x2Grad", []int{x / 4}, []int{x}, func(in, out [][]T) { AvgPool2x2Grad(out[0], in[0], n, h, w, c, false) }},
			check[T]{"AvgPool2x2Grad adding", []int{x / 4}, []int{x}, func(in, out [][]T) { AvgPool2x2Grad(out[0], in[0], n, h, w, c, true) }})
	}
	return checks
}

// allChecks is every operator over odd, tiny and usual shapes; the same list for
// every T.
func allChecks[T Float]() []check[T] {
	var all []check[T]
	r := rand.New(rand.NewPCG(3, 4))
	at := func(checks []check[T], shape ...any) {
		for _, c := range checks {
			c.name += " " + fmt.Sprint(shape...)
			all = append(all, c)
		}
	}
	products := [][4]int{{1, 1, 1, 0}, {1, 40, 16, 0}, {64, 2, 200, 0}, {64, 200, 2, 1}, {65, 33, 49, 7}, {130, 27, 8, 0}, {2100, 9, 33, 2}, {80, 300, 17, 0}}
	for range 12 {
		products = append(products, [4]int{1 + r.IntN(150), 1 + r.IntN(60), 1 + r.IntN(120), r.IntN(9)})
	}
	for _, p := range products {
		at(productChecks[T](p[0], p[1], p[2], p[3]), p)
	}
	shapes := []DepthwiseShape{{2, 12, 12, 24, 3, 1}, {1, 1, 1, 5, 5, 1}, {1, 1, 1, 3, 3, 2}, {3, 2, 7, 17, 5, 2}, {2, 6, 6, 40, 5, 2}}
	for range 14 {
		shapes = append(shapes, DepthwiseShape{1 + r.IntN(4), 1 + r.IntN(12), 1 + r.IntN(12), 1 + r.IntN(60), 3 + 2*r.IntN(2), 1 + r.IntN(2)})
	}
	for _, s := range shapes {
		wider, extra := r.IntN(3), r.IntN(6)
		at(depthwiseChecks[T](s, wider, extra), s, wider, extra)
	}
	for _, p := range [][2]int{{1, 1}, {7, 3}, {33, 16}, {50, 17}, {100, 40}, {9, 300}, {700, 24}} {
		at(rowChecks[T](p[0], p[1]), p)
	}
	for _, p := range [][4]int{{1, 1, 1, 1}, {2, 3, 5, 7}, {3, 4, 6, 16}, {2, 8, 8, 24}, {5, 2, 2, 130}, {2, 9, 9, 3}, {4, 24, 24, 24}} {
		at(imageChecks[T](p[0], p[1], p[2], p[3]), p)
	}
	return all
}

const margin = 32 // cells on either side of every array of a check

// array is n random numbers between -1 and 1 with around on either side.
func array[T Float](r *rand.Rand, n int, around T) []T {
	s := make([]T, n+2*margin)
	for i := range s {
		s[i] = T(2*r.Float32() - 1)
		if i < margin || i >= n+margin {
			s[i] = around
		}
	}
	return s
}

// outcome runs a check on arrays that depend on the seed alone and returns what
// it wrote. Cells around inputs are not numbers, so that using them shows;
// those around outputs must keep their value.
func (c check[T]) outcome(t *testing.T, seed uint64) [][]T {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	const fence = 12345
	var in, whole, out [][]T
	for _, n := range c.in {
		in = append(in, array(r, n, T(math.NaN()))[margin:margin+n])
	}
	for _, n := range c.out {
		s := array[T](r, n, fence)
		whole, out = append(whole, s), append(out, s[margin:margin+n])
	}
	c.run(in, out)
	for _, s := range whole {
		for i := range margin {
			if s[i] != fence || s[len(s)-1-i] != fence {
				t.Fatalf("%s wrote outside its output", c.name)
			}
		}
	}
	return out
}

// use switches implementation for the length of a test.
func use(t testing.TB, name string) {
	t.Helper()
	undo, err := Use(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
}

// TestConformance holds every implementation against the same operator in
// float64, the plain Go ones also against the generic loops, bit by bit.
func TestConformance(t *testing.T) {
	reference := allChecks[float64]()
	for _, name := range Implementations() {
		for _, th := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s-%d", name, th), func(t *testing.T) {
				setThreads(t, th)
				use(t, name)
				for i, c := range allChecks[float32]() {
					got, want := c.outcome(t, uint64(i)), reference[i].outcome(t, uint64(i))
					again := c.outcome(t, uint64(i))
					for o := range got {
						near(t, c.name, got[o], want[o])
						equalBits(t, c.name+", again", again[o], got[o])
					}
					if name != "portable" {
						continue
					}
					undo, _ := Use("generic")
					plain := c.outcome(t, uint64(i))
					undo()
					for o := range got {
						equalBits(t, c.name, got[o], plain[o])
					}
				}
			})
		}
	}
}

// near allows for rounding: sums of up to a few thousand products of numbers up
// to 1, relative to the biggest result.
func near(t *testing.T, name string, got []float32, want []float64) {
	t.Helper()
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= 4e-6*scale) {
			t.Fatalf("%s: element %d of %d is %v, want %v", name, i, len(want), got[i], v)
		}
	}
}

func equalBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d of %d is %x, want %x", name, i, len(want), math.Float32bits(got[i]), math.Float32bits(want[i]))
		}
	}
}

// TestSameBitsEverywhere pins the generic loops to one result on every platform.
func TestSameBitsEverywhere(t *testing.T) {
	use(t, "generic")
	setThreads(t, 1)
	h := fnv.New64a()
	for i, c := range allChecks[float32]() {
		for _, out := range c.outcome(t, uint64(i)) {
			for _, v := range out {
				b := math.Float32bits(v)
				h.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
			}
		}
	}
	if got, want := h.Sum64(), uint64(0x5b6af890de6d07c3); got != want {
		t.Errorf("the generic loops hash to %#x, on other platforms to %#x", got, want)
	}
}
