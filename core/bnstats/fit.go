package bnstats

import (
	"fmt"
	"math"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// Calibrated is a child with its calibrated statistics and the means of its activations.
type Calibrated struct {
	Arch        arch.Arch
	Statistics  *supernet.Statistics
	Activations *Activations
}

// Activations are the means, over images and pixels, of the inputs of layers of one child,
// which Fit needs besides the statistics.
type Activations struct {
	First    []float32   // the first block, [Stem]
	Expanded [][]float32 // the depthwise convolution of each block, [Mid]
	Gated    [][]float32 // its projection, [Mid]
}

// Fit fits a model of w to calibrated children. A few hundred drawn uniformly, with the
// smallest and the biggest among them, are enough.
func Fit(w *supernet.Weights, children []Calibrated) (*Model, error) {
	m := NewModel(w)
	for li, p := range supernet.BNLayers(w.Space.Max()) {
		if err := m.fit(li, p.BNPlace, children); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// fit fits one layer.
func (m *Model) fit(li int, p supernet.BNPlace, children []Calibrated) error {
	l := &m.Layers[li]
	var rows, varianceRows, readRows [][]float64
	var variances, means, reads [][]float32
	for _, c := range children {
		for i, q := range supernet.BNLayers(c.Arch) {
			if q.BNPlace != p {
				continue
			}
			row := appendVariance(nil, c.Arch, q.BNPlace)
			rows, varianceRows = append(rows, row[:l.Features]), append(varianceRows, row)
			logs := make([]float32, q.Channels)
			for j, v := range c.Statistics.Variance[i] {
				logs[j] = float32(math.Log(float64(v) + smallestVariance))
			}
			variances, means = append(variances, logs), append(means, c.Statistics.Mean[i])
			switch block := q.Block; {
			case p.Stage < 0:
				reads, readRows = append(reads, c.Activations.First), rows
			case block < 0:
			case p.Kind == supernet.DepthwiseBN && l.ReadFeatures > 0:
				reads, readRows = append(reads, c.Activations.Expanded[block]), append(readRows, []float64{1})
			case p.Kind == supernet.ProjectBN:
				reads, readRows = append(reads, c.Activations.Gated[block]), append(readRows, appendFeatures(nil, c.Arch, depthwise(q.BNPlace)))
			}
		}
	}
	missing := fitShared(l.LogVariance, varianceRows, variances, l.Channels)
	if l.ReadFeatures > 0 && missing < 0 {
		missing = fitRidge(l.Read, readRows, reads, len(l.Read)/l.ReadFeatures)
	}
	if l.Mean != nil && missing < 0 {
		if p.Kind == supernet.DepthwiseBN {
			means = m.beyondTaps(l, p, children, means)
		}
		missing = fitRidge(l.Mean, rows, means, l.Channels)
	}
	if missing >= 0 {
		return fmt.Errorf("bnstats: no calibrated child has channel %d of BN layer %d; calibrate the biggest too", missing, li)
	}
	return nil
}

// beyondTaps returns the differences between the means of a depthwise convolution and what
// its taps make of the mean of its input.
func (m *Model) beyondTaps(l *Layer, p supernet.BNPlace, children []Calibrated, means [][]float32) [][]float32 {
	var out [][]float32
	for _, c := range children {
		for _, q := range supernet.BNLayers(c.Arch) {
			if q.BNPlace != p {
				continue
			}
			b := c.Arch.Network().Blocks[q.Block]
			read := l.Read // one coefficient a channel: the constant
			if !b.Expand {
				read = streamMeans(m.Net, c.Arch, c.Activations.First)[q.Block]
			}
			rest := make([]float32, b.Mid)
			tapMeans(m.Net.Blocks[b.Stage][b.Index], rest, read[:b.Mid], b)
			for j, v := range means[len(out)] {
				rest[j] = v - rest[j]
			}
			out = append(out, rest)
		}
	}
	return out
}
