// Package unknown fits and evaluates the confidence model of a weights file (core/confidence). A class "none of these"
// beside those of the classifier is learnt from images of other classes and from drawn ones (outlier exposure,
// Hendrycks et al., arXiv 1812.04606); thresholds and temperatures come from held-out images of known classes.
package unknown

import (
	"math"
	"math/rand/v2"
	"slices"

	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/train/dataset"
	"bignas/train/measure"
)

// Images is a set of images that are made or read one at a time.
type Images struct {
	Name   string
	Labels []int // nil for images of unknown classes
	N      int
	At     func(i int) *preprocess.Image
}

// Of returns the images of a subset.
func Of(name string, s dataset.Subset) Images {
	m := Images{Name: name, N: s.Len(), At: func(i int) *preprocess.Image {
		return &preprocess.Image{W: s.Side(), H: s.Side(), Pix: s.Image(i)}
	}}
	for i := range s.Len() {
		m.Labels = append(m.Labels, s.Label(i))
	}
	return m
}

// Shrunk returns the images resized to that side. Enlarged again for a child, they are blurred.
func (m Images) Shrunk(side int) Images {
	at := m.At
	m.At = func(i int) *preprocess.Image {
		plain := preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom}
		x := make([]float32, 3*side*side)
		plain.Apply(x, at(i), side)
		return render(side, func(k int) float64 { return float64(x[k]) })
	}
	return m
}

// render returns an image of that side with values, 0 to 1, by index into its Pix.
func render(side int, value func(k int) float64) *preprocess.Image {
	im := &preprocess.Image{W: side, H: side, Pix: make([]uint8, 3*side*side)}
	for k := range im.Pix {
		im.Pix[k] = uint8(math.Round(255 * min(max(value(k), 0), 1)))
	}
	return im
}

// made is the side of drawn images.
const made = 128

func drawn(name string, n int, seed uint64, value func(r *rand.Rand, i int) func(k int) float64) Images {
	return Images{Name: name, N: n, At: func(i int) *preprocess.Image {
		return render(made, value(rand.New(rand.NewPCG(seed, uint64(i))), i))
	}}
}

// Noise returns images of squares of 1 to 32 pixels with random colours or greys.
func Noise(n int, seed uint64) Images {
	return drawn("noise", n, seed, func(r *rand.Rand, i int) func(int) float64 {
		cell, grey := 1<<(i%6), i%12 >= 6
		across := made / cell
		values := make([]float64, 3*across*across)
		for k := range values {
			if values[k] = r.Float64(); grey && k%3 > 0 {
				values[k] = values[k-1]
			}
		}
		return func(k int) float64 {
			x, y := k/3%made/cell, k/3/made/cell
			return values[3*(y*across+x)+k%3]
		}
	})
}

// Colours returns images of one random colour.
func Colours(n int, seed uint64) Images {
	return drawn("plain colours", n, seed, func(r *rand.Rand, _ int) func(int) float64 {
		colour := [3]float64{r.Float64(), r.Float64(), r.Float64()}
		return func(k int) float64 { return colour[k%3] }
	})
}

// Stripes returns images of waves between two colours in any direction, from gradients to thin lines. Nothing is fitted
// on them.
func Stripes(n int, seed uint64) Images {
	return drawn("stripes", n, seed, func(r *rand.Rand, _ int) func(int) float64 {
		var a, b [3]float64
		for c := range 3 {
			a[c], b[c] = r.Float64(), r.Float64()
		}
		angle, waves := 2*math.Pi*r.Float64(), math.Exp(4*r.Float64()-1)
		dx, dy := waves*math.Cos(angle)/made, waves*math.Sin(angle)/made
		return func(k int) float64 {
			x, y := float64(k/3%made), float64(k/3/made)
			t := 0.5 + 0.5*math.Sin(2*math.Pi*(x*dx+y*dy))
			return a[k%3]*t + b[k%3]*(1-t)
		}
	})
}

// Outputs is the outputs of a child for images: logits [Classes] and the head's activations, averaged over all pixels,
// [Head].
type Outputs struct {
	Logits, Pooled [][]float32
	Labels         []int
}

// batch is the number of images that run at once.
const batch = 32

// Run runs the child on the images.
func Run(c *supernet.Child, spec preprocess.Spec, m Images) (*Outputs, error) {
	s := &Outputs{Labels: m.Labels}
	r := c.Arch.Resolution
	for _, x := range measure.Inputs(m.N, r, batch, func(dst []float32, i int) { spec.Apply(dst, m.At(i), r) }) {
		n := len(x) / (3 * r * r)
		logits, err := c.Forward(x, n, nil)
		if err != nil {
			return nil, err
		}
		pooled := slices.Clone(c.Pooled())
		for i := range n {
			s.Logits = append(s.Logits, logits[i*c.Classes:(i+1)*c.Classes])
			s.Pooled = append(s.Pooled, pooled[i*c.Arch.Head:(i+1)*c.Arch.Head])
		}
	}
	return s, nil
}

// add appends other outputs.
func (s *Outputs) add(o *Outputs) {
	s.Logits, s.Pooled, s.Labels = append(s.Logits, o.Logits...), append(s.Pooled, o.Pooled...), append(s.Labels, o.Labels...)
}
