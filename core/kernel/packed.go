package kernel

// Packed is a weight matrix packed for inference, in the layout of the implementation that
// was active then.
type Packed struct {
	k, n  int
	bias  []float32 // nil for none
	data  []float32 // layout of the implementation
	panel int       // elements from one panel of data to the next, where that is more than a panel
	scale []float32 // of the sums, where data is not scaled; nil for none
	lent  bool      // data belongs to a Matrix
	apply func(p *Packed, y, x []float32, m int, act Act, residual []float32)
	gated func(p *Packed, y, x []float32, m int, gate []float32, act Act, residual []float32) // nil for ChannelScale before apply
}

// Pack copies W[k][n], row stride ws, with column j multiplied by scale[j], and bias [n],
// which is how batch normalisation is folded in. Both may be nil.
func Pack(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	if active.pack != nil {
		return active.pack(w, k, n, ws, scale, bias)
	}
	p := &Packed{k: k, n: n, bias: append([]float32(nil), bias...), apply: applyReference}
	for i := range k {
		p.data = append(p.data, w[i*ws:i*ws+n]...)
		scaleColumns(p.data[i*n:], scale)
	}
	return p
}

// scaleColumns multiplies a row by the scale of each column, where there is one.
func scaleColumns(row, scale []float32) {
	for j, s := range scale {
		row[j] *= s
	}
}

// Release frees the memory for the next Pack. p must not be used after that.
func (p *Packed) Release() {
	if !p.lent {
		recycle(p.data)
	}
	p.data, p.apply = nil, nil
}

// Apply computes y = act(x W + bias), plus residual where it is not nil:
// x [m,k], y and residual [m,n].
func (p *Packed) Apply(y, x []float32, m int, act Act, residual []float32) {
	if act > lastFast {
		p.apply(p, y, x, m, None, nil)
		p.finish(y, m, act, residual)
		return
	}
	p.apply(p, y, x, m, act, residual)
}

// finish does what an implementation has no loop for after the product.
func (p *Packed) finish(y []float32, m int, act Act, residual []float32) {
	y = y[:m*p.n]
	activatePlain(y, y, act)
	if residual != nil {
		addReference(y, residual[:m*p.n])
	}
}

// ApplyGated is Apply with each row of x multiplied by gate [k], the end of
// squeeze-and-excitation of one image. It may overwrite x.
func (p *Packed) ApplyGated(y, x []float32, m int, gate []float32, act Act, residual []float32) {
	if act > lastFast {
		p.ApplyGated(y, x, m, gate, None, nil)
		p.finish(y, m, act, residual)
		return
	}
	if p.gated != nil {
		p.gated(p, y, x, m, gate, act, residual)
		return
	}
	ChannelScale(x, x, gate, 1, m, p.k)
	p.apply(p, y, x, m, act, residual)
}
