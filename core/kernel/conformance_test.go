package kernel_test

import (
	"testing"

	"bignas/core/kernel"
	"bignas/core/kernel/kerneltest"
)

// TestConformance runs the suite on every implementation there is on this machine.
func TestConformance(t *testing.T) {
	for _, name := range kernel.Implementations() {
		t.Run(name, func(t *testing.T) {
			kerneltest.Run(t, kerneltest.Subject{Name: name, SameBits: name == "portable" || name == "generic"})
		})
	}
}

// TestSameBitsEverywhere pins the generic loops to one result on every platform.
// The number changes with the cases of the suite.
func TestSameBitsEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("the cases are others")
	}
	if got, want := kerneltest.Digest(t), uint64(0x1fa457db7aea574a); got != want {
		t.Errorf("the generic loops hash to %#x, on other platforms to %#x", got, want)
	}
}
