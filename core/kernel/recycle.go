package kernel

import (
	"math/bits"
	"sync"
)

// The memory of packed weights is reused for new children, because the first access to
// fresh pages costs more than packing.
var recycled = struct {
	sync.Mutex
	free map[int][][]float32 // by capacity
	held int                 // elements in free
}{free: map[int][][]float32{}}

const (
	minRecycled = 1 << 10 // elements; less is not worth a lock
	maxRecycled = 1 << 24 // elements kept: 64 MiB
)

// sizeClass rounds n up by an eighth at most, so that similar children can use each other's
// memory.
func sizeClass(n int) int {
	step := 1 << max(0, bits.Len(uint(n))-4)
	return (n + step - 1) / step * step
}

// allocPacked returns n elements, not cleared, to be freed by recycle.
func allocPacked(n int) []float32 {
	if n < minRecycled {
		return make([]float32, n)
	}
	size := sizeClass(n)
	recycled.Lock()
	defer recycled.Unlock()
	if l := recycled.free[size]; len(l) > 0 {
		s := l[len(l)-1]
		recycled.free[size] = l[:len(l)-1]
		recycled.held -= size
		return s[:n]
	}
	return make([]float32, n, size)
}

// recycle frees memory of allocPacked.
func recycle(s []float32) {
	if cap(s) < minRecycled || cap(s) != sizeClass(cap(s)) {
		return
	}
	recycled.Lock()
	defer recycled.Unlock()
	if recycled.held+cap(s) <= maxRecycled {
		recycled.free[cap(s)] = append(recycled.free[cap(s)], s)
		recycled.held += cap(s)
	}
}
