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
			kerneltest.Run(t, subject(name))
		})
	}
}

// TestSameBitsEverywhere pins the reference loops to one result on every platform.
// The number changes with the cases of the suite.
func TestSameBitsEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("the cases are others")
	}
	if got, want := kerneltest.Digest(t), uint64(0x7627640f9bab77b6); got != want {
		t.Errorf("the reference loops hash to %#x, on other platforms to %#x", got, want)
	}
}

// subject is what is asked of an implementation.
func subject(name string) kerneltest.Subject {
	s := kerneltest.Subject{Name: name, SameBits: name == "portable" || name == "reference"}
	if name == "avx2" || name == "avx512" {
		s.Floor, s.Units = 1e-35, 6 // their exponential is short, and ends where numbers are no longer normal
	}
	return s
}
