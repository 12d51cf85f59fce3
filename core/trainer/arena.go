package trainer

import "bignas/core/kernel"

// Arena hands out scratch slices and takes them all back at once, so that a
// training step allocates nothing after the first. Contents are not zeroed.
type Arena[T kernel.Float] struct {
	// Grow makes a chunk of n elements; nil for make. A training run takes them
	// from huge pages.
	Grow func(n int) []T

	chunks     [][]T
	chunk, off int
}

// chunkSize is the least size of a chunk in elements: 16 MiB of float32.
const chunkSize = 1 << 22

// Alloc returns n elements, valid until the arena is released below this point.
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

// Each returns scratch for a band of each part, rows of width elements.
func (a *Arena[T]) Each(b kernel.Bands, width int) [][]T {
	s := make([][]T, b.Parts)
	for i := range s {
		s[i] = a.Alloc(b.Size * width)
	}
	return s
}

// Mark remembers the present point for Release.
func (a *Arena[T]) Mark() [2]int { return [2]int{a.chunk, a.off} }

// Release takes back everything allocated since mark.
func (a *Arena[T]) Release(mark [2]int) { a.chunk, a.off = mark[0], mark[1] }
