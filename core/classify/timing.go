package classify

import (
	"time"

	"bignas/core/arch"
	"bignas/core/latency"
)

// enough is how long a part is repeated: browsers give workers a clock of 0.1 ms
// for fear of side channels. tries of that, the shortest counts: others had the
// processor in the longer ones.
const (
	enough = 2 * time.Millisecond
	tries  = 3
)

// Timer measures on this device, for latency.NewMeasurement, with the threads
// that are set. clock is a clock that only runs forward, e.g. time.Since of a
// start. between, where not nil, is called where a forward pass can be
// interrupted, and does not count.
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
			run, done := e.bundle.Net.Alone(p)
			defer done()
			run() // makes the memory its own
			n, best := 0, time.Duration(0)
			for best < enough/2 && n < 1<<20 { // a clock that shows nothing yet is run for longer
				n = max(1, 2*n, min(8*n, int(1.2*float64(n)*enough.Seconds()/max(best.Seconds(), 1e-6))))
				best = since(run, n)
				for i := 1; i < tries && best >= enough/2; i++ { // one run that others disturbed must not look like enough
					best = min(best, since(run, n))
				}
			}
			return best.Seconds() * 1000 / float64(n), nil
		},
		Child: func(a arch.Arch) (float64, error) { return e.timeChild(a, clock, between) },
	}
}

// timeChild is the shortest of some forward passes, in milliseconds.
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
		if t := clock() - start - paused; i == 1 || i > 1 && t < best { // the first one makes its memory its own
			best = t
		}
	}
	return best.Seconds() * 1000, nil
}
