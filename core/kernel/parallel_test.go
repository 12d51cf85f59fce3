package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func setThreads(t testing.TB, n int) {
	t.Helper()
	before := threads.Load()
	SetThreads(n)
	t.Cleanup(func() { SetThreads(int(before)) })
}

// TestParallelSplit checks that every index is run once, in the parts that n
// and the number of threads alone decide.
func TestParallelSplit(t *testing.T) {
	for _, th := range []int{1, 2, 3, 7} {
		setThreads(t, th)
		for n := range 40 {
			var mu sync.Mutex
			parts := map[[2]int]bool{}
			Parallel(n, func(lo, hi int) {
				mu.Lock()
				defer mu.Unlock()
				if parts[[2]int{lo, hi}] {
					t.Errorf("n=%d threads=%d: part [%d,%d) ran twice", n, th, lo, hi)
				}
				parts[[2]int{lo, hi}] = true
			})
			k := min(n, th)
			if len(parts) != k {
				t.Fatalf("n=%d threads=%d: %d parts, want %d", n, th, len(parts), k)
			}
			for i := range k {
				if !parts[[2]int{n * i / k, n * (i + 1) / k}] {
					t.Fatalf("n=%d threads=%d: part %d is missing from %v", n, th, i, parts)
				}
			}
		}
	}
}

// TestParallelCallers has goroutines compete for the workers, with nested calls
// and pauses long enough for the workers to park.
func TestParallelCallers(t *testing.T) {
	setThreads(t, 4)
	const callers, rounds, n, inner = 5, 200, 11, 9
	var total atomic.Int64
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for r := range rounds {
				sums := make([]int64, n) // written without locks: the race detector watches
				Parallel(n, func(lo, hi int) {
					for i := lo; i < hi; i++ {
						part := make([]int64, inner)
						Parallel(inner, func(lo, hi int) {
							for j := lo; j < hi; j++ {
								part[j]++
							}
						})
						for _, v := range part {
							sums[i] += v
						}
					}
				})
				for _, v := range sums {
					total.Add(v)
				}
				if r%50 == c {
					time.Sleep(2 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	if want := int64(callers * rounds * n * inner); total.Load() != want {
		t.Fatalf("%d indices ran, want %d", total.Load(), want)
	}
}

// TestParallelRunsTogether needs two parts at once: each waits for the other.
func TestParallelRunsTogether(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor")
	}
	setThreads(t, 2)
	var arrived atomic.Int32
	Parallel(2, func(lo, hi int) {
		arrived.Add(1)
		for deadline := time.Now().Add(5 * time.Minute); arrived.Load() < 2; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Error("the two parts did not run at the same time")
				return
			}
		}
	})
}

// TestParallelPanic checks that a panic in the caller's part leaves the workers
// free for the next call.
func TestParallelPanic(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor")
	}
	var p pool
	p.wake = make(chan struct{}, 8)
	p.started.Store(8) // that never come: the caller runs every part
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		p.share(2, 2, func(lo, hi int) { panic("part") })
	}()
	if p.current.Load() != nil {
		t.Fatal("the workers are still taken")
	}
}

func BenchmarkParallelEmpty(b *testing.B) {
	setThreads(b, 2)
	for b.Loop() {
		Parallel(2, func(lo, hi int) {})
	}
}

// BenchmarkParallelAfterPause is the cost after a serial stretch of about 5 µs.
func BenchmarkParallelAfterPause(b *testing.B) {
	setThreads(b, 2)
	var x atomic.Int64
	for b.Loop() {
		Parallel(2, func(lo, hi int) {})
		for range 1000 {
			x.Add(1)
		}
	}
}
