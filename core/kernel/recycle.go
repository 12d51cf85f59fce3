package kernel

import (
	"math/bits"
	"sync"
)

// Memory of packed weights, handed from children that are done to new ones: the
// first touch of fresh pages costs more than the packing itself.
var recycled = struct {
	sync.Mutex
	free map[int][][]float32 // by capacity
	held int                 // elements in free
}{free: map[int][][]float32{}}

const (
	recycleLeast = 1 << 10 // elements; less is not worth a lock
	recycleMost  = 1 << 24 // elements kept: 64 MiB
)

// roomSize rounds n up by an eighth at most, so that children nearly alike take
// each other's memory.
func roomSize(n int) int {
	step := 1 << max(0, bits.Len(uint(n))-4)
	return (n + step - 1) / step * step
}

// room returns n elements, not cleared, that recycle takes back.
func room(n int) []float32 {
	if n < recycleLeast {
		return make([]float32, n)
	}
	size := roomSize(n)
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

// recycle takes memory of room back. Nobody may use it any more.
func recycle(s []float32) {
	if cap(s) < recycleLeast || cap(s) != roomSize(cap(s)) {
		return
	}
	recycled.Lock()
	defer recycled.Unlock()
	if recycled.held+cap(s) <= recycleMost {
		recycled.free[cap(s)] = append(recycled.free[cap(s)], s)
		recycled.held += cap(s)
	}
}
