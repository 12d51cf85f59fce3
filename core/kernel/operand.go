package kernel

// Operand is the right operand of many products in one training step, a weight matrix that
// is packed once instead of in each call. The products run on the calling goroutine, for
// use in Bands.Each.
type Operand[T Float] struct {
	k, n, ws   int
	w          []T
	transposed bool
	packed     []float32 // layout of the implementation, nil for the reference loops
	times      func(p *Operand[float32], y, x []float32, m int, accumulate bool)
}

// NewOperand returns W[k][n], row stride ws, for Pointwise.
func NewOperand[T Float](w []T, k, n, ws int) *Operand[T] {
	return newOperand(w, k, n, ws, false)
}

// NewTransposedOperand returns W[k][n], row stride ws, for PointwiseGradInput.
func NewTransposedOperand[T Float](w []T, k, n, ws int) *Operand[T] {
	return newOperand(w, k, n, ws, true)
}

func newOperand[T Float](w []T, k, n, ws int, transposed bool) *Operand[T] {
	p := &Operand[T]{k: k, n: n, ws: ws, w: w, transposed: transposed}
	if q, ok := any(p).(*Operand[float32]); ok && active.operand != nil {
		active.operand(q)
	}
	return p
}

// Times computes m rows of y = x W, or of y = x W^T where W is transposed, or adds them to y.
// W must not have changed since.
func (p *Operand[T]) Times(y, x []T, m int, accumulate bool) {
	switch {
	case p.times != nil:
		p.times(any(p).(*Operand[float32]), float32s(y), float32s(x), m, accumulate)
	case p.transposed:
		pointwiseGradInputReference(y, x, m, p.k, p.n, p.w, p.ws, accumulate)
	default:
		if accumulate {
			panic("kernel: a forward product does not accumulate")
		}
		pointwiseReference(y, x, m, p.k, p.n, p.w, p.ws)
	}
}

// Release frees the packed copy. p must not be used after that.
func (p *Operand[T]) Release() {
	if p.packed != nil {
		scratch.Put(&p.packed)
		p.packed = nil
	}
}

// AddGradWeight is PointwiseGradWeight on the calling goroutine.
func AddGradWeight[T Float](dw []T, ws int, x []T, dy []T, m, k, n int) {
	if v, ok := any(dw).([]float32); ok && active.addGradWeight != nil {
		active.addGradWeight(v, ws, float32s(x), float32s(dy), m, k, n)
		return
	}
	pointwiseGradWeightReference(dw, ws, x, dy, m, k, n)
}
