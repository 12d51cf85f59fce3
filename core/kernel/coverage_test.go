//go:build amd64 && !noasm

package kernel_test

import (
	"slices"
	"testing"

	"bignas/core/kernel"
	"bignas/core/kernel/kerneltest"
)

// TestEveryLoopIsReached: the cases of the suite call every loop of the
// assembly, every tile with a whole last vector and with a masked one.
func TestEveryLoopIsReached(t *testing.T) {
	if testing.Short() {
		t.Skip("the short suite leaves cases out")
	}
	for _, name := range kernel.Implementations() {
		counts, undo := kernel.CountLoops(name)
		t.Cleanup(undo)
		if counts == nil {
			continue
		}
		kerneltest.Exercise(t, name)
		var missed []string
		for loop, n := range counts {
			if n == 0 {
				missed = append(missed, loop)
			}
		}
		slices.Sort(missed)
		t.Logf("%s: %d loops, %d reached", name, len(counts), len(counts)-len(missed))
		if len(missed) > 0 {
			t.Errorf("%s: no case reaches %q", name, missed)
		}
	}
}
