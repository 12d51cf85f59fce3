package trainer

import "bignas/core/kernel"

// kept is numbers that stay in memory between the passes of a step: in T, or in bfloat16 where
// the arena says so. Those in T are computed and read where they are, the others in scratch of
// the size of a band.
type kept[T kernel.Float] struct {
	wide  []T
	short []kernel.BFloat16
}

// keep allocates n numbers.
func (a *Arena[T]) keep(n int) kept[T] {
	if a.BFloat16 {
		return kept[T]{short: a.short.alloc(n, a.GrowBFloat16)}
	}
	return kept[T]{wide: a.Alloc(n)}
}

// keepIn is keep in the beginning of k, where that is not empty.
func (a *Arena[T]) keepIn(k kept[T], n int) kept[T] {
	if k.len() == 0 {
		return a.keep(n)
	}
	return k.part(0, n)
}

// bands returns the scratch that kept numbers in bands with rows of width need: none in T.
func (a *Arena[T]) bands(b kernel.Bands, width int) [][]T {
	if a.BFloat16 {
		return a.Each(b, width)
	}
	return make([][]T, b.Parts)
}

func (k kept[T]) len() int { return max(len(k.wide), len(k.short)) }

// bytes is the size where T is float32.
func (k kept[T]) bytes() int { return 4*len(k.wide) + 2*len(k.short) }

// part returns numbers [lo, hi).
func (k kept[T]) part(lo, hi int) kept[T] {
	if k.short != nil {
		return kept[T]{short: k.short[lo:hi]}
	}
	return kept[T]{wide: k.wide[lo:hi]}
}

// read returns the numbers in T, which may be in scratch.
func (k kept[T]) read(scratch []T) []T {
	if k.short == nil {
		return k.wide
	}
	scratch = scratch[:len(k.short)]
	kernel.Widen(scratch, k.short)
	return scratch
}

// room returns where to compute the numbers, which then go to store.
func (k kept[T]) room(scratch []T) []T {
	if k.short == nil {
		return k.wide
	}
	return scratch[:len(k.short)]
}

// store keeps what was computed in room.
func (k kept[T]) store(computed []T) {
	if k.short != nil {
		kernel.Round(k.short, computed)
	}
}

// all returns the numbers of a whole matrix in T, in the arena where they are in bfloat16.
func (a *Arena[T]) all(k kept[T]) []T {
	x := a.space(k)
	if k.short != nil {
		pieces(len(x), func(lo, hi int) { kernel.Widen(x[lo:hi], k.short[lo:hi]) })
	}
	return x
}

// space returns where to compute a whole matrix, which then goes to storeAll.
func (a *Arena[T]) space(k kept[T]) []T {
	if k.short == nil {
		return k.wide
	}
	return a.Alloc(len(k.short))
}

func (a *Arena[T]) storeAll(k kept[T], computed []T) {
	if k.short != nil {
		pieces(len(computed), func(lo, hi int) { kernel.Round(k.short[lo:hi], computed[lo:hi]) })
	}
}

// pieces runs f over n elements in whole vectors, on all threads.
func pieces(n int, f func(lo, hi int)) {
	kernel.Parallel((n+15)/16, func(lo, hi int) { f(16*lo, min(16*hi, n)) })
}
