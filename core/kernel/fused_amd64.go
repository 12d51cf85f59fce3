//go:build amd64 && !noasm

package kernel

import "unsafe"

// Products of inference: the AVX2 loops start from the bias, apply swish and
// add the residual while a tile is in registers.

// productArgs is what those loops take; strides are in bytes. The order of the
// fields is that of the generator.
type productArgs struct {
	tiles, k int
	a        *float32
	lda      int
	b, c     *float32
	ldc      int
	init     *float32 // what the sums start from: the bias at stride 0, or rows
	ldinit   int
	residual *float32 // nil for none, stride ldc
	done     int      // bytes of the residual that are: a pointer behind its end must not stay in here
	swish    int
	tail     *uint32 // mask of the last vector
	odd      int     // columns of the last vector: 0 for 8, 1 for 4, else 2
}

func (a *productArgs) words() *[14]uint64 { return (*[14]uint64)(unsafe.Pointer(a)) }

// columns says how many columns the last vector of a panel has.
func (a *productArgs) columns(n int) {
	a.tail = &tailMasks[8-n]
	switch n {
	case 8:
		a.odd = 0
	case 4:
		a.odd = 1
	default:
		a.odd = 2
	}
}

var tailMasks = [16]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}

type fusedTile struct {
	rows int
	run  func(*[14]uint64)
}

// By vectors in the panel, tallest first.
var fusedTiles = [3][4]fusedTile{
	1: {{12, product12x1AVX2}, {4, product4x1AVX2}, {2, product2x1AVX2}, {1, product1x1AVX2}},
	2: {{6, product6x2AVX2}, {4, product4x2AVX2}, {2, product2x2AVX2}, {1, product1x2AVX2}},
}

// rows runs m rows from a, c and residual on through tiles of a panel, rows of
// init too where they have a stride.
func (a *productArgs) rows(m, vectors int) {
	for i := range fusedTiles[vectors] {
		t := &fusedTiles[vectors][i]
		if a.tiles = m / t.rows; a.tiles == 0 {
			continue
		}
		done := a.tiles * t.rows
		m -= done
		t.run(a.words())
		if m == 0 {
			return
		}
		a.a, a.c = offset(a.a, done*a.lda), offset(a.c, done*a.ldc)
		a.init = offset(a.init, done*a.ldinit)
	}
}

// offset is p some bytes further on.
func offset(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// panel is where panel i of 16 columns begins, how many columns it has, and in
// how many vectors.
func panel(i, n int) (first, cols, vectors int) {
	cols = min(16, n-16*i)
	return 16 * i, cols, (cols + 7) / 8
}

// columnSource is a matrix to pack from: panel i of 16 columns begins at i*step,
// its rows are ws apart.
type columnSource struct {
	w        []float32
	step, ws int
}

// packFused lays W out in panels of 16 columns, the last one of 8 where that is enough.
func packFused(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	return columnSource{w, 16, ws}.pack(k, n, scale, bias)
}

// packFusedPanels is packFused of a matrix laid out in panels: rows of a panel
// are read one after the other.
func packFusedPanels(x *Matrix, k, n int, scale, bias []float32) *Packed {
	return columnSource{x.panels, 16 * x.k, 16}.pack(k, n, scale, bias)
}

func (s columnSource) pack(k, n int, scale, bias []float32) *Packed {
	p := &Packed{k: k, n: n, data: room(k * ((n + 7) &^ 7)), bias: make([]float32, (n+15)&^15), apply: applyFused, gated: applyFusedGated}
	copy(p.bias, bias)
	for i := range (n + 15) / 16 {
		first, cols, vectors := panel(i, n)
		packColumns(p.data[k*first:], s.w[i*s.step:], k, cols, 8*vectors, s.ws, scale, first)
	}
	return p
}

// packColumns copies k rows of cols columns to rows of width, zeros after them.
func packColumns(dst, w []float32, k, cols, width, ws int, scale []float32, first int) {
	if cols == 16 {
		_, _ = w[(k-1)*ws+15], dst[k*16-1]
		if scale == nil {
			gatherBlockAVX2(&dst[0], &w[0], k, 4*ws)
		} else {
			gatherScaledAVX2(&dst[0], &w[0], k, 4*ws, &scale[first:][:16][0])
		}
		return
	}
	for i := range k {
		row, from := dst[i*width:(i+1)*width], w[i*ws:i*ws+cols]
		if scale == nil {
			copy(row, from)
		} else {
			s := scale[first : first+cols]
			for j, v := range from {
				row[j] = v * s[j]
			}
		}
		clear(row[cols:])
	}
}

// applyFused is Apply.
func applyFused(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	p.product(p.data, y, x, m, act, residual)
}

// applyFusedGated is ApplyGated: the gate goes to the smaller of the two factors.
func applyFusedGated(p *Packed, y, x []float32, m int, gate []float32, act Act, residual []float32) {
	if m <= p.n {
		ChannelScale(x, x, gate, 1, m, p.k)
		p.product(p.data, y, x, m, act, residual)
		return
	}
	scaled := borrow(len(p.data))
	for i := range (p.n + 15) / 16 {
		first, _, vectors := panel(i, p.n)
		run := scalePanel2AVX2
		if vectors == 1 {
			run = scalePanel1AVX2
		}
		run(&(*scaled)[p.k*first], &p.data[p.k*first], &gate[0], p.k)
	}
	p.product(*scaled, y, x, m, act, residual)
	scratch.Put(scaled)
}

func (p *Packed) product(data, y, x []float32, m int, act Act, residual []float32) {
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
	panels := (p.n + 15) / 16
	switch {
	case m*p.k*p.n < 1<<17 || Threads() == 1:
		p.block(data, y, x, 0, m, 0, panels, swish, added)
	case m < p.n && panels > 1:
		Parallel(panels, func(lo, hi int) { p.block(data, y, x, 0, m, lo, hi, swish, added) })
	default:
		const grain = 6
		Parallel((m+grain-1)/grain, func(lo, hi int) { p.block(data, y, x, lo*grain, min(hi*grain, m), 0, panels, swish, added) })
	}
	if after {
		y = y[:m*p.n]
		Activate(y, y, act)
		if residual != nil {
			Add(y, residual[:m*p.n])
		}
	}
}

// block computes rows [lo, hi) of some panels, in blocks of rows that stay in
// cache while the panels pass over them.
func (p *Packed) block(data, y, x []float32, lo, hi, firstPanel, lastPanel, swish int, residual []float32) {
	rows := 12 * max(1, 64<<10/4/p.k/12)
	a := productArgs{k: p.k, lda: 4 * p.k, ldc: 4 * p.n, swish: swish} // on the heap, so once
	for from := lo; from < hi; from += rows {
		to := min(from+rows, hi)
		for i := firstPanel; i < lastPanel; i++ {
			first, cols, vectors := panel(i, p.n)
			a.a, a.b, a.c, a.init = &x[from*p.k], &data[p.k*first], &y[from*p.n+first], &p.bias[first]
			a.columns(cols - 8*(vectors-1))
			if residual != nil {
				a.residual, a.done = &residual[from*p.n+first], 0
			}
			a.rows(to-from, vectors)
		}
	}
}
