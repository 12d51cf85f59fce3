package unknown

import (
	"math"
	"slices"

	"bignas/core/arch"
	"bignas/core/cholesky"
	"bignas/core/confidence"
	"bignas/core/fault"
)

// Child is the outputs of one child of a fit.
type Child struct {
	Arch    arch.Arch
	HeldOut *Outputs // for labelled images of known classes that the weights were not trained on
	Known   *Outputs // for other images of known classes
	Unknown *Outputs
}

// Fit fits the model: temperatures, on the held-out images; the row and the weight of the odds, by logistic regression
// of known against unknown images; and the quantiles of the scores, on the held-out images.
func Fit(children []Child) (*confidence.Model, error) {
	if len(children) < 10 {
		return nil, fault.New("bad_option", "10 are the least, 30 are usual", "--children is %d: too few to fit on", len(children))
	}
	space := children[0].Arch.Space
	var features [][]float64
	temperatures := make([]float64, len(children))
	for i, c := range children {
		features = append(features, confidence.Features(c.Arch))
		temperatures[i] = math.Log(Temperature(c.HeldOut))
	}
	coefficients := ridge(features, temperatures)
	n := len(coefficients)
	flat := make([]float64, (1+len(confidence.Levels))*n)
	copy(flat, coefficients)
	row := make([]float64, space.Head[len(space.Head)-1])
	m, err := confidence.New(space, row, 1, flat)
	if err != nil {
		return nil, err
	}
	odds := fitRow(m, children, row)
	if m, err = confidence.New(space, row, odds, flat); err != nil {
		return nil, err
	}
	quantiles := make([][]float64, len(confidence.Levels))
	for _, c := range children {
		scores := c.HeldOut.Scores(m.Of(c.Arch).Score)
		slices.Sort(scores)
		for l, level := range confidence.Levels {
			quantiles[l] = append(quantiles[l], quantile(scores, level))
		}
	}
	for l, q := range quantiles {
		copy(flat[(1+l)*n:], ridge(features, q))
	}
	return confidence.New(space, row, odds, flat)
}

// quantile returns a quantile of sorted values, with interpolation.
func quantile(sorted []float64, level float64) float64 {
	at := level * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-2)
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Temperature returns the temperature, from a tenth to ten, that maximises the likelihood of the labels.
func Temperature(s *Outputs) float64 {
	loss := func(log float64) float64 {
		t, sum := math.Exp(log), 0.0
		for i, l := range s.Logits {
			best, total := float64(slices.Max(l)), 0.0
			for _, v := range l {
				total += math.Exp((float64(v) - best) / t)
			}
			sum += math.Log(total) + (best-float64(l[s.Labels[i]]))/t
		}
		return sum
	}
	return math.Exp(confidence.LogTemperature(loss))
}

// penalty is the weight of the penalty on all coefficients but the intercept.
const penalty = 0.1

// ridge fits a linear function of the features to the targets.
func ridge(features [][]float64, targets []float64) []float64 {
	n := len(features[0])
	normal, x := make([]float64, n*n), make([]float64, n)
	for i, f := range features {
		for a, v := range f {
			x[a] += v * targets[i]
			for b, w := range f {
				normal[a*n+b] += v * w
			}
		}
	}
	for a := range n {
		normal[a*n+a] += penalty
	}
	normal[0] -= penalty - 1e-6
	cholesky.Solve(cholesky.Factor(normal, n), n, x)
	return x
}
