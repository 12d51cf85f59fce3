package trainer

import "bignas/core/kernel"

// Arena allocates scratch slices that are released together, so that no training step but
// the first allocates memory. The slices are not zeroed.
type Arena[T kernel.Float] struct {
	// Grow allocates a chunk of n elements; nil stands for make. A training run uses huge
	// pages.
	Grow func(n int) []T
	// BFloat16 says that activations kept for the backward pass, and the gradients of the
	// expanded ones, are rounded to bfloat16. It must not change between a forward pass and its backward
	// pass. GrowBFloat16 is Grow for them.
	BFloat16     bool
	GrowBFloat16 func(n int) []kernel.BFloat16
	// Passed, where not nil, is called after each pass over memory, with the bytes that it read and wrote of
	// activations and their gradients as float32. What stays in the cache between its operators does not count.
	Passed func(pass string, read, written int)

	forget bool // a forward pass keeps of each block only the statistics and the output, until the next one
	wide   stack[T]
	short  stack[kernel.BFloat16]
}

// stack is the chunks that slices of one type are allocated from.
type stack[E any] struct {
	chunks     [][]E
	chunk, off int
}

// chunkSize is the smallest size of a chunk in elements: 16 MiB of float32.
const chunkSize = 1 << 22

func (s *stack[E]) alloc(n int, grow func(n int) []E) []E {
	for s.chunk < len(s.chunks) {
		if c := s.chunks[s.chunk]; s.off+n <= len(c) {
			at := s.off
			s.off += (n + 15) &^ 15
			return c[at : at+n : at+n]
		}
		s.chunk, s.off = s.chunk+1, 0
	}
	if grow == nil {
		grow = func(n int) []E { return make([]E, n) }
	}
	s.chunks = append(s.chunks, grow(max(n, chunkSize)))
	return s.alloc(n, grow)
}

// Alloc returns n elements, which are valid until Release with an earlier Mark.
func (a *Arena[T]) Alloc(n int) []T { return a.wide.alloc(n, a.Grow) }

// Each returns scratch for one band of each part, with rows of width elements.
func (a *Arena[T]) Each(b kernel.Bands, width int) [][]T {
	s := make([][]T, b.Parts)
	for i := range s {
		s[i] = a.Alloc(b.Size * width)
	}
	return s
}

// Mark is a position in an arena; the zero value is its beginning.
type Mark struct{ wide, short [2]int }

// Mark returns the current position, for Release.
func (a *Arena[T]) Mark() Mark {
	return Mark{[2]int{a.wide.chunk, a.wide.off}, [2]int{a.short.chunk, a.short.off}}
}

// Release frees everything that was allocated after mark.
func (a *Arena[T]) Release(mark Mark) {
	a.wide.chunk, a.wide.off = mark.wide[0], mark.wide[1]
	a.short.chunk, a.short.off = mark.short[0], mark.short[1]
}

// passed reports a pass over memory that read and wrote so many bytes.
func (a *Arena[T]) passed(pass string, read, written int) {
	if a.Passed != nil {
		a.Passed(pass, read, written)
	}
}
