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

// Model predicts the BN statistics of any child of a space from its
// architecture and the shared weights, so that a page that holds no training
// image can still run every child on statistics that are right for it.
//
// Means pass through linear layers exactly: the mean of what a 1x1 convolution
// computes is its matrix times the mean of what it reads, and the mean of what a
// batch normalisation puts out is its shift. So the means of the residual stream,
// and of every expansion and of the head, follow from the weights. Only what
// nonlinearities and borders do to a mean, and the variances, are fitted: linear
// functions of features of the architecture, by ridge regression on children
// calibrated on training images.
type Model struct {
	// Net is the weights that the statistics are of; they must not change.
	Net *supernet.Weights
	// Layers are the BN layers of the biggest child, in network order.
	Layers []Layer

	once       sync.Once // guards what Predict lays out
	predictors []layerPredictor
	at         map[supernet.BNPlace]int  // index in Layers
	first      *kernel.Matrix            // of what the first block reads
	onceMu     sync.Mutex                // guards what follows, computed when it is first asked for
	taps       map[int][]float32         // tapMeans of what every child reads alike, by block, kernel and size
	composed   map[[2]int]*kernel.Matrix // projected, by layer and mid
}

// Layer holds the coefficients of one BN layer, row-major. What a layer
// of that kind does not need is nil.
type Layer struct {
	Channels, Features int
	LogVariance        []float32 // [Channels][VarianceFeatures]
	VarianceFeatures   int
	// Mean [Channels][Features] is, of the stem, the mean, and of a depthwise
	// convolution what its mean differs by from its taps on a constant image.
	Mean []float32
	// Read is the mean of what is read: of a projection [Mid][ReadFeatures] after
	// squeeze-and-excitation; of a depthwise convolution after an expansion the
	// constant [Mid][1]; of the stem what follows it, [Channels][Features].
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

// depthwise is the place of the depthwise convolution before a projection: its
// features say what the projection reads.
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

// Channels returns, for every layer of m and every one of its Coefficients, how
// many of the channels a child has: 0 where it does not have the layer.
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
// Predict, with which it must not run at the same time: the next one reads them again.
func (m *Model) Invalidate() {
	m.once = sync.Once{}
	m.taps, m.composed = nil, nil
}

// ReleaseCoefficients frees the coefficients that Predict has laid out for the
// kernels. The model cannot be written to a file any more.
func (m *Model) ReleaseCoefficients() {
	m.once.Do(m.prepare)
	for i := range m.Layers {
		m.Layers[i].LogVariance, m.Layers[i].Mean = nil, nil
	}
}
