package bnstats

import "bignas/core/supernet"

// For is the model for weights that differ from those of m in the classifier alone
// (supernet.WeightsOf.WithClassifier), which no statistics depend on. The two share what
// Predict reads, so that the coefficients of neither may change any more.
func (m *Model) For(w *supernet.Weights) *Model {
	if len(m.Layers) == 0 {
		return &Model{Net: w, Own: m.Own}
	}
	m.once.Do(m.prepare)
	out := &Model{Net: w, Layers: append([]Layer(nil), m.Layers...), Own: m.Own, predictors: m.predictors, at: m.at, first: m.first}
	out.once.Do(func() {}) // it is prepared
	return out
}
