package kernel

import "sync"

// Matrix is a weight matrix that does not change any more, from which slices are
// taken: the first rows and columns, as many as a child has. An implementation
// that can lays it out once, so that a slice costs nothing but its scale and
// bias; the others pack every slice anew.
type Matrix struct {
	w    []float32 // nil where there are panels
	k, n int

	panels []float32 // [panel][k][lanes], zeros after the last column, where slices are taken from that
	lanes  int       // columns of a panel
	slice  func(x *Matrix, k, n int, scale, bias []float32) *Packed

	once  sync.Once
	whole *Packed // all of it, for Times where there are no panels
}

// Product computes y = act((x W)*scale + bias) + residual of one slice of a
// matrix: x [m,k], y [m,n], residual [m,n] or nil.
type Product func(y, x []float32, m int, act Act, residual []float32)

// NewMatrix takes W[k][n], contiguous, which must not change after that. It is
// laid out for the implementation that is active now.
func NewMatrix(w []float32, k, n int) *Matrix {
	x := &Matrix{w: w[:k*n], k: k, n: n}
	if active.panels != nil {
		active.panels(x)
		x.w = nil
	}
	return x
}

// Lay overwrites W of a matrix that is LaidOut; slices of it change with it.
func (x *Matrix) Lay(w []float32) {
	x.w = w[:x.k*x.n]
	active.panels(x)
	x.w = nil
}

// LaidOut says whether w, which NewMatrix was given, is not used any more.
func (x *Matrix) LaidOut() bool { return x.panels != nil }

// Row copies the beginning of row i of W.
func (x *Matrix) Row(to []float32, i int) {
	if x.panels == nil {
		copy(to, x.w[i*x.n:(i+1)*x.n])
		return
	}
	for j := 0; j < len(to); j += x.lanes {
		copy(to[j:min(j+x.lanes, len(to))], x.panels[j*x.k+i*x.lanes:])
	}
}

// Slice returns the first k rows and n columns ready for inference, column j
// times scale[j], plus bias [n]; scale and bias may be nil, and must not change
// while the slice is used. It differs from Pack in that an implementation may
// scale the sums in place of the weights.
func (x *Matrix) Slice(k, n int, scale, bias []float32) *Packed {
	if k > x.k || n > x.n {
		panic("kernel: Slice of more than the Matrix has")
	}
	if x.panels != nil {
		return x.slice(x, k, n, scale, bias)
	}
	return Pack(x.w, k, n, x.n, scale, bias)
}

// Times computes the beginning of one row y = x W with the first rows of W: x at
// most [k], y at most [n].
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

// packedProduct is a Packed that calls run.
func packedProduct(k, n int, run Product) *Packed {
	return &Packed{k: k, n: n, apply: func(_ *Packed, y, x []float32, m int, act Act, residual []float32) {
		run(y, x, m, act, residual)
	}}
}
