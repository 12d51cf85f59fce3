package teach

import (
	"math"

	"bignas/core/confidence"
)

// prior is how many held-out images a temperature of 1 counts as.
const prior = 20

// Calibrate divides the logits of Best, its weights and biases, by a temperature (Guo et al.,
// arXiv 1706.04599), once, at the end: with its penalty and so few images a classifier is less
// sure than it could be. The answers stay the same. The temperature is the one with the lowest
// loss on the held-out images, drawn towards 1 the more the fewer they are, because they have
// chosen the step, too; where none is held out, it is 1.
func (t *Training) Calibrate() {
	if !t.heldOut {
		return
	}
	w, scaled := append(append([]float32(nil), t.Best.Matrix...), t.Best.Bias...), make([]float32, len(t.w))
	loss := func(log float64) float64 {
		for i, v := range w {
			scaled[i] = v * float32(math.Exp(-log))
		}
		l, _ := t.check.loss(nil, scaled)
		return l
	}
	log := confidence.LogTemperature(loss)
	n := float64(len(t.check.labels))
	loss(log * n / (n + prior)) // which leaves the weights scaled
	copy(t.Best.Matrix, scaled)
	copy(t.Best.Bias, scaled[len(t.Best.Matrix):])
}
