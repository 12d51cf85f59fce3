//go:build amd64 && !noasm

package kernel

import "unsafe"

// Matrix products for inference: the loops start from the bias, apply swish and add the
// residual while a tile is in registers. Weights are in panels [k][lanes], each as wide as one
// vector.

// columns sets how many columns the last vector of a panel has.
func (asm *assembly) columns(a *productArgs, n int) {
	if asm.Lanes == 16 {
		a.Odd = 1<<n - 1
		return
	}
	a.Tail = &tailMasks[8-n]
	switch n {
	case 8:
		a.Odd = 0
	case 4:
		a.Odd = 1
	default:
		a.Odd = 2
	}
}

var tailMasks = [16]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}

// rows runs the m rows that start at a, c and residual through tiles that are some vectors
// wide, and those of init too where it has a stride.
func (asm *assembly) rows(a *productArgs, m, vectors int) {
	for i := range asm.Tiles[vectors] {
		t := &asm.Tiles[vectors][i]
		if a.Tiles = m / t.Rows; a.Tiles == 0 {
			continue
		}
		done := a.Tiles * t.Rows
		m -= done
		t.Run(a.Words())
		if m == 0 {
			return
		}
		a.A, a.C = offset(a.A, done*a.LDA), offset(a.C, done*a.LDC)
		a.Init = offset(a.Init, done*a.LDInit)
	}
}

// offset returns p advanced by a number of bytes.
func offset(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// together returns how many of the v vectors that are left the next tiles take.
func (asm *assembly) together(v int) int { return asm.Widths[min(v, len(asm.Widths)-1)] }

// packFused copies W into panels [k][lanes].
func (asm *assembly) packFused(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	p := asm.newFused(k, n)
	p.bias = wholeVectors(bias, n)
	p.data, p.panel = allocPacked(k*asm.blocksOf(n)*asm.Lanes), asm.Lanes*k
	asm.packColumns(p.data, w, k, n, ws, scale)
	return p
}

// fusedPanels copies a matrix into panels as packFused does, padded to whole blocks of 16 columns.
func (asm *assembly) fusedPanels(x *Matrix) {
	if x.panels == nil {
		x.panels = make([]float32, x.k*((x.n+15)&^15))
	}
	asm.packColumns(x.panels, x.w, x.k, x.n, x.n, nil)
	x.lanes, x.slice = asm.Lanes, asm.sliceFused
}

// sliceFused uses a matrix that is in panels already; the scale is applied to the sums.
func (asm *assembly) sliceFused(x *Matrix, k, n int, scale, bias []float32) *Packed {
	p := asm.newFused(k, n)
	p.data, p.panel, p.lent = x.panels, asm.Lanes*x.k, true
	p.bias = asVectors(bias, n)
	if scale != nil {
		p.scale = asVectors(scale, n)
	}
	return p
}

func (asm *assembly) newFused(k, n int) *Packed {
	return &Packed{k: k, n: n, apply: asm.applyFused, gated: asm.applyFusedGated}
}

// noBias saves most layers without a bias from having zeros of their own.
var noBias [2048]float32

// asVectors returns the first n elements, or zeros for nil, followed by enough capacity for
// whole vectors. It copies only where there is not enough.
func asVectors(s []float32, n int) []float32 {
	whole := (n + 15) &^ 15
	switch {
	case s == nil && whole <= len(noBias):
		return noBias[:whole]
	case cap(s) >= whole:
		return s[:whole]
	}
	return wholeVectors(s, n)
}

// wholeVectors returns a copy of the first n elements, or zeros for nil, padded with zeros to
// whole vectors.
func wholeVectors(from []float32, n int) []float32 {
	s := make([]float32, (n+15)&^15)
	copy(s[:n], from)
	return s
}

// packColumns copies W into panels, with zeros after the last column.
func (asm *assembly) packColumns(dst, w []float32, k, n, ws int, scale []float32) {
	lanes := asm.Lanes
	for first := 0; first < n; first += lanes {
		cols := min(lanes, n-first)
		for i := range k {
			row, from := dst[lanes*i:lanes*(i+1)], w[i*ws+first:i*ws+first+cols]
			if scale == nil {
				copy(row, from)
			} else {
				for j, s := range scale[first : first+cols] {
					row[j] = from[j] * s
				}
			}
			clear(row[cols:])
		}
		dst = dst[lanes*k:]
	}
}

var zeroVectors [48]float32 // as many as the widest tile has columns

// from points the arguments at the columns of B from first on. The panels of B are panel
// elements apart.
func (asm *assembly) from(a *productArgs, data []float32, panel, first int, scale, bias []float32) {
	a.B, a.LDB, a.Init = &data[first/asm.Lanes*panel], 4*panel, &bias[first]
	if scale != nil {
		a.Init, a.Scale, a.Shift = &zeroVectors[0], &scale[first], &bias[first]
	}
}

// applyFused implements Apply.
func (asm *assembly) applyFused(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	asm.product(p, p.data, p.panel, y, x, m, act, residual)
}

// applyFusedGated implements ApplyGated: the gate is applied to the smaller of the two factors.
func (asm *assembly) applyFusedGated(p *Packed, y, x []float32, m int, gate []float32, act Act, residual []float32) {
	if m <= p.n {
		ChannelScale(x, x, gate, 1, m, p.k)
		asm.product(p, p.data, p.panel, y, x, m, act, residual)
		return
	}
	scaled := borrow(p.k * asm.blocksOf(p.n) * asm.Lanes)
	for first := 0; first < p.n; first += asm.Lanes {
		asm.ScalePanel(&(*scaled)[p.k*first], &p.data[first/asm.Lanes*p.panel], &gate[0], p.k)
	}
	asm.product(p, *scaled, asm.Lanes*p.k, y, x, m, act, residual)
	scratch.Put(scaled)
}

func (asm *assembly) product(p *Packed, data []float32, panel int, y, x []float32, m int, act Act, residual []float32) {
	if m < 1 || len(x) < m*p.k || len(y) < m*p.n || residual != nil && len(residual) < m*p.n {
		panic("kernel: a product with a slice that is too short")
	}
	after := act != None && act != Swish
	added := residual
	if after {
		added = nil
	}
	swish := 0
	if act == Swish {
		swish = 1
	}
	vectors := asm.blocksOf(p.n)
	run := func(lo, hi, first, last int) {
		asm.block(p, data, panel, y, x, lo, hi, first, last, swish, added)
	}
	switch {
	case m*p.k*p.n < 1<<17 || Threads() == 1:
		run(0, m, 0, vectors)
	case m < p.n && vectors > 1:
		Parallel(vectors, func(first, last int) { run(0, m, first, last) })
	default:
		grain := asm.Tiles[asm.together(vectors)][0].Rows
		Parallel((m+grain-1)/grain, func(lo, hi int) { run(lo*grain, min(hi*grain, m), 0, vectors) })
	}
	if after {
		y = y[:m*p.n]
		Activate(y, y, act)
		if residual != nil {
			Add(y, residual[:m*p.n])
		}
	}
}

// block computes rows [lo, hi) of some vectors of columns, in blocks of rows that stay in the
// cache while the panels pass over them.
func (asm *assembly) block(p *Packed, data []float32, panel int, y, x []float32, lo, hi, first, last, swish int, residual []float32) {
	rows := 72 * max(1, 64<<10/4/p.k/72)                               // whole tiles, except those of 14 rows
	a := productArgs{K: p.k, LDA: 4 * p.k, LDC: 4 * p.n, Swish: swish} // on the heap, so once
	for from := lo; from < hi; from += rows {
		to := min(from+rows, hi)
		for v := first; v < last; {
			n, column := asm.together(last-v), v*asm.Lanes
			a.A, a.C = &x[from*p.k], &y[from*p.n+column]
			asm.from(&a, data, panel, column, p.scale, p.bias)
			v += n
			asm.columns(&a, min(asm.Lanes, p.n-(v-1)*asm.Lanes))
			if residual != nil {
				a.Residual, a.Done = &residual[from*p.n+column], 0
			}
			asm.rows(&a, to-from, n)
		}
	}
}
