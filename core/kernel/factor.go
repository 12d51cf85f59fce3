package kernel

// Factor is a weight matrix made ready for many products in one training step:
// faster implementations pack it once instead of in every call. Its products run
// on the calling goroutine, for use inside Bands.Each.
type Factor[T Float] struct {
	k, n, ws   int
	w          []T
	transposed bool
	packed     []float32 // layout of the implementation, nil for the reference loops
	times      func(p *Factor[float32], y, x []float32, m int, accumulate bool)
}

// NewFactor is W[k][n], row stride ws, whose Times is Pointwise.
func NewFactor[T Float](w []T, k, n, ws int) *Factor[T] {
	return newFactor(w, k, n, ws, false)
}

// NewTransposedFactor is W[k][n], row stride ws, whose Times is PointwiseGradInput.
func NewTransposedFactor[T Float](w []T, k, n, ws int) *Factor[T] {
	return newFactor(w, k, n, ws, true)
}

func newFactor[T Float](w []T, k, n, ws int, transposed bool) *Factor[T] {
	p := &Factor[T]{k: k, n: n, ws: ws, w: w, transposed: transposed}
	if q, ok := any(p).(*Factor[float32]); ok && active.factor != nil {
		active.factor(q)
	}
	return p
}

// Times computes y = x W, or y = x W^T of a transposed matrix, or adds it to y;
// m rows. W must not have changed since.
func (p *Factor[T]) Times(y, x []T, m int, accumulate bool) {
	switch {
	case p.times != nil:
		p.times(any(p).(*Factor[float32]), single(y), single(x), m, accumulate)
	case p.transposed:
		pointwiseGradInputReference(y, x, m, p.k, p.n, p.w, p.ws, accumulate)
	default:
		if accumulate {
			panic("kernel: a forward product does not accumulate")
		}
		pointwiseReference(y, x, m, p.k, p.n, p.w, p.ws)
	}
}

// Release gives the packed copy back. p is not to be used any more.
func (p *Factor[T]) Release() {
	if p.packed != nil {
		scratch.Put(&p.packed)
		p.packed = nil
	}
}

// AddGradWeight is PointwiseGradWeight on the calling goroutine.
func AddGradWeight[T Float](dw []T, ws int, x []T, dy []T, m, k, n int) {
	if v, ok := any(dw).([]float32); ok && active.addGradWeight != nil {
		active.addGradWeight(v, ws, single(x), single(dy), m, k, n)
		return
	}
	pointwiseGradWeightReference(dw, ws, x, dy, m, k, n)
}
