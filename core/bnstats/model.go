// Package bnstats predicts the batch-normalisation statistics of any child of a
// supernet from its architecture and the shared weights. Fit makes a Model from
// children calibrated on training images, Predict needs none.
package bnstats

import (
	"sync"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Model predicts the BN statistics of any child of a space from its architecture and the
// shared weights, so that the page, which has no training images, can run all children with
// statistics of their own.
//
// Means pass through linear layers exactly: the mean of the output of a 1x1 convolution is
// its matrix times the mean of its input, and the mean after a batch normalisation is its
// shift. So the means of the residual stream, of the expansions and of the head follow from
// the weights. The effects of nonlinearities and borders on a mean, and the variances, are
// linear functions of features of the architecture, fitted by ridge regression on children
// calibrated on training images.
type Model struct {
	// Net is the weights that the statistics belong to. They must not change.
	Net *supernet.Weights
	// Layers are the BN layers of the biggest child, in network order. A model without
	// layers predicts nothing, and has the statistics of Own alone.
	Layers []Layer
	// Own are the statistics of children that have been calibrated, by their texts: Predict
	// returns these. Where a training had few images, they are far better.
	Own map[string]*supernet.Statistics

	once       sync.Once // guards the fields up to first
	predictors []layerPredictor
	at         map[supernet.BNPlace]int  // index in Layers
	first      *kernel.Matrix            // of the means of the first block's input
	onceMu     sync.Mutex                // guards taps and composed, which are filled on demand
	taps       map[int][]float32         // tapMeans of inputs that are the same for all children, by block, kernel and size
	composed   map[[2]int]*kernel.Matrix // projected, by layer and mid
}

// Layer holds the coefficients of one BN layer, row-major. Those that a layer of its kind
// does not have are nil.
type Layer struct {
	Channels, Features int
	LogVariance        []float32 // [Channels][VarianceFeatures]
	VarianceFeatures   int
	// Mean [Channels][Features] is, for the stem, the mean and, for a depthwise
	// convolution, the difference between its mean and what its taps make of a constant
	// image.
	Mean []float32
	// Read is the mean of the input: of a projection, after squeeze-and-excitation,
	// [Mid][ReadFeatures]; of a depthwise convolution after an expansion, a constant,
	// [Mid][1]; and for the stem that of the next layer, [Channels][Features].
	Read         []float32
	ReadFeatures int
}

// smallestVariance keeps the logarithm finite for a channel that never fires.
const smallestVariance = 1e-8

// NewModel allocates a model of w with zero coefficients.
func NewModel(w *supernet.Weights) *Model {
	m := &Model{Net: w}
	biggest := w.Space.Max()
	features := func(p supernet.BNPlace) int { return len(appendFeatures(nil, biggest, p)) }
	before := 0 // channels of the layer before
	for _, p := range supernet.BNLayers(biggest) {
		l := Layer{Channels: p.Channels, Features: features(p.BNPlace), VarianceFeatures: len(appendVariance(nil, biggest, p.BNPlace))}
		l.LogVariance = make([]float32, l.Channels*l.VarianceFeatures)
		read := 0
		switch {
		case p.Stage < 0:
			l.ReadFeatures, read = l.Features, l.Channels
		case p.Kind == supernet.DepthwiseBN:
			if w.Blocks[p.Stage][p.Index].Size.Expand {
				l.ReadFeatures, read = 1, l.Channels
			}
		case p.Kind == supernet.ProjectBN:
			l.ReadFeatures, read = features(depthwise(p.BNPlace)), before
		}
		if p.Stage < 0 || p.Kind == supernet.DepthwiseBN {
			l.Mean = make([]float32, l.Channels*l.Features)
		}
		l.Read = make([]float32, read*l.ReadFeatures)
		m.Layers = append(m.Layers, l)
		before = p.Channels
	}
	return m
}

// depthwise returns the place of the depthwise convolution before a projection, whose
// features are those of the projection's input.
func depthwise(p supernet.BNPlace) supernet.BNPlace {
	p.Kind = supernet.DepthwiseBN
	return p
}

// Coefficients is one table of a layer's coefficients, [Channels][Features].
type Coefficients struct {
	Name               string
	Channels, Features int
	Data               *[]float32
}

// Coefficients lists the tables that the layer has.
func (l *Layer) Coefficients() []Coefficients {
	all := []Coefficients{{"log_variance", l.Channels, l.VarianceFeatures, &l.LogVariance}}
	if len(l.Mean) > 0 {
		all = append(all, Coefficients{"mean", l.Channels, l.Features, &l.Mean})
	}
	if len(l.Read) > 0 {
		all = append(all, Coefficients{"read", len(l.Read) / l.ReadFeatures, l.ReadFeatures, &l.Read})
	}
	return all
}

// Channels returns, for each layer of m and each of its Coefficients, the number of channels
// that a child has: 0 where it does not have the layer.
func (m *Model) Channels(a arch.Arch) [][]int {
	of := map[supernet.BNPlace]int{}
	for _, p := range supernet.BNLayers(a) {
		of[p.BNPlace] = p.Channels
	}
	var list [][]int
	for i, p := range supernet.BNLayers(m.Net.Space.Max()) {
		own, read := of[p.BNPlace], of[p.BNPlace]
		if p.Kind == supernet.ProjectBN {
			read = of[depthwise(p.BNPlace)]
		}
		var counts []int
		for _, c := range m.Layers[i].Coefficients() {
			if c.Name == "read" {
				counts = append(counts, read)
			} else {
				counts = append(counts, own)
			}
		}
		list = append(list, counts)
	}
	return list
}

// Invalidate must be called when coefficients or weights have changed since the last
// Predict, and not concurrently with it. The next Predict reads them again.
func (m *Model) Invalidate() {
	m.once = sync.Once{}
	m.taps, m.composed = nil, nil
}

// ReleaseCoefficients frees the coefficients that Predict has laid out for the
// kernels. The model cannot be written to a file any more.
func (m *Model) ReleaseCoefficients() {
	if len(m.Layers) == 0 {
		return
	}
	m.once.Do(m.prepare)
	for i := range m.Layers {
		m.Layers[i].LogVariance, m.Layers[i].Mean = nil, nil
	}
}
