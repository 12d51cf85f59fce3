//go:build !js

package kernel

import (
	"fmt"
	"testing"
)

// TestPortableGradients is TestPortableImages for the gradients.
func TestPortableGradients(t *testing.T) {
	eachImageCase(t, func(k imageCase) {
		n, h, w, c := k.n, k.h, k.w, k.c
		g := k.random(n * c)
		k.compare("global pool gradient", n*h*c,
			func(out []float32) { globalPoolGradPortable(out, g, n, h, c) },
			func(out []float32) { globalPoolGradReference(out, g, n, h, c) })
		h, w = 2*h, 2*w
		d := k.random(n * h * w * c / 4)
		for _, acc := range []bool{false, true} {
			k.compare(fmt.Sprintf("average pool gradient, accumulate %t,", acc), n*h*w*c,
				func(out []float32) { avgPool2x2GradPortable(out, d, n, h, w, c, acc) },
				func(out []float32) { avgPool2x2GradReference(out, d, n, h, w, c, acc) })
		}
	})
}
