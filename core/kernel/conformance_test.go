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
