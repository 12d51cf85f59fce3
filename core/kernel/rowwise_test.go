package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestRowwise holds the plain Go row loops to the bits of the generic ones,
// guard cells included, at every edge: odd images, one pixel, many threads.
func TestRowwise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	random := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(r.NormFloat64())
		}
		return s
	}
	var o operators
	rowwise(&o)
	compare := func(what string, size int, fast, slow func(out []float32)) {
		t.Helper()
		const margin = 37
		got := random(size + margin)
		want := append([]float32(nil), got...)
		fast(got[:size])
		slow(want[:size])
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Fatalf("%s: element %d of %d is %v, want %v", what, i, size, got[i], want[i])
			}
		}
	}
	sizes := [][4]int{{1, 1, 1, 1}, {2, 2, 2, 3}, {3, 6, 4, 5}, {64, 12, 12, 17}}
	for range 15 {
		sizes = append(sizes, [4]int{1 + r.IntN(4), 1 + r.IntN(12), 1 + r.IntN(12), 1 + r.IntN(40)})
	}
	defer SetThreads(0)
	for _, threads := range []int{1, 2, 5} {
		SetThreads(threads)
		for _, s := range sizes {
			n, h, w, c := s[0], s[1], s[2], s[3]
			for _, cin := range []int{3, c} {
				x := random(n * h * w * cin)
				compare(fmt.Sprint("im2col ", s, cin), n*((h+1)/2)*((w+1)/2)*9*cin,
					func(out []float32) { o.im2col3x3s2(out, x, n, h, w, cin) },
					func(out []float32) { im2col3x3s2Generic(out, x, n, h, w, cin) })
			}
			g := random(n * c)
			compare(fmt.Sprint("global pool gradient ", s), n*h*c,
				func(out []float32) { o.globalPoolGrad(out, g, n, h, c) },
				func(out []float32) { globalPoolGradGeneric(out, g, n, h, c) })
			h, w = 2*h, 2*w
			x, d := random(n*h*w*c), random(n*h*w*c/4)
			compare(fmt.Sprint("average pool ", s), n*h*w*c/4,
				func(out []float32) { o.avgPool2x2(out, x, n, h, w, c) },
				func(out []float32) { avgPool2x2Generic(out, x, n, h, w, c) })
			for _, acc := range []bool{false, true} {
				compare(fmt.Sprint("average pool gradient ", s, acc), n*h*w*c,
					func(out []float32) { o.avgPool2x2Grad(out, d, n, h, w, c, acc) },
					func(out []float32) { avgPool2x2GradGeneric(out, d, n, h, w, c, acc) })
			}
		}
	}
}
