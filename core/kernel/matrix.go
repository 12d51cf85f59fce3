package kernel

import "sync"

// Matrix is a frozen weight matrix, of which children use the first rows and columns. An
// implementation with panels lays it out once, so that a slice costs only its scale and
// bias; the others pack each slice.
type Matrix struct {
	w    []float32 // nil where there are panels
	k, n int

	panels []float32 // [panel][k][lanes], zero after the last column; nil where slices are packed
	lanes  int       // columns of a panel
	slice  func(x *Matrix, k, n int, scale, bias []float32) *Packed

	once  sync.Once
	whole *Packed // the whole matrix, for Times where there are no panels
}

// Product computes y = act((x W)*scale + bias) + residual of one slice of a
// matrix: x [m,k], y [m,n], residual [m,n] or nil.
type Product func(y, x []float32, m int, act Act, residual []float32)

// NewMatrix returns the matrix W[k][n], contiguous, which must not change after that. It is
// laid out for the implementation that is active now.
func NewMatrix(w []float32, k, n int) *Matrix {
	x := &Matrix{w: w[:k*n], k: k, n: n}
	if active.panels != nil {
		active.panels(x)
		x.w = nil
	}
	return x
}

// Lay overwrites the values of a matrix that is LaidOut. Its slices change with it.
func (x *Matrix) Lay(w []float32) {
	x.w = w[:x.k*x.n]
	active.panels(x)
	x.w = nil
}

// LaidOut reports whether the matrix has a copy of the w that NewMatrix was given.
func (x *Matrix) LaidOut() bool { return x.panels != nil }

// Stored returns the values as they lie in memory, in rows or in panels with the zeros after
// the last column. They must not be changed.
func (x *Matrix) Stored() []float32 {
	if x.panels == nil {
		return x.w
	}
	return x.panels
}

// Row copies the first values of row i.
func (x *Matrix) Row(to []float32, i int) {
	if x.panels == nil {
		copy(to, x.w[i*x.n:(i+1)*x.n])
		return
	}
	for j := 0; j < len(to); j += x.lanes {
		copy(to[j:min(j+x.lanes, len(to))], x.panels[j*x.k+i*x.lanes:])
	}
}

// Slice returns the first k rows and n columns for inference, with column j multiplied by
// scale[j], and bias [n]. Both may be nil, and must not change while the slice is used.
// Unlike with Pack, an implementation may scale the sums instead of the weights.
func (x *Matrix) Slice(k, n int, scale, bias []float32) *Packed {
	if k > x.k || n > x.n {
		panic("kernel: Slice of more than the Matrix has")
	}
	if x.panels != nil {
		return x.slice(x, k, n, scale, bias)
	}
	return Pack(x.w, k, n, x.n, scale, bias)
}

// Times computes the first values of one row y = x W with the first rows of W: y has at most
// n values, x at most k.
func (x *Matrix) Times(y, row []float32) {
	if x.panels != nil {
		x.Slice(len(row), len(y), nil, nil).Apply(y, row, 1, None, nil)
		return
	}
	x.once.Do(func() { x.whole = Pack(x.w, x.k, x.n, x.n, nil, nil) })
	all := borrow(x.n + x.k)
	out, in := (*all)[:x.n], (*all)[x.n:x.n+x.k]
	clear(in[copy(in, row):])
	x.whole.Apply(out, in, 1, None, nil)
	copy(y, out)
	scratch.Put(all)
}

// packedProduct returns a Packed that calls run.
func packedProduct(k, n int, run Product) *Packed {
	return &Packed{k: k, n: n, apply: func(_ *Packed, y, x []float32, m int, act Act, residual []float32) {
		run(y, x, m, act, residual)
	}}
}
