//go:build amd64 && !noasm

package kernel

import "unsafe"

// panelWidths splits n columns into panels of vectors.
func (asm *assembly) panelWidths(n int) []int {
	var widths []int
	for v := (n + asm.Lanes - 1) / asm.Lanes; v > 0; {
		w := asm.Panels[min(v, len(asm.Panels)-1)]
		widths = append(widths, w)
		v -= w
	}
	return widths
}

// tailMask has a bit for each column of the panel's last vector.
func (asm *assembly) tailMask(n, first, vectors int) uint16 {
	return uint16(1<<min(n-first-(vectors-1)*asm.Lanes, asm.Lanes) - 1)
}

func ptr(s []float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(s)), 4*i))
}

// packPanels copies W[k][n], row stride ws, into panels [k][vectors*lanes], the last one
// padded with zeros. The columns are multiplied by scale where it is not nil.
func (asm *assembly) packPanels(dst, w []float32, k, n, ws int, scale []float32, widths []int) {
	o, first := 0, 0
	for _, v := range widths {
		width := v * asm.Lanes
		cols := min(width, n-first)
		for i := range k {
			row := dst[o+i*width : o+(i+1)*width]
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
		o += k * width
		first += width
	}
}

// packTransposed does the same with the transpose of W[n][k].
func (asm *assembly) packTransposed(dst, w []float32, k, n, ws int, widths []int) {
	o, first := 0, 0
	for _, v := range widths {
		width := v * asm.Lanes
		cols := min(width, n-first)
		if cols < width {
			clear(dst[o : o+k*width])
		}
		for from := 0; from < k; from += 16 { // so that both sides stay in the cache
			to := min(from+16, k)
			for j := range cols {
				at := o + from*width + j
				for _, x := range w[(first+j)*ws+from : (first+j)*ws+to] {
					dst[at] = x
					at += width
				}
			}
		}
		o += k * width
		first += width
	}
}

func (asm *assembly) packedSize(k int, widths []int) int {
	v := 0
	for _, w := range widths {
		v += w
	}
	return k * v * asm.Lanes
}

// productNN computes rows [lo, hi) of y = x B, where B is packed, in blocks of rows of x that
// stay in the second-level cache while all panels pass over them.
func (asm *assembly) productNN(y, x, packed []float32, lo, hi, k, n int, widths []int, acc int) {
	block := 7 * asm.Grain
	block *= max(1, 192*1024/4/max(k, 1)/block)
	for from := lo; from < hi; from += block {
		to := min(from+block, hi)
		o, first := 0, 0
		for _, v := range widths {
			mask := asm.tailMask(n, first, v)
			i := from
			for _, t := range asm.NN[v] {
				if tiles := (to - i) / t.Rows; tiles > 0 {
					t.Run(tiles, k, ptr(x, i*k), k*4, ptr(packed, o), 0, ptr(y, i*n+first), n*4, mask, acc)
					i += tiles * t.Rows
				}
			}
			o += k * v * asm.Lanes
			first += v * asm.Lanes
		}
	}
}

// parallelRows splits m rows so that each part consists of whole tiles as far as possible.
func (asm *assembly) parallelRows(m int, f func(lo, hi int)) {
	grain := asm.Grain
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

func (asm *assembly) pointwise(y, x []float32, m, k, n int, w []float32, ws int) {
	checkProduct(y, x, m, k, n, w, ws)
	widths := asm.panelWidths(n)
	p := borrow(asm.packedSize(k, widths))
	asm.packPanels(*p, w, k, n, ws, nil, widths)
	asm.parallelRows(m, func(lo, hi int) { asm.productNN(y, x, *p, lo, hi, k, n, widths, 0) })
	scratch.Put(p)
}

func (asm *assembly) pointwiseGradInput(dx, dy []float32, m, k, n int, w []float32, ws int, accumulate bool) {
	checkProduct(dy, dx, m, k, n, w, ws)
	widths := asm.panelWidths(k)
	p := borrow(asm.packedSize(n, widths))
	asm.packTransposed(*p, w, n, k, ws, widths)
	acc := 0
	if accumulate {
		acc = 1
	}
	asm.parallelRows(m, func(lo, hi int) { asm.productNN(dx, dy, *p, lo, hi, n, k, widths, acc) })
	scratch.Put(p)
}

// productTN adds the product x^T dy of rows [lo, hi) and columns [k0, k1) of x to dW[k][n],
// in blocks of rows that stay in the cache.
func (asm *assembly) productTN(dw []float32, ws int, x, dy []float32, lo, hi, k, n, k0, k1 int, widths []int) {
	block := max(64, min(1<<20/4/2/(k1-k0+n), 512))
	var dense *[]float32
	if n*4 >= 1024 { // rows of dy would map to the same cache sets: copy the panel
		dense = borrow(block * len(asm.TN) * asm.Lanes)
		defer scratch.Put(dense)
	}
	for from := lo; from < hi; from += block {
		rows := min(block, hi-from)
		first := 0
		for _, v := range widths {
			mask := asm.tailMask(n, first, v)
			b, ldb := ptr(dy, from*n+first), n*4
			if dense != nil {
				width := v * asm.Lanes
				cols := min(width, n-first)
				for r := range rows {
					copy((*dense)[r*width:r*width+cols], dy[(from+r)*n+first:(from+r)*n+first+cols])
				}
				b, ldb = ptr(*dense, 0), 4*width
			}
			i := k0
			for _, t := range asm.TN[v] {
				if tiles := (k1 - i) / t.Rows; tiles > 0 {
					t.Run(tiles, rows, ptr(x, from*k+i), k*4, b, ldb, ptr(dw, i*ws+first), ws*4, mask, 1)
					i += tiles * t.Rows
				}
			}
			first += v * asm.Lanes
		}
	}
}

func (asm *assembly) pointwiseGradWeight(dw []float32, ws int, x, dy []float32, m, k, n int) {
	checkProduct(dy, x, m, k, n, dw, ws)
	widths := asm.panelWidths(n)
	t := Threads()
	if t == 1 || m*k*n < 1<<16 {
		asm.productTN(dw, ws, x, dy, 0, m, k, n, 0, k, widths)
		return
	}
	if m < 2048 && k >= 32 { // few pixels: split the rows of dW
		grain := asm.WeightGrain
		Parallel((k+grain-1)/grain, func(lo, hi int) {
			asm.productTN(dw, ws, x, dy, 0, m, k, n, lo*grain, min(hi*grain, k), widths)
		})
		return
	}
	// Many pixels: each part of them has a sum of its own, and the sums are added in order.
	parts := make([]*[]float32, t)
	Parallel(t, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if i == 0 {
				asm.productTN(dw, ws, x, dy, 0, m/t, k, n, 0, k, widths)
				continue
			}
			p := borrow(k * n)
			clear(*p)
			asm.productTN(*p, n, x, dy, m*i/t, m*(i+1)/t, k, n, 0, k, widths)
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
