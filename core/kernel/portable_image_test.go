package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// imageCase is a batch of images [n, h, w, c] on which two versions of an operator must give
// the same bits, guard cells behind the output included.
type imageCase struct {
	n, h, w, c int
	random     func(n int) []float32
	compare    func(what string, size int, fast, slow func(out []float32))
}

// eachImageCase runs f at every edge: odd images, one pixel, many threads.
func eachImageCase(t *testing.T, f func(imageCase)) {
	r := rand.New(rand.NewPCG(3, 3))
	random := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(r.NormFloat64())
		}
		return s
	}
	sizes := [][4]int{{1, 1, 1, 1}, {2, 2, 2, 3}, {3, 6, 4, 5}, {64, 12, 12, 17}}
	for range 15 {
		sizes = append(sizes, [4]int{1 + r.IntN(4), 1 + r.IntN(12), 1 + r.IntN(12), 1 + r.IntN(40)})
	}
	defer SetThreads(0)
	for _, threads := range []int{1, 2, 5} {
		SetThreads(threads)
		for _, s := range sizes {
			compare := func(what string, size int, fast, slow func(out []float32)) {
				t.Helper()
				const margin = 37
				got := random(size + margin)
				want := append([]float32(nil), got...)
				fast(got[:size])
				slow(want[:size])
				for i := range want {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%s of %v on %d threads: element %d of %d is %v, want %v", what, s, threads, i, size, got[i], want[i])
					}
				}
			}
			f(imageCase{s[0], s[1], s[2], s[3], random, compare})
		}
	}
}

// TestPortableImages: the portable loops over rows give the bits of the reference loops.
func TestPortableImages(t *testing.T) {
	eachImageCase(t, func(k imageCase) {
		n, h, w, c := k.n, k.h, k.w, k.c
		for _, cin := range []int{3, c} {
			x := k.random(n * h * w * cin)
			k.compare(fmt.Sprintf("im2col of %d channels", cin), n*((h+1)/2)*((w+1)/2)*9*cin,
				func(out []float32) { im2colPortable(out, x, n, h, w, cin) },
				func(out []float32) { im2col3x3s2Reference(out, x, n, h, w, cin) })
		}
		h, w = 2*h, 2*w
		x := k.random(n * h * w * c)
		k.compare("average pool", n*h*w*c/4,
			func(out []float32) { avgPool2x2Portable(out, x, n, h, w, c) },
			func(out []float32) { avgPool2x2Reference(out, x, n, h, w, c) })
	})
}
