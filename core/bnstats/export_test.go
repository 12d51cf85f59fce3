package bnstats

import (
	"bignas/core/arch"
	"bignas/core/supernet"
)

// What the tests of package bnstats_test reach of the inside: they calibrate with
// core/trainer, which imports this package.

// LinearMeans returns, for every BN layer of a after a 1x1 convolution, the mean of
// its input as it follows from those of activations; nil for the other layers.
func LinearMeans(w *supernet.Weights, a arch.Arch, act *Activations) [][]float32 {
	stream, blocks := streamMeans(w, a, act.First), a.Network().Blocks
	var means [][]float32
	for _, q := range supernet.BNLayers(a) {
		at := q.Block
		got := make([]float32, q.Channels)
		switch {
		case q.Stage == len(a.Stages):
			w.BeforePool().Weight.Times(got, stream[len(blocks)])
		case at < 0 || q.Kind == supernet.DepthwiseBN:
			got = nil
		case q.Kind == supernet.ExpandBN:
			w.Blocks[q.Stage][q.Index].Expand.Weight.Times(got, stream[at])
		case q.Kind == supernet.ProjectBN:
			w.Blocks[q.Stage][q.Index].Project.Weight.Times(got, act.Gated[at])
		}
		means = append(means, got)
	}
	return means
}

// TapMeans is tapMeans.
func TapMeans(p *supernet.BlockOf[float32], y, read []float32, b arch.Block) { tapMeans(p, y, read, b) }
