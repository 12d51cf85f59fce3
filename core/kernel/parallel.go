package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var threads atomic.Int32

// Threads is how many goroutines an operator is split over at most.
func Threads() int {
	if n := threads.Load(); n > 0 {
		return int(n)
	}
	return runtime.GOMAXPROCS(0)
}

// SetThreads sets Threads; 0 means one a processor.
func SetThreads(n int) { threads.Store(int32(n)) }

// Parallel splits [0, n) into at most Threads() contiguous parts and runs f on
// each, one on the calling goroutine. The split depends on n and Threads() alone.
func Parallel(n int, f func(lo, hi int)) {
	t := min(Threads(), n)
	if t <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	var wg sync.WaitGroup
	for i := 1; i < t; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(n*i/t, n*(i+1)/t)
		}()
	}
	f(0, n/t)
	wg.Wait()
}
