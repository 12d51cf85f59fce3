package classify

import (
	"time"

	"bignas/core/arch"
	"bignas/core/latency"
)

// A part is repeated for the time enough, because browsers limit clocks to 0.1 ms. The best
// of so many tries counts, to discard preempted ones.
const (
	enough = 2 * time.Millisecond
	tries  = 3
)

// Timer measures on this device, with the current number of threads, for
// latency.NewMeasurement. clock is monotonic, such as time.Since of a start. between, where
// not nil, is called where a forward pass can be interrupted; its time does not count.
func (e *Engine) Timer(clock func() time.Duration, between func() error) latency.Timer {
	since := func(run func(), n int) time.Duration { // runs n times
		start := clock()
		for range n {
			run()
		}
		return clock() - start
	}
	return latency.Timer{
		Part: func(p latency.Part) (float64, error) {
			if between != nil {
				if err := between(); err != nil {
					return 0, err
				}
			}
			run, release := e.bundle.Net.Part(p)
			defer release()
			run() // touches the memory
			n, best := 0, time.Duration(0)
			for best < enough/2 && n < 1<<20 { // longer runs, until the clock shows something
				n = max(1, 2*n, min(8*n, int(1.2*float64(n)*enough.Seconds()/max(best.Seconds(), 1e-6))))
				best = since(run, n)
				for i := 1; i < tries && best >= enough/2; i++ { // so that one preempted run is not taken for enough
					best = min(best, since(run, n))
				}
			}
			return best.Seconds() * 1000 / float64(n), nil
		},
		Child: func(a arch.Arch) (float64, error) { return e.timeChild(a, clock, between) },
	}
}

// timeChild returns the time of the fastest of some forward passes, in milliseconds.
func (e *Engine) timeChild(a arch.Arch, clock func() time.Duration, between func() error) (float64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	child, err := e.slice(a, false)
	if err != nil {
		return 0, err
	}
	x := make([]float32, 3*a.Resolution*a.Resolution)
	for i := range x {
		x[i] = float32(i*7%16)/8 - 1
	}
	var best, paused time.Duration
	pause := func() error {
		start := clock()
		err := between()
		paused += clock() - start
		return err
	}
	if between == nil {
		pause = nil
	}
	for i := range tries + 3 {
		start := clock()
		paused = 0
		if _, err := child.Forward(x, 1, pause); err != nil {
			return 0, err
		}
		if t := clock() - start - paused; i == 1 || i > 1 && t < best { // the first one touches the memory
			best = t
		}
	}
	return best.Seconds() * 1000, nil
}
