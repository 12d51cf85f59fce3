package classify

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"bignas/core/kernel"
	"bignas/core/latency"
)

// TestLatency measures this machine. With BIGNAS_LATENCY it says how far the model
// is from 50 children; otherwise it only has to be of the right size, as other
// work may be running.
func TestLatency(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	if ownClock == nil && os.Getenv("BIGNAS_LATENCY") == "" {
		t.Skip("no clock here stops while others have the processor; the engine's and the page's tests measure too")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer kernel.SetThreads(kernel.Threads())
	kernel.SetThreads(1)
	e := randomEngine(t)
	timer := e.Timer(clock(), nil)
	space := e.Info().Space
	m := latency.NewMeasurement(space, len(e.Info().Labels), 1, timer)
	for done := false; !done; {
		var err error
		if done, err = m.Step(); err != nil {
			t.Fatal(err)
		}
	}
	model, failure, children, err := m.Model()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("error %.1f %% on %d children", 100*failure, children)
	if failure > 0.5 {
		t.Errorf("the mean error is %.0f %%", 100*failure)
	}
	if small, big := model.Child(space.Min()), model.Child(space.Max()); small <= 0 || big < 3*small {
		t.Errorf("the smallest child takes %v ms, the biggest %v", small, big)
	}
	if os.Getenv("BIGNAS_LATENCY") == "" {
		return
	}
	r := rand.New(rand.NewPCG(9, 9))
	var samples []latency.Sample
	for range 50 {
		a := space.Sample(r)
		ms, err := timer.Child(a)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, latency.Sample{Arch: a, MS: ms})
		t.Logf("%6.3f ms, predicted %6.3f (%+5.1f %%) %s", ms, model.Child(a), 100*(model.Child(a)/ms-1), a)
	}
	t.Logf("50 unseen children: mean error %.2f %%", 100*model.Test(samples))
}

// ownClock, where there is one, does not run while others have the processor.
var ownClock func() time.Duration

func clock() func() time.Duration {
	if ownClock != nil {
		return ownClock
	}
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
