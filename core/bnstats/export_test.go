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
	for _, q := range places(a) {
		at := blockOf(a, q)
		got := make([]float32, q.channels)
		switch {
		case q.stage == len(a.Stages):
			w.Head.Weight.Times(got, stream[len(blocks)])
		case at < 0 || q.kind == depthwiseBN:
			got = nil
		case q.kind == expandBN:
			w.Blocks[q.stage][q.index].Expand.Weight.Times(got, stream[at])
		case q.kind == projectBN:
			w.Blocks[q.stage][q.index].Project.Weight.Times(got, act.Gated[at])
		}
		means = append(means, got)
	}
	return means
}

// TapMeans is tapMeans.
func TapMeans(p *supernet.BlockOf[float32], y, read []float32, b arch.Block) { tapMeans(p, y, read, b) }
