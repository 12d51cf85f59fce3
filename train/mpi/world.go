//go:build linux && (amd64 || arm64)

package mpi

import (
	"context"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"bignas/core/kernel"
)

// World is the processes that a launcher has started, MPI_COMM_WORLD.
type World struct {
	rank, size int
	lib        *library
	calls      chan *call
	waiting    atomic.Int32 // goroutines that wait for the end of a call
}

// call is a call of the library. Unless it goes on in the background, it is done when begin returns.
type call struct {
	begin      func(request *uintptr) int32
	background bool
	request    uintptr // a handle, of which MPICH uses half
	done       chan struct{}
	err        error
}

// Join returns the group of the processes that a launcher has started, or nil where there is
// no launcher or it has started one process. The library's thread gets a processor of Go's
// scheduler besides those of kernel.Threads.
func Join() (*World, error) {
	l := launched(os.Getenv)
	if l.size == 1 {
		return nil, nil
	}
	lib, err := open(l)
	if err != nil {
		return nil, err
	}
	w := &World{lib: lib, calls: make(chan *call)}
	ready := make(chan error)
	go w.serve(ready)
	if err := <-ready; err != nil {
		return nil, err
	}
	if w.size != l.size {
		return nil, l.foreign(lib.name, lib.version, w.rank, w.size)
	}
	threads := kernel.Threads()
	kernel.SetThreads(threads)
	runtime.GOMAXPROCS(threads + 1)
	return w, nil
}

// Rank returns the number of this process.
func (w *World) Rank() int { return w.rank }

// Size returns the number of processes.
func (w *World) Size() int { return w.size }

// Name returns the file of the library.
func (w *World) Name() string { return w.lib.name }

// StartSum is group.Group's. It sums a copy: in place, Open MPI 4 collects everything at one rank
// and sends it out again, which takes log2 of the ranks as long as around a ring
// (findings/openmpi-iallreduce-in-place.sh).
func (w *World) StartSum(x []float32) func(context.Context) error {
	if len(x) == 0 {
		return func(context.Context) error { return nil }
	}
	own := slices.Clone(x)
	return w.start(true, func(request *uintptr) int32 {
		return w.lib.call(w.lib.iallreduce, address(&own[0]), address(&x[0]), uintptr(len(x)), w.lib.float, w.lib.sum, w.lib.world, address(request))
	})
}

// Sum is group.Group's.
func (w *World) Sum(ctx context.Context, x []float64) error {
	if len(x) == 0 {
		return nil
	}
	return w.start(true, func(request *uintptr) int32 {
		return w.lib.call(w.lib.iallreduce, w.lib.inPlace, address(&x[0]), uintptr(len(x)), w.lib.double, w.lib.sum, w.lib.world, address(request))
	})(ctx)
}

// mostBytes is how many bytes one call sends: a count is an int.
const mostBytes = 1 << 30

// Broadcast is group.Group's.
func (w *World) Broadcast(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		part := b[:min(len(b), mostBytes)]
		if err := w.start(true, func(request *uintptr) int32 {
			return w.lib.call(w.lib.ibcast, address(&part[0]), uintptr(len(part)), w.lib.bytes, 0, w.lib.world, address(request))
		})(ctx); err != nil {
			return err
		}
		b = b[len(part):]
	}
	return nil
}

// Close waits for the other processes to call it too, and ends the use of the library.
func (w *World) Close() error {
	return w.start(false, func(*uintptr) int32 { return w.lib.call(w.lib.finalize) })(context.Background())
}

// Abort ends all processes with an exit status. It may return before this one ends.
func (w *World) Abort(status int) {
	_ = w.start(false, func(*uintptr) int32 { return w.lib.call(w.lib.abort, w.lib.world, uintptr(status)) })(context.Background())
}

// start hands a call to the library's thread, and returns a function that waits for its end.
func (w *World) start(background bool, begin func(request *uintptr) int32) func(context.Context) error {
	c := &call{begin: begin, background: background, done: make(chan struct{})}
	w.calls <- c
	return func(ctx context.Context) error {
		w.waiting.Add(1)
		defer w.waiting.Add(-1)
		select {
		case <-c.done:
			return c.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// serve makes the calls, on a thread of its own. It asks the library for news as often as it
// can for a moment after something has happened while somebody waits, and otherwise sleeps in
// between, the longer the less happens: on the machine's processors others compute.
func (w *World) serve(ready chan<- error) {
	const eager, nap, longest = 200 * time.Microsecond, 50 * time.Microsecond, time.Millisecond
	runtime.LockOSThread()
	var err error
	w.rank, w.size, err = w.lib.start()
	ready <- err
	if err != nil {
		return
	}
	var live []*call
	happened := time.Now()
	for {
		if len(live) == 0 {
			live = w.begin(live, <-w.calls)
			happened = time.Now()
		} else {
			select {
			case c := <-w.calls:
				live = w.begin(live, c)
				happened = time.Now()
			default:
			}
		}
		before := len(live)
		if live = w.test(live); len(live) < before {
			happened = time.Now()
		}
		if quiet := time.Since(happened); len(live) > 0 && (quiet > eager || w.waiting.Load() == 0) {
			t := syscall.NsecToTimespec(int64(min(longest, max(nap, quiet/100))))
			_ = syscall.Nanosleep(&t, nil) // a signal may shorten it
		}
	}
}

// begin begins a call, which is added to live unless it is done.
func (w *World) begin(live []*call, c *call) []*call {
	if c.err = w.lib.check(c.begin(&c.request)); c.background && c.err == nil {
		return append(live, c)
	}
	close(c.done)
	return live
}

// test asks the library which calls are done, and returns the others.
func (w *World) test(live []*call) []*call {
	rest := live[:0]
	done := new(int32)
	for _, c := range live {
		*done = 0
		if c.err = w.lib.check(w.lib.call(w.lib.test, address(&c.request), address(done), w.lib.ignore)); c.err == nil && *done == 0 {
			rest = append(rest, c)
			continue
		}
		close(c.done)
	}
	clear(live[len(rest):])
	return rest
}
