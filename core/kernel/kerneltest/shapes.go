package kerneltest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
)

// product is a shape of the matrix products, with what it covers.
type product struct {
	label          string
	m, k, n, extra int
}

// tileProducts cover every tile of the assembly: those of forward passes and input gradients
// with nn rows, those of weight gradients with tn rows, with whole and incomplete last vectors.
func tileProducts() []product {
	var all []product
	for _, t := range []struct{ lanes, vectors, nn, tn int }{
		{16, 1, 24 + 8 + 4 + 2 + 1, 16 + 8 + 4 + 2 + 1}, {16, 2, 14 + 8 + 4 + 2 + 1, 12 + 8 + 4 + 2 + 1}, {16, 3, 9 + 4 + 2 + 1, 8 + 4 + 2 + 1},
		{8, 1, 12 + 4 + 2 + 1, 12 + 4 + 2 + 1}, {8, 2, 6 + 4 + 2 + 1, 6 + 4 + 2 + 1}, {8, 3, 4 + 2 + 1, 3 + 2 + 1},
	} {
		for _, missing := range []int{0, 3} {
			columns := t.vectors*t.lanes - missing
			label := fmt.Sprintf("tiles of %d rows by %d of %d columns", t.nn, columns, t.vectors*t.lanes)
			all = append(all, product{label, t.nn, 5, columns, 0}, product{label + ", data gradient", t.nn, columns, 7, 2},
				product{label + ", weight gradient", 9, t.tn, columns, 0})
		}
	}
	return all
}

// otherProducts are thin, have several panels, or are big enough for several threads.
func otherProducts(r *rand.Rand) []product {
	all := []product{
		{"one multiplication", 1, 1, 1, 0}, {"classifier", 1, 40, 16, 0}, {"classifier", 1, 130, 10, 0}, {"two rows of W", 64, 2, 200, 0}, {"two columns", 64, 200, 2, 1},
		{"odd", 65, 33, 49, 7}, {"stem", 130, 27, 8, 0}, {"many pixels", 2100, 9, 33, 2}, {"long sums", 80, 300, 17, 0}, {"columns far apart", 70, 40, 260, 0},
	}
	for range random(12) {
		all = append(all, product{"random", 1 + r.IntN(150), 1 + r.IntN(60), 1 + r.IntN(120), r.IntN(9)})
	}
	return all
}

// random is the number of random shapes, fewer in short tests.
func random(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

// depthwiseShapes have all kernel sizes and both strides, whole and incomplete blocks of channels,
// groups of 6, 2 and 1 pixels, images that are all border, and several strips of rows.
func depthwiseShapes(r *rand.Rand) []kernel.DepthwiseShape {
	var all []kernel.DepthwiseShape
	for _, k := range []int{3, 5, 7} {
		for _, stride := range []int{1, 2} {
			for _, c := range []int{32, 21} {
				all = append(all, kernel.DepthwiseShape{N: 2, H: 7, W: max(9, k+4) * stride, C: c, K: k, Stride: stride})
			}
			all = append(all, kernel.DepthwiseShape{N: 2, H: 1, W: 1, C: 5, K: k, Stride: stride},
				kernel.DepthwiseShape{N: 1, H: 2, W: 1, C: 17, K: k, Stride: stride},
				kernel.DepthwiseShape{N: 3, H: 3, W: 3, C: 33, K: k, Stride: stride})
		}
	}
	all = append(all, kernel.DepthwiseShape{N: 1, H: 5, W: 4, C: 9, K: 9, Stride: 1}, kernel.DepthwiseShape{N: 1, H: 6, W: 5, C: 3, K: 3, Stride: 3})
	if !testing.Short() {
		all = append(all, kernel.DepthwiseShape{N: 2, H: 40, W: 41, C: 150, K: 5, Stride: 1}, kernel.DepthwiseShape{N: 1, H: 61, W: 38, C: 100, K: 3, Stride: 2},
			kernel.DepthwiseShape{N: 2, H: 50, W: 51, C: 90, K: 5, Stride: 2}, kernel.DepthwiseShape{N: 1, H: 2, W: 300, C: 64, K: 5, Stride: 2})
	}
	for range random(14) {
		all = append(all, kernel.DepthwiseShape{N: 1 + r.IntN(4), H: 1 + r.IntN(12), W: 1 + r.IntN(12), C: 1 + r.IntN(60), K: 3 + 2*r.IntN(3), Stride: 1 + r.IntN(2)})
	}
	return all
}

// Cases returns cases of every operator with shapes that cover every edge. The list is the same
// for every T.
func Cases[T kernel.Float]() []Case[T] {
	var all []Case[T]
	r := rand.New(rand.NewPCG(3, 4))
	add := func(cases []Case[T], shape ...any) {
		for _, c := range cases {
			c.Name += " " + fmt.Sprint(shape...)
			all = append(all, c)
		}
	}
	for _, p := range append(tileProducts(), otherProducts(r)...) {
		add(products[T](p.m, p.k, p.n, p.extra), p)
	}
	for _, s := range depthwiseShapes(r) {
		wider, extra := r.IntN(3), r.IntN(6)
		add(depthwise[T](s, wider, extra), s, wider, extra)
	}
	for _, p := range [][2]int{{1, 1}, {7, 3}, {33, 16}, {50, 17}, {100, 40}, {9, 300}, {700, 24}} {
		add(rows[T](p[0], p[1]), p)
	}
	for _, p := range [][4]int{{1, 1, 1, 1}, {2, 3, 5, 7}, {3, 4, 6, 16}, {2, 8, 8, 24}, {5, 2, 2, 130}, {2, 9, 9, 3}, {4, 24, 24, 24}} {
		add(images[T](p[0], p[1], p[2], p[3]), p)
	}
	for _, p := range [][3]int{{1, 1, 1}, {3, 40, 16}, {200, 27, 8}, {130, 96, 24}, {64, 9, 130}, {700, 24, 72}, {36, 192, 640}} {
		add(bands[T](p[0], p[1], p[2]), p)
	}
	small := kernel.DepthwiseShape{N: 1, H: 2, W: 2, C: 3, K: 3, Stride: 1}
	for _, p := range tileProducts() {
		add(inference[T](p.m, p.k, p.n, p.extra, small))
	}
	in, blocks := invertedShapes()
	for i, s := range blocks {
		add([]Case[T]{inverted[T](in[i], s, kernel.Swish)})
		if i < 3 {
			add([]Case[T]{inverted[T](in[i], s, kernel.ReLU), inverted[T](in[i], s, kernel.HardSwish)})
		}
	}
	for range 4 + random(16) {
		m, k, n, extra := 1+r.IntN(90), 1+r.IntN(70), 1+r.IntN(110), r.IntN(4)
		s := kernel.DepthwiseShape{N: 1 + r.IntN(2), H: 1 + r.IntN(11), W: 1 + r.IntN(11), C: 1 + r.IntN(70), K: 3 + 2*r.IntN(2), Stride: 1 + r.IntN(2)}
		add(inference[T](m, k, n, extra, s))
	}
	for _, s := range []kernel.DepthwiseShape{{N: 2, H: 9, W: 11, C: 19, K: 7, Stride: 2}, {N: 1, H: 12, W: 9, C: 40, K: 7, Stride: 1}} {
		add(append(depthwise[T](s, 0, 2), inference[T](1, 2, 3, 0, s)...), s)
	}
	return all
}
