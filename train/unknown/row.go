package unknown

import (
	"math"

	"bignas/core/confidence"
	"bignas/core/kernel"
)

// The row is learnt by Adam (Kingma & Ba, arXiv 1412.6980) on all images at once, with normalised channels.
const (
	rowSteps = 300
	rowRate  = 0.03
	rowDecay = 1e-4 // L2 penalty
)

// fitRow fits row and returns the weight of the odds beside it. A child with a narrow head has the beginning of the row.
func fitRow(m *confidence.Model, children []Child, row []float64) (odds float64) {
	heads := len(row)
	mean, deviation, count := make([]float64, heads), make([]float64, heads), make([]float64, heads)
	for _, c := range children {
		for _, p := range c.Known.Pooled {
			for j, v := range p {
				mean[j] += float64(v)
				deviation[j] += float64(v) * float64(v)
				count[j]++
			}
		}
	}
	for j := range mean {
		mean[j] /= max(count[j], 1)
		deviation[j] = math.Sqrt(max(deviation[j]/max(count[j], 1)-mean[j]*mean[j], 0)) + 1e-3
	}
	// Inputs: 1, the odds, then the channels.
	var inputs [][]float32
	var truth []float64
	for _, c := range children {
		s := m.Of(c.Arch)
		for k, seen := range []*Outputs{c.Unknown, c.Known} {
			for i, p := range seen.Pooled {
				x := []float32{1, float32(s.Odds(seen.Logits[i]) / 3)}
				for j, v := range p {
					x = append(x, float32((float64(v)-mean[j])/deviation[j]/5))
				}
				inputs, truth = append(inputs, x), append(truth, float64(k))
			}
		}
	}
	w := descend(inputs, truth, 2+heads)
	for j := range row {
		row[j] = w[2+j] / deviation[j] / 5
	}
	return max(w[1]/3, 0)
}

// descend does logistic regression. Inputs shorter than n stand for ones padded with zeros.
func descend(inputs [][]float32, truth []float64, n int) []float64 {
	w, first, second := make([]float64, n), make([]float64, n), make([]float64, n)
	const parts = 16 // each with its own sums, which are added in order, so that results do not depend on scheduling
	gradients := make([][]float64, parts)
	for step := 1; step <= rowSteps; step++ {
		kernel.Parallel(parts, func(lo, hi int) {
			for part := lo; part < hi; part++ {
				g := make([]float64, n)
				for i := part; i < len(inputs); i += parts {
					z := 0.0
					for j, v := range inputs[i] {
						z += float64(v) * w[j]
					}
					d := (1/(1+math.Exp(-z)) - truth[i]) / float64(len(inputs))
					for j, v := range inputs[i] {
						g[j] += d * float64(v)
					}
				}
				gradients[part] = g
			}
		})
		for j := range w {
			g := 0.0
			for _, part := range gradients {
				g += part[j]
			}
			if j > 1 {
				g += rowDecay * w[j]
			}
			first[j] = 0.9*first[j] + 0.1*g
			second[j] = 0.99*second[j] + 0.01*g*g
			w[j] -= rowRate * first[j] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(second[j]/(1-math.Pow(0.99, float64(step)))) + 1e-9)
		}
	}
	return w
}
