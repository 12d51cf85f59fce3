package kernel

import (
	"runtime"
	"sync/atomic"
)

var threads atomic.Int32

// Threads returns the largest number of parts that an operator is split into: what
// SetThreads has set, otherwise runtime.GOMAXPROCS(0).
func Threads() int {
	if n := threads.Load(); n > 0 {
		return int(n)
	}
	return runtime.GOMAXPROCS(0)
}

// SetThreads sets Threads; 0 restores the default.
func SetThreads(n int) { threads.Store(int32(n)) }

// Parallel splits [0, n) into min(n, Threads()) contiguous parts and runs f on
// each, concurrently where processors are free. The split depends on n and Threads() alone.
// Calls may be nested or come from several goroutines: while one of them has the workers,
// the others run their parts one after the other.
func Parallel(n int, f func(lo, hi int)) {
	t := min(Threads(), n)
	if t <= 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	if workers.share(n, t, f) {
		return
	}
	for i := range t {
		f(n*i/t, n*(i+1)/t)
	}
}

// job is one call of Parallel. Workers take the next part as they become free, so that a
// preempted one delays only its own part. Which goroutine runs a part makes no difference to
// the result.
type job struct {
	f        func(lo, hi int)
	n, parts int
	taken    atomic.Int32 // parts handed out, may exceed parts
	done     atomic.Int32
	waiting  atomic.Bool // the caller wants a token on finished
	finished chan struct{}
}

// work runs parts until none is left.
func (j *job) work() {
	for {
		i := int(j.taken.Add(1)) - 1
		if i >= j.parts {
			return
		}
		j.f(j.n*i/j.parts, j.n*(i+1)/j.parts)
		if int(j.done.Add(1)) == j.parts && j.waiting.CompareAndSwap(true, false) {
			j.finished <- struct{}{}
		}
	}
}

func (j *job) open() bool { return int(j.taken.Load()) < j.parts }

// spins is how often an idle goroutine looks for work before it parks: for about 160
// microseconds, longer than the serial work between two operators of a forward pass.
// Parking there costs more than it saves: EfficientNet-B0's shape on two threads took half
// as long again with an eighth of this.
const spins = 1 << 18

// wait returns when every part is done.
func (j *job) wait() {
	for range spins {
		if int(j.done.Load()) == j.parts {
			return
		}
	}
	j.waiting.Store(true)
	if int(j.done.Load()) == j.parts && j.waiting.CompareAndSwap(true, false) {
		return
	}
	<-j.finished
}

// pool is the goroutines that help callers of Parallel, one caller at a time.
type pool struct {
	current atomic.Pointer[job]
	started atomic.Int32
	parked  atomic.Int32  // workers that wait for a token, or are about to
	wake    chan struct{} // a token for each worker taken off parked
}

var workers = pool{wake: make(chan struct{}, 1<<10)}

// share runs a job with the workers. It returns false if they are busy or if there is no
// processor for them.
func (p *pool) share(n, parts int, f func(lo, hi int)) bool {
	helpers := min(parts, runtime.GOMAXPROCS(0), cap(p.wake)) - 1
	if helpers < 1 || p.current.Load() != nil {
		return false
	}
	j := &job{f: f, n: n, parts: parts, finished: make(chan struct{}, 1)}
	if !p.current.CompareAndSwap(nil, j) {
		return false
	}
	defer p.current.Store(nil) // also when f panics; otherwise all later calls would be serial
	for int(p.started.Load()) < helpers {
		p.started.Add(1) // only the holder of current comes here
		go p.help()
	}
	for range helpers {
		if !p.unpark() {
			break
		}
		p.wake <- struct{}{}
	}
	j.work()
	j.wait()
	return true
}

// unpark takes one worker off parked.
func (p *pool) unpark() bool {
	for {
		n := p.parked.Load()
		if n == 0 {
			return false
		}
		if p.parked.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// help is the loop of a worker.
func (p *pool) help() {
	idle := 0
	for {
		if j := p.current.Load(); j != nil && j.open() {
			j.work()
			idle = 0
			continue
		}
		if idle++; idle < spins {
			continue
		}
		idle = 0
		p.parked.Add(1)
		if j := p.current.Load(); j != nil && j.open() && p.unpark() {
			continue
		}
		// Either there is no work, or a token has been sent for every worker.
		<-p.wake
	}
}

// parallelWork is Parallel where the work, in elements or multiplications, is worth waking
// a worker for.
func parallelWork(work, n int, f func(lo, hi int)) {
	if work < 1<<14 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	Parallel(n, f)
}
