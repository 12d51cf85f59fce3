package kernel

import "sync"

var scratch = sync.Pool{New: func() any { return new([]float32) }}

// borrow returns a buffer of n elements, not cleared, to be returned to scratch.
func borrow(n int) *[]float32 {
	p := scratch.Get().(*[]float32)
	if cap(*p) < n {
		*p = make([]float32, n)
	}
	*p = (*p)[:n]
	return p
}
