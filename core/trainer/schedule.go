package trainer

import (
	"fmt"
	"math"
)

// Schedule is the learning rate over time: a linear warm-up, then
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

// Check reports the first field that the schedule cannot work with, by its key in a
// configuration.
func (s Schedule) Check() error {
	switch s.Kind {
	case "exponential":
		if s.DecayRate <= 0 || s.DecayRate > 1 || s.DecayEpochs <= 0 {
			return fmt.Errorf("decay_rate is %v and decay_epochs %v, allowed for the exponential schedule are above 0, and at most 1 for decay_rate", s.DecayRate, s.DecayEpochs)
		}
	case "cosine":
		if s.Warmup >= s.Epochs {
			return fmt.Errorf("warmup_epochs is %v, allowed is less than epochs, %v, for the cosine schedule", s.Warmup, s.Epochs)
		}
	case "trapezoid":
		if most := s.Epochs - s.Warmup; s.DecayEpochs <= 0 || s.DecayEpochs > most {
			return fmt.Errorf("decay_epochs is %v, allowed is above 0 and at most %v, the epochs after warmup_epochs, for the trapezoid schedule", s.DecayEpochs, most)
		}
	case "constant":
	default:
		return fmt.Errorf("schedule is %q, allowed are exponential, cosine, trapezoid and constant", s.Kind)
	}
	return nil
}

// Rate returns the learning rate at a time in epochs, which may be a fraction.
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
