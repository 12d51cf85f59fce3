//go:build amd64 && !noasm

package kernel

import "unsafe"

// gemmAVX512 fills in the matrix products.
func gemmAVX512(o *operators) {
	o.pointwise = pointwiseAVX512
	o.pointwiseGradInput = pointwiseGradInputAVX512
	o.pointwiseGradWeight = pointwiseGradWeightAVX512
	o.pack = packAVX512
}

type microkernel func(tiles int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mask uint16, acc int)

// tileOf is a microkernel and the rows of its tile.
type tileOf struct {
	rows int
	run  microkernel
}

// By vectors of 16 columns in the panel, tallest tile first.
var (
	tilesNN = [5][]tileOf{nil,
		{{24, nn24x1}, {8, nn8x1}, {4, nn4x1}, {2, nn2x1}, {1, nn1x1}},
		{{14, nn14x2}, {8, nn8x2}, {4, nn4x2}, {2, nn2x2}, {1, nn1x2}},
		{{9, nn9x3}, {4, nn4x3}, {2, nn2x3}, {1, nn1x3}},
		{{6, nn6x4}, {4, nn4x4}, {2, nn2x4}, {1, nn1x4}}}
	tilesTN = [5][]tileOf{nil,
		{{16, tn16x1}, {8, tn8x1}, {4, tn4x1}, {2, tn2x1}, {1, tn1x1}},
		{{12, tn12x2}, {8, tn8x2}, {4, tn4x2}, {2, tn2x2}, {1, tn1x2}},
		{{8, tn8x3}, {4, tn4x3}, {2, tn2x3}, {1, tn1x3}},
		{{6, tn6x4}, {4, tn4x4}, {2, tn2x4}, {1, tn1x4}}}
)

// panelWidths splits n columns into panels of 1 to 4 vectors, 3 preferred: 9
// rows by 48 columns keep 27 accumulators and reuse each loaded vector most.
func panelWidths(n int) []int {
	const preferred = 3
	var widths []int
	for v := (n + 15) / 16; v > 0; {
		w := min(preferred, v)
		if v == preferred+1 {
			w = 2
		}
		widths = append(widths, w)
		v -= w
	}
	return widths
}

// tailMask has a bit for each column of the panel's last vector.
func tailMask(n, first, vectors int) uint16 {
	if rest := n - first - (vectors-1)*16; rest < 16 {
		return uint16(1<<rest - 1)
	}
	return 0xffff
}

func ptr(s []float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), 4*i))
}

// ptr16 is 16 elements further on.
func ptr16(p *float32) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), 64)) }

// packPanels lays W[k][n], row stride ws, out in panels [k][vectors*16], the
// last one padded with zeros, columns times scale where it is not nil.
func packPanels(dst, w []float32, k, n, ws int, scale []float32, widths []int) {
	o, first := 0, 0
	for _, v := range widths {
		cols := min(v*16, n-first)
		for i := range k {
			row := dst[o+i*v*16 : o+(i+1)*v*16]
			from := w[i*ws+first : i*ws+first+cols]
			if scale == nil {
				copy(row, from)
			} else {
				for j, s := range scale[first : first+cols] {
					row[j] = from[j] * s
				}
			}
			clear(row[cols:])
		}
		o += k * v * 16
		first += v * 16
	}
}

// packTransposed does the same with W^T of W[n][k].
func packTransposed(dst, w []float32, k, n, ws int, widths []int) {
	o, first := 0, 0
	for _, v := range widths {
		cols := min(v*16, n-first)
		if cols < v*16 {
			clear(dst[o : o+k*v*16])
		}
		for from := 0; from < k; from += 16 { // both sides stay in cache
			to := min(from+16, k)
			for j := range cols {
				at := o + from*v*16 + j
				for _, x := range w[(first+j)*ws+from : (first+j)*ws+to] {
					dst[at] = x
					at += v * 16
				}
			}
		}
		o += k * v * 16
		first += v * 16
	}
}

func packedSize(k int, widths []int) int {
	v := 0
	for _, w := range widths {
		v += w
	}
	return k * v * 16
}

// productNN computes rows [lo, hi) of y = x B, B packed, in row blocks of x
// that stay in the second-level cache while all panels pass over them.
func productNN(y, x, packed []float32, lo, hi, k, n int, widths []int, acc int) {
	block := 126 * max(1, 192*1024/4/max(k, 1)/126)
	for from := lo; from < hi; from += block {
		to := min(from+block, hi)
		o, first := 0, 0
		for _, v := range widths {
			mask := tailMask(n, first, v)
			i := from
			for _, t := range tilesNN[v] {
				if tiles := (to - i) / t.rows; tiles > 0 {
					t.run(tiles, k, ptr(x, i*k), k*4, ptr(packed, o), 0, ptr(y, i*n+first), n*4, mask, acc)
					i += tiles * t.rows
				}
			}
			o += k * v * 16
			first += v * 16
		}
	}
}

// parallelRows splits m rows so that each part is whole tiles of 9, 14 and 24
// as far as possible.
func parallelRows(m int, f func(lo, hi int)) {
	const grain = 18
	if m < 4*grain {
		f(0, m)
		return
	}
	Parallel((m+grain-1)/grain, func(lo, hi int) { f(lo*grain, min(hi*grain, m)) })
}

func checkProduct(y, x []float32, m, k, n int, w []float32, ws int) {
	if m < 1 || k < 1 || n < 1 {
		panic("kernel: product of an empty matrix")
	}
	if len(x) < m*k || len(y) < m*n || ws < n || len(w) < (k-1)*ws+n {
		panic("kernel: product with a slice that is too short")
	}
}

func pointwiseAVX512(y, x []float32, m, k, n int, w []float32, ws int) {
	checkProduct(y, x, m, k, n, w, ws)
	widths := panelWidths(n)
	p := borrow(packedSize(k, widths))
	packPanels(*p, w, k, n, ws, nil, widths)
	parallelRows(m, func(lo, hi int) { productNN(y, x, *p, lo, hi, k, n, widths, 0) })
	scratch.Put(p)
}

func pointwiseGradInputAVX512(dx, dy []float32, m, k, n int, w []float32, ws int, accumulate bool) {
	checkProduct(dy, dx, m, k, n, w, ws)
	widths := panelWidths(k)
	p := borrow(packedSize(n, widths))
	packTransposed(*p, w, n, k, ws, widths)
	acc := 0
	if accumulate {
		acc = 1
	}
	parallelRows(m, func(lo, hi int) { productNN(dx, dy, *p, lo, hi, n, k, widths, acc) })
	scratch.Put(p)
}

// productTN adds to dW[k][n], columns [k0, k1) of x, the product x^T dy of rows
// [lo, hi), in row blocks that stay in cache.
func productTN(dw []float32, ws int, x, dy []float32, lo, hi, k, n, k0, k1 int, widths []int) {
	block := max(64, min(1<<20/4/2/(k1-k0+n), 512))
	var dense *[]float32
	if n*4 >= 1024 { // far rows of dy would map to the same cache sets: gather the panel
		dense = borrow(block * 64)
		defer scratch.Put(dense)
	}
	for from := lo; from < hi; from += block {
		rows := min(block, hi-from)
		first := 0
		for _, v := range widths {
			mask := tailMask(n, first, v)
			b, ldb := ptr(dy, from*n+first), n*4
			if dense != nil {
				cols := min(v*16, n-first)
				for r := range rows {
					copy((*dense)[r*v*16:r*v*16+cols], dy[(from+r)*n+first:(from+r)*n+first+cols])
				}
				b, ldb = ptr(*dense, 0), v*64
			}
			i := k0
			for _, t := range tilesTN[v] {
				if tiles := (k1 - i) / t.rows; tiles > 0 {
					t.run(tiles, rows, ptr(x, from*k+i), k*4, b, ldb, ptr(dw, i*ws+first), ws*4, mask, 1)
					i += tiles * t.rows
				}
			}
			first += v * 16
		}
	}
}

func pointwiseGradWeightAVX512(dw []float32, ws int, x, dy []float32, m, k, n int) {
	checkProduct(dy, x, m, k, n, dw, ws)
	widths := panelWidths(n)
	t := Threads()
	if t == 1 || m*k*n < 1<<16 {
		productTN(dw, ws, x, dy, 0, m, k, n, 0, k, widths)
		return
	}
	if m < 2048 && k >= 32 { // few pixels: split the rows of dW
		const grain = 8
		Parallel((k+grain-1)/grain, func(lo, hi int) {
			productTN(dw, ws, x, dy, 0, m, k, n, lo*grain, min(hi*grain, k), widths)
		})
		return
	}
	// Many pixels: each part of them has a sum of its own, added in order.
	parts := make([]*[]float32, t)
	Parallel(t, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if i == 0 {
				productTN(dw, ws, x, dy, 0, m/t, k, n, 0, k, widths)
				continue
			}
			p := borrow(k * n)
			clear(*p)
			productTN(*p, n, x, dy, m*i/t, m*(i+1)/t, k, n, 0, k, widths)
			parts[i] = p
		}
	})
	for _, p := range parts[1:] {
		for i := range k {
			row := dw[i*ws : i*ws+n]
			for j, v := range (*p)[i*n : (i+1)*n] {
				row[j] += v
			}
		}
		scratch.Put(p)
	}
}

// packAVX512 packs for applyAVX512.
func packAVX512(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	widths := panelWidths(n)
	p := &Packed{k: k, n: n, data: make([]float32, packedSize(k, widths)), apply: applyAVX512}
	packPanels(p.data, w, k, n, ws, scale, widths)
	// Scale and shift of the fused pass, laid out over its period.
	q := periodOf(n)
	p.bias, p.ones = make([]float32, q), make([]float32, q)
	if bias != nil {
		spread(p.bias, bias[:n])
	}
	fill(p.ones, 1)
	return p
}

// applyAVX512 does the product, then bias, activation and residual over each
// block of rows while it is in cache.
func applyAVX512(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	widths := panelWidths(p.n)
	block := max(18, 64*1024/4/p.n/18*18)
	parallelRows(m, func(lo, hi int) {
		for from := lo; from < hi; from += block {
			to := min(from+block, hi)
			productNN(y, x, p.data, from, to, p.k, p.n, widths, 0)
			at, count, period := from*p.n, (to-from)*p.n, 4*len(p.bias)
			switch {
			case residual != nil:
				affineAdd[act](&y[at], &y[at], &p.ones[0], &p.bias[0], &residual[at], count, period)
			default:
				affine[act](&y[at], &y[at], &p.ones[0], &p.bias[0], count, period)
			}
		}
	})
}
