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
	tail     *uint32  // mask of the last vector
	odd      int      // columns of the last vector: 0 for 8, 1 for 4, else 2
	ldb      int      // from 8 columns of b to the next
	scale    *float32 // of the sums, whole vectors, then shift is added; nil for none
	shift    *float32
}

func (a *productArgs) words() *[17]uint64 { return (*[17]uint64)(unsafe.Pointer(a)) }

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
	run  func(*[17]uint64)
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

// packFused lays W out in panels [k][8] of 8 columns.
func packFused(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	p := newFused(k, n, bias)
	p.data, p.panel = room(k*((n+7)&^7)), 8*k
	packColumns(p.data, w, k, n, ws, scale)
	return p
}

// fusedPanels is W as packFused lays it out, of a whole number of vector pairs.
func fusedPanels(w []float32, k, n int) []float32 {
	p := make([]float32, k*((n+15)&^15))
	packColumns(p, w, k, n, n, nil)
	return p
}

// sliceFused takes a matrix that is laid out already; the scale goes to the sums.
func sliceFused(x *Matrix, k, n int, scale, bias []float32) *Packed {
	p := newFused(k, n, bias)
	p.data, p.panel, p.lent = x.panels, 8*x.k, true
	if scale != nil {
		p.scale = wholeVectors(scale, n)
	}
	return p
}

func newFused(k, n int, bias []float32) *Packed {
	p := &Packed{k: k, n: n, apply: applyFused, gated: applyFusedGated}
	if bias == nil {
		p.bias = make([]float32, (n+15)&^15)
	} else {
		p.bias = wholeVectors(bias, n)
	}
	return p
}

// wholeVectors copies the first n elements, with zeros up to two whole vectors.
func wholeVectors(from []float32, n int) []float32 {
	s := make([]float32, (n+15)&^15)
	copy(s, from[:n])
	return s
}

// packColumns copies W to panels of 8 columns, zeros after the last column.
func packColumns(dst, w []float32, k, n, ws int, scale []float32) {
	for first := 0; first < n; first += 8 {
		cols := min(8, n-first)
		factors := [8]float32{1, 1, 1, 1, 1, 1, 1, 1}
		if scale != nil {
			copy(factors[:], scale[first:first+cols])
		}
		for i := range k {
			row := (*[8]float32)(dst[8*i:])
			if cols < 8 {
				clear(row[:])
				copy(row[:], w[i*ws+first:i*ws+first+cols])
			} else {
				*row = *(*[8]float32)(w[i*ws+first:])
			}
			if scale != nil {
				for j, f := range factors {
					row[j] *= f
				}
			}
		}
		dst = dst[8*k:]
	}
}

var zeroVectors [16]float32

// from points the arguments at the columns of B from first on, which has panels
// panel elements apart.
func (a *productArgs) from(data []float32, panel, first int, scale, bias []float32) {
	a.b, a.ldb, a.init = &data[first/8*panel], 4*panel, &bias[first]
	if scale != nil {
		a.init, a.scale, a.shift = &zeroVectors[0], &scale[first], &bias[first]
	}
}

// applyFused is Apply.
func applyFused(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	p.product(p.data, p.panel, y, x, m, act, residual)
}

// applyFusedGated is ApplyGated: the gate goes to the smaller of the two factors.
func applyFusedGated(p *Packed, y, x []float32, m int, gate []float32, act Act, residual []float32) {
	if m <= p.n {
		ChannelScale(x, x, gate, 1, m, p.k)
		p.product(p.data, p.panel, y, x, m, act, residual)
		return
	}
	scaled := borrow(p.k * ((p.n + 7) &^ 7))
	for first := 0; first < p.n; first += 8 {
		scalePanelAVX2(&(*scaled)[p.k*first], &p.data[first/8*p.panel], &gate[0], p.k)
	}
	p.product(*scaled, 8*p.k, y, x, m, act, residual)
	scratch.Put(scaled)
}

func (p *Packed) product(data []float32, panelSize int, y, x []float32, m int, act Act, residual []float32) {
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
		p.block(data, panelSize, y, x, 0, m, 0, panels, swish, added)
	case m < p.n && panels > 1:
		Parallel(panels, func(lo, hi int) { p.block(data, panelSize, y, x, 0, m, lo, hi, swish, added) })
	default:
		const grain = 6
		Parallel((m+grain-1)/grain, func(lo, hi int) { p.block(data, panelSize, y, x, lo*grain, min(hi*grain, m), 0, panels, swish, added) })
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
func (p *Packed) block(data []float32, panelSize int, y, x []float32, lo, hi, firstPanel, lastPanel, swish int, residual []float32) {
	rows := 12 * max(1, 64<<10/4/p.k/12)
	a := productArgs{k: p.k, lda: 4 * p.k, ldc: 4 * p.n, swish: swish} // on the heap, so once
	for from := lo; from < hi; from += rows {
		to := min(from+rows, hi)
		for i := firstPanel; i < lastPanel; i++ {
			first, cols, vectors := panel(i, p.n)
			a.a, a.c = &x[from*p.k], &y[from*p.n+first]
			a.from(data, panelSize, first, p.scale, p.bias)
			a.columns(cols - 8*(vectors-1))
			if residual != nil {
				a.residual, a.done = &residual[from*p.n+first], 0
			}
			a.rows(to-from, vectors)
		}
	}
}
