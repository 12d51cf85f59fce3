package kernel

import (
	"runtime"
	"sync/atomic"
)

var threads atomic.Int32

// Threads is how many parts an operator is split into at most: what SetThreads
// set, else runtime.GOMAXPROCS(0).
func Threads() int {
	if n := threads.Load(); n > 0 {
		return int(n)
	}
	return runtime.GOMAXPROCS(0)
}

// SetThreads sets Threads; 0 means one a processor.
func SetThreads(n int) { threads.Store(int32(n)) }

// Parallel splits [0, n) into min(n, Threads()) contiguous parts and runs f on
// each, several at a time where processors are free. The split depends on n and
// Threads() alone. Calls may be nested or come from several goroutines: while
// one of them holds the workers, the others run their parts one after another.
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

// job is one call of Parallel. Whoever comes first takes the next part, so that
// a worker that the scheduler has put aside holds nobody up; which goroutine
// runs a part does not change what the part computes.
type job struct {
	f        func(lo, hi int)
	n, parts int
	taken    atomic.Int32 // parts handed out, may exceed parts
	done     atomic.Int32
	waiting  atomic.Bool // the caller wants a token on finished
	finished chan struct{}
}

// work runs parts until all are handed out.
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

// spins is how often an idle goroutine looks for work before it parks: about
// 160 microseconds, longer than what one thread does alone between two operators
// of a forward pass. Parking there costs more than it frees: EfficientNet-B0's
// shape on two threads took half as long again with an eighth of this.
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

// share runs a job with the workers' help; false if they are taken or if there
// is no processor for them.
func (p *pool) share(n, parts int, f func(lo, hi int)) bool {
	helpers := min(parts, runtime.GOMAXPROCS(0), cap(p.wake)) - 1
	if helpers < 1 || p.current.Load() != nil {
		return false
	}
	j := &job{f: f, n: n, parts: parts, finished: make(chan struct{}, 1)}
	if !p.current.CompareAndSwap(nil, j) {
		return false
	}
	defer p.current.Store(nil) // also when f panics, lest every later call be serial
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

// help is the life of a worker.
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

// parallelWork is Parallel where there is enough work, in elements or
// multiplications, to be worth waking somebody for.
func parallelWork(work, n int, f func(lo, hi int)) {
	if work < 1<<14 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	Parallel(n, f)
}
