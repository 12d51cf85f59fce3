package preprocess

import (
	"math"
	"slices"
)

// The limits of Spec.Through, pixels on a side.
const LeastThrough, mostThrough = 16, 1024

// through writes the input of resolution x resolution from the n x n square: it is resized to
// Through x Through, normalised, and interpolated from there.
func (s Spec) through(dst, square []float32, n, resolution int) {
	t := s.Through
	between := make([]float32, 3*t*t)
	s.Through = 0
	s.filter(between, square, n, t)
	if t == resolution {
		copy(dst, between)
		return
	}
	interpolator(t, resolution).Resize(dst, between, 1, 3)
}

// interpolation is cubic interpolation in place of a filter.
const interpolation = "interpolation"

// interpolator is NewResampler with interpolation in place of the filter.
func interpolator(from, to int) *Resampler { return newResampler(resampling{from, to, interpolation}) }

// interpolate plans cubic interpolation with a = -0.75 between the four nearest
// samples, also where the output is smaller. Samples beyond the border repeat it. This is
// interpolate(mode="bicubic", align_corners=False) of torch. There are at least four samples.
func (a *Axis) interpolate(from, to int) {
	const taps = 4
	a.From, a.To, a.Taps = from, to, taps
	a.Start = slices.Grow(a.Start[:0], to)[:to]
	a.Weights = make([]float32, to*taps)
	for i := range to {
		at := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		nearest := int(math.Floor(at))
		a.Start[i] = min(max(nearest-1, 0), from-taps)
		for sample := nearest - 1; sample <= nearest+2; sample++ {
			inside := min(max(sample, 0), from-1)
			a.Weights[i*taps+inside-a.Start[i]] += float32(sharpCubic(at - float64(sample)))
		}
	}
}

// sharpCubic is the cubic with a = -0.75; it is 0 from 2 on.
func sharpCubic(x float64) float64 {
	const a = -0.75
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}
