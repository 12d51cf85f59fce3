//go:build !js

package kernel

import (
	"fmt"
	"testing"
)

// TestRowwiseTraining is TestRowwise of the gradients.
func TestRowwiseTraining(t *testing.T) {
	var o operators
	rowwiseTraining(&o)
	eachRowwiseCase(t, func(k rowwiseCase) {
		n, h, w, c := k.n, k.h, k.w, k.c
		g := k.random(n * c)
		k.compare("global pool gradient", n*h*c,
			func(out []float32) { o.globalPoolGrad(out, g, n, h, c) },
			func(out []float32) { globalPoolGradGeneric(out, g, n, h, c) })
		h, w = 2*h, 2*w
		d := k.random(n * h * w * c / 4)
		for _, acc := range []bool{false, true} {
			k.compare(fmt.Sprintf("average pool gradient, accumulate %t,", acc), n*h*w*c,
				func(out []float32) { o.avgPool2x2Grad(out, d, n, h, w, c, acc) },
				func(out []float32) { avgPool2x2GradGeneric(out, d, n, h, w, c, acc) })
		}
	})
}
