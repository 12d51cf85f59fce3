package trainer

import "bignas/core/kernel"

// Arena allocates scratch slices that are released together, so that no training step but
// the first allocates memory. The slices are not zeroed.
type Arena[T kernel.Float] struct {
	// Grow allocates a chunk of n elements; nil stands for make. A training run uses huge
	// pages.
	Grow func(n int) []T
	// Passed, where not nil, is called after each pass over memory, with the bytes that it read and wrote of
	// activations and their gradients as float32. What stays in the cache between its operators does not count.
	Passed func(pass string, read, written int)

	chunks     [][]T
	chunk, off int
}

// chunkSize is the smallest size of a chunk in elements: 16 MiB of float32.
const chunkSize = 1 << 22

// Alloc returns n elements, which are valid until Release with an earlier Mark.
func (a *Arena[T]) Alloc(n int) []T {
	for a.chunk < len(a.chunks) {
		if c := a.chunks[a.chunk]; a.off+n <= len(c) {
			s := c[a.off : a.off+n : a.off+n]
			a.off += (n + 15) &^ 15
			return s
		}
		a.chunk, a.off = a.chunk+1, 0
	}
	grow := a.Grow
	if grow == nil {
		grow = func(n int) []T { return make([]T, n) }
	}
	a.chunks = append(a.chunks, grow(max(n, chunkSize)))
	return a.Alloc(n)
}

// Each returns scratch for one band of each part, with rows of width elements.
func (a *Arena[T]) Each(b kernel.Bands, width int) [][]T {
	s := make([][]T, b.Parts)
	for i := range s {
		s[i] = a.Alloc(b.Size * width)
	}
	return s
}

// Mark returns the current position, for Release.
func (a *Arena[T]) Mark() [2]int { return [2]int{a.chunk, a.off} }

// Release frees everything that was allocated after mark.
func (a *Arena[T]) Release(mark [2]int) { a.chunk, a.off = mark[0], mark[1] }

// passed reports a pass over memory that read and wrote so many elements.
func (a *Arena[T]) passed(pass string, read, written int) {
	if a.Passed != nil {
		a.Passed(pass, 4*read, 4*written)
	}
}
