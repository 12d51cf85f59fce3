//go:build amd64 && !noasm

package kernel

// packStemFused packs the weights for products that read the image itself: the three pixels
// under a row of the kernel are one row of a matrix, whose rows are two pixels apart. The
// product of each kernel row is added to that of the one before it.
func (asm *assembly) packStemFused(w []float32, cin, n, ws int, scale, bias []float32) *Stem {
	p := asm.packFused(w, 9*cin, n, ws, scale, bias)
	return &Stem{func(y, x []float32, images, h, width int) {
		oh, ow := (h+1)/2, (width+1)/2
		if len(x) < images*h*width*cin || len(y) < images*oh*ow*n {
			panic("kernel: a stem with a slice that is too short")
		}
		if Threads() == 1 {
			asm.stemRows(p, y, x, 0, images*oh, h, width, cin)
			return
		}
		Parallel(images*oh, func(lo, hi int) { asm.stemRows(p, y, x, lo, hi, h, width, cin) })
	}}
}

// stemRows computes rows [lo, hi) of the output of all images. Each input row is copied into
// one of four buffers, between a pixel of zeros on the left and one or two on the right.
func (asm *assembly) stemRows(p *Packed, y, x []float32, lo, hi, h, w, cin int) {
	oh, ow, length := (h+1)/2, (w+1)/2, (w+3)*cin
	buf := borrow(5 * length)
	defer scratch.Put(buf)
	clear(*buf)
	zeros := (*buf)[4*length:]
	a := productArgs{K: 3 * cin, LDA: 8 * cin, LDC: 4 * p.n, LDB: 4 * p.panel} // on the heap, so once
	loaded := -1                                                               // the last input row, counted over all images, that has been copied
	for r := lo; r < hi; r++ {
		top := r/oh*h + r%oh*2 - 1 // input row under the first row of the kernel
		var rows [3][]float32
		for ky := range rows {
			row := top + ky
			if at := row - r/oh*h; at < 0 || at >= h {
				rows[ky] = zeros
				continue
			}
			rows[ky] = (*buf)[row%4*length:]
			if row > loaded {
				copy(rows[ky][cin:], x[row*w*cin:(row+1)*w*cin])
				loaded = row
			}
		}
		asm.stemRow(p, &a, y[r*ow*p.n:(r+1)*ow*p.n], rows, ow)
	}
}

func (asm *assembly) stemRow(p *Packed, a *productArgs, y []float32, rows [3][]float32, ow int) {
	vectors := asm.blocksOf(p.n)
	for v := 0; v < vectors; {
		n, column := asm.together(vectors-v), v*asm.Lanes
		v += n
		for ky, row := range rows {
			a.A, a.B, a.C = &row[0], &p.data[p.k*column+ky*a.K*asm.Lanes], &y[column]
			a.Init, a.LDInit, a.Swish = a.C, a.LDC, 0
			switch ky {
			case 0:
				a.Init, a.LDInit = &p.bias[column], 0
			case 2:
				a.Swish = 1
			}
			asm.columns(a, min(asm.Lanes, p.n-(v-1)*asm.Lanes))
			asm.rows(a, ow, n)
		}
	}
}
