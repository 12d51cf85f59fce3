package bnstats

import "bignas/core/supernet"

// For is the model for weights that differ from those of m in the classifier alone
// (supernet.WeightsOf.WithClassifier), which no statistics depend on.
func (m *Model) For(w *supernet.Weights) *Model {
	return &Model{Net: w, Layers: append([]Layer(nil), m.Layers...)}
}
