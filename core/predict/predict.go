// Package predict estimates the accuracy of a child from its architecture, by Gaussian process
// regression on measured children. An estimate takes microseconds, so that a search can ask
// for thousands. It is never shown without its error.
package predict

import (
	"fmt"
	"math"

	"bignas/core/arch"
	"bignas/core/cost"
)

// Sample is a measured child. Its accuracy is a share of images, 0 to 1.
type Sample struct {
	Arch     arch.Arch
	Accuracy float64
}

// Quality is how well predictions agree with measurements of children that were
// not fitted. Errors are differences of shares, 0.01 is one point.
type Quality struct {
	Children  int     `json:"children"`
	Spearman  float64 `json:"spearman"` // rank correlation, 1 is the same order
	MeanError float64 `json:"meanError"`
	Worst     float64 `json:"worstError"`
}

// Source describes what the samples were measured on.
type Source struct {
	Digest  string `json:"digest"`  // of the weights, "sha256:..."
	N       int    `json:"n"`       // images that each child was measured on
	Images  int    `json:"images"`  // training images for its BN statistics
	Split   string `json:"split"`   // which images those N are, in words
	Classes int    `json:"classes"` // of the data
}

// Predictor is the mean of a Gaussian process over the choices of an architecture and the
// logarithms of its MACs and parameters (Rasmussen and Williams, Gaussian Processes for
// Machine Learning, 2006, section 2.2): children that are similar in the inputs that matter
// have similar accuracies. Which inputs matter, and how noisy a measurement is, is learnt from
// the measurements.
type Predictor struct {
	Space  *arch.Space
	Source Source
	// Fitted is the children that it was fitted on, none of which is in Unseen.
	Fitted         []arch.Arch
	Unseen         Quality // on children outside the fit
	CrossValidated Quality // on each fitted child, predicted from the others
	// Noise is the standard deviation of a measurement that no architecture explains.
	Noise float64

	mean    float64   // of the accuracy
	lengths []float64 // of each input, the distance within which children are similar
	weights []float64 // of each fitted child
}

// names lists the inputs of a space: all choices, kernels and expansions as the mean over a
// stage's layers, and two costs.
func names(s *arch.Space) []string {
	n := []string{"resolution", "stem", "head"}
	for _, st := range s.Stages {
		for _, c := range []struct {
			name string
			of   []int
		}{{"width", st.Widths}, {"depth", st.Depths}, {"expansion", st.Expansions}, {"kernel", st.Kernels}} {
			if len(c.of) > 1 {
				n = append(n, st.Name+" "+c.name)
			}
		}
	}
	return append(n, "log MACs", "log parameters")
}

// scale holds the logarithms of the costs of the smallest and the biggest child, by which
// costs are scaled.
type scale struct{ macs, params [2]float64 }

func newScale(s *arch.Space, classes int) scale {
	lo, hi := cost.Totals(s.Min(), classes), cost.Totals(s.Max(), classes)
	return scale{[2]float64{math.Log(float64(lo.MACs)), math.Log(float64(hi.MACs))},
		[2]float64{math.Log(float64(lo.Params)), math.Log(float64(hi.Params))}}
}

// inputs returns the values of names, each between -1, for the smallest child, and 1.
func inputs(a arch.Arch, macs, params int64, sc scale) []float64 {
	s := a.Space
	x := make([]float64, 0, 48)
	x = append(x, arch.Centred(a.Resolution, s.Resolutions), arch.Centred(a.Stem, s.Stem), arch.Centred(a.Head, s.Head))
	for i, st := range s.Stages {
		c := a.Stages[i]
		if len(st.Widths) > 1 {
			x = append(x, arch.Centred(c.Width, st.Widths))
		}
		if len(st.Depths) > 1 {
			x = append(x, arch.Centred(c.Depth, st.Depths))
		}
		if len(st.Expansions) > 1 {
			x = append(x, arch.Centred(c.MeanExpansion(), st.Expansions))
		}
		if len(st.Kernels) > 1 {
			sum := 0
			for _, k := range c.Kernels {
				sum += k
			}
			x = append(x, arch.Centred(float64(sum)/float64(len(c.Kernels)), st.Kernels))
		}
	}
	return append(x, between(math.Log(float64(macs)), sc.macs), between(math.Log(float64(params)), sc.params))
}

func between(v float64, ends [2]float64) float64 {
	if ends[0] == ends[1] {
		return 0
	}
	return 2*(v-ends[0])/(ends[1]-ends[0]) - 1
}

// Predict estimates the accuracy, 0 to 1, of a valid architecture of the space.
// Its mean error is Unseen.MeanError.
func (p *Predictor) Predict(a arch.Arch) float64 {
	c := cost.Totals(a, p.Source.Classes)
	return p.Function()(a, c.MACs, c.Params)
}

// Function returns Predict as a function of an architecture with its MACs and parameters,
// which may be called concurrently.
func (p *Predictor) Function() func(a arch.Arch, macs, params int64) float64 {
	sc := newScale(p.Space, p.Source.Classes)
	scaled := func(a arch.Arch, macs, params int64) []float64 {
		x := inputs(a, macs, params, sc)
		for i, l := range p.lengths {
			x[i] /= l
		}
		return x
	}
	var seen [][]float64
	for _, a := range p.Fitted {
		c := cost.Totals(a, p.Source.Classes)
		seen = append(seen, scaled(a, c.MACs, c.Params))
	}
	return func(a arch.Arch, macs, params int64) float64 {
		if a.Space != p.Space {
			panic("predict: the architecture is of another space")
		}
		x, sum := scaled(a, macs, params), p.mean
		for i, z := range seen {
			sum += p.weights[i] * alike(x, z)
		}
		return min(max(sum, 0), 1)
	}
}

// alike is the squared exponential kernel of inputs divided by their lengths: 1 where they are
// equal, and near 0 where they are far apart.
func alike(x, z []float64) float64 {
	d := 0.0
	for i, v := range x {
		v -= z[i]
		d += v * v
	}
	return math.Exp(-d / 2)
}

// Test compares predictions with measurements of children outside the fit.
func (p *Predictor) Test(samples []Sample) Quality {
	f := p.Function()
	predicted, measured := make([]float64, len(samples)), make([]float64, len(samples))
	for i, s := range samples {
		c := cost.Totals(s.Arch, p.Source.Classes)
		predicted[i], measured[i] = f(s.Arch, c.MACs, c.Params), s.Accuracy
	}
	return quality(predicted, measured)
}

// Onto returns p shifted to the images that these children were measured on, by the mean
// difference between the measurements and p. Sets of images differ in how hard they are, by
// more than children do; the order of children does not change. The errors are at least the
// mean error of the shifted p on these children.
func (p *Predictor) Onto(measured []Sample) *Predictor {
	if len(measured) == 0 {
		return p
	}
	by, off := 0.0, 0.0
	above, f := make([]float64, len(measured)), p.Function()
	for i, s := range measured {
		c := cost.Totals(s.Arch, p.Source.Classes)
		above[i] = s.Accuracy - f(s.Arch, c.MACs, c.Params)
		by += above[i] / float64(len(measured))
	}
	for _, d := range above {
		off += math.Abs(d-by) / float64(len(measured))
	}
	q := *p
	q.mean += by
	q.Unseen.MeanError = max(p.Unseen.MeanError, off)
	q.Unseen.Worst = max(p.Unseen.Worst, q.Unseen.MeanError)
	return &q
}

// String describes the predictor and its error in a sentence.
func (p *Predictor) String() string {
	return fmt.Sprintf("fitted on %d children; on %d unseen ones: rank correlation %.3f, mean error %.2f points, worst %.2f",
		len(p.Fitted), p.Unseen.Children, p.Unseen.Spearman, 100*p.Unseen.MeanError, 100*p.Unseen.Worst)
}
