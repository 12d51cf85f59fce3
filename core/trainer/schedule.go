package trainer

import (
	"fmt"
	"math"
)

// Schedule gives the learning rate of every step: a linear warm-up, then
// exponential decay or a half cosine, and a constant ending once the rate has
// come down to EndFraction of its peak (section 3.3, "exponentially decaying
// with constant ending"). A trapezoid stays at the peak until the last DecayEpochs
// and then falls linearly to the ending, so that a run can be prolonged, or
// finished early, from any checkpoint before the fall (arXiv 2405.18392).
type Schedule struct {
	Kind        string  // "exponential", "cosine", "trapezoid" or "constant"
	Peak        float64 // learning rate after the warm-up
	Warmup      float64 // epochs
	DecayRate   float64 // exponential: factor every DecayEpochs
	DecayEpochs float64 // trapezoid: length of the fall
	Epochs      float64 // cosine and trapezoid: where it reaches the ending
	EndFraction float64 // of the peak
}

// Check reports a field that makes no sense.
func (s Schedule) Check() error {
	switch s.Kind {
	case "exponential":
		if s.DecayRate <= 0 || s.DecayRate > 1 || s.DecayEpochs <= 0 {
			return fmt.Errorf("trainer: exponential schedule: decay_rate is %g, want above 0 and at most 1; decay_epochs is %g, want above 0", s.DecayRate, s.DecayEpochs)
		}
	case "cosine":
		if s.Epochs <= s.Warmup {
			return fmt.Errorf("trainer: cosine schedule: epochs is %g, want more than the warm-up of %g", s.Epochs, s.Warmup)
		}
	case "trapezoid":
		if s.DecayEpochs <= 0 || s.DecayEpochs > s.Epochs-s.Warmup {
			return fmt.Errorf("trainer: trapezoid schedule: decay_epochs is %g, want above 0 and at most %g, the epochs after the warm-up", s.DecayEpochs, s.Epochs-s.Warmup)
		}
	case "constant":
	default:
		return fmt.Errorf("trainer: schedule is %q; want exponential, cosine, trapezoid or constant", s.Kind)
	}
	return nil
}

// Rate is the learning rate at a time in epochs, fractions included.
func (s Schedule) Rate(epoch float64) float64 {
	if epoch < s.Warmup {
		return s.Peak * epoch / s.Warmup
	}
	f := 1.0
	switch s.Kind {
	case "exponential":
		f = math.Pow(s.DecayRate, math.Floor((epoch-s.Warmup)/s.DecayEpochs))
	case "cosine":
		t := min(1, (epoch-s.Warmup)/(s.Epochs-s.Warmup))
		f = (1 + math.Cos(math.Pi*t)) / 2
	case "trapezoid":
		f = min(1, max(0, (s.Epochs-epoch)/s.DecayEpochs))
	}
	return s.Peak * max(f, s.EndFraction)
}
