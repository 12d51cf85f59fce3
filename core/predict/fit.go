package predict

import (
	"math"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
)

// Codes of the errors of this package, all of type *fault.Error.
const (
	CodeFew   = "few_children"  // too few samples to fit or to test
	CodeFile  = "bad_predictor" // a predictor file that cannot be read
	CodeOther = "other_weights" // one of other weights
)

// Fit fits a predictor to all but the last unseen samples, and measures its error on those.
// Lengths and noise maximise the likelihood of the fitted measurements. Samples should be in
// random order. The error is a *fault.Error.
func Fit(s *arch.Space, source Source, samples []Sample, unseen int) (*Predictor, error) {
	n := len(samples) - unseen
	if n < 40 || unseen < 10 {
		return nil, fault.New(CodeFew, "measure more children; 300 to fit and 100 to test are enough",
			"there are %d measured children, %d of them to test on; at least 40 are needed to fit and 10 to test", len(samples), unseen)
	}
	p := &Predictor{Space: s, Source: source}
	sc := newScale(s, source.Classes)
	x, y := make([][]float64, n), make([]float64, n)
	for i, child := range samples[:n] {
		c := cost.Totals(child.Arch, source.Classes)
		x[i], y[i] = inputs(child.Arch, c.MACs, c.Params, sc), child.Accuracy
		p.Fitted = append(p.Fitted, child.Arch)
		p.mean += child.Accuracy / float64(n)
	}
	deviation := 0.0
	for _, v := range y {
		deviation += (v - p.mean) * (v - p.mean) / float64(n)
	}
	deviation = math.Sqrt(max(deviation, 1e-12))
	for i := range y {
		y[i] = (y[i] - p.mean) / deviation
	}

	h := mostLikely(x, y)
	e := newEvidence(x, y, h)
	p.Noise = deviation * math.Exp(h.noise)
	for _, l := range h.lengths {
		p.lengths = append(p.lengths, math.Exp(l))
	}
	predicted, measured := make([]float64, n), make([]float64, n)
	for i, w := range e.weights {
		p.weights = append(p.weights, deviation*math.Exp(2*h.signal)*w)
		// Predicted from all other children (Rasmussen and Williams, equation 5.12).
		measured[i] = samples[i].Accuracy
		predicted[i] = measured[i] - deviation*w/e.inverse[i*n+i]
	}
	p.CrossValidated = quality(predicted, measured)
	p.Unseen = p.Test(samples[n:])
	return p, nil
}

// hyper is the logarithms of the hyperparameters, in standard deviations of the targets.
type hyper struct {
	lengths       []float64
	signal, noise float64 // standard deviations
}

// The prior of a length: about 4, which is four times the distance from the middle choice to
// either end, within a factor of seven. An input matters little unless the data show that it
// does.
const (
	usualLength  = 1.4 // its logarithm
	lengthSpread = 2.0
)

// rounds of the search for the most likely hyperparameters.
const rounds = 80

// mostLikely maximises the evidence by resilient propagation: each parameter has its own step
// size, which grows while the slope keeps its sign (Riedmiller and Braun, 1993).
func mostLikely(x [][]float64, y []float64) hyper {
	d := len(x[0])
	at := hyper{make([]float64, d), 0, math.Log(0.3)}
	for i := range at.lengths {
		at.lengths[i] = usualLength
	}
	best, most := at, math.Inf(-1)
	steps, slopes := make([]float64, d+2), make([]float64, d+2)
	for i := range steps {
		steps[i] = 0.2
	}
	for range rounds {
		e := newEvidence(x, y, at)
		if e.log > most {
			best, most = at, e.log
		}
		next := hyper{append([]float64(nil), at.lengths...), at.signal, at.noise}
		for i, g := range e.slopes(x, at) {
			switch {
			case g*slopes[i] > 0:
				steps[i] = min(1.2*steps[i], 1)
			case g*slopes[i] < 0:
				steps[i], g = max(0.5*steps[i], 1e-3), 0
			}
			slopes[i] = g
			by := 0.0
			if g != 0 {
				by = math.Copysign(steps[i], g)
			}
			switch i {
			case d:
				next.signal = clamp(next.signal+by, -2, 3)
			case d + 1:
				next.noise = clamp(next.noise+by, -6, 1)
			default:
				next.lengths[i] = clamp(next.lengths[i]+by, -2, 6)
			}
		}
		at = next
	}
	return best
}

func clamp(v, lo, hi float64) float64 { return min(max(v, lo), hi) }
