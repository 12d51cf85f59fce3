package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// layerPredictor is one BN layer of a model, laid out for the kernels: the
// coefficients as matrices [features][channels].
type layerPredictor struct{ mean, logVariance *kernel.Matrix }

// prepare lays the coefficients out, once.
func (m *StatisticsModel) prepare() {
	m.at = map[bnPlace]int{}
	for i, p := range places(m.Space.Max()) {
		l := m.Layers[i]
		transposed := func(w []float32) *kernel.Matrix {
			t := make([]float32, len(w))
			for c := range l.Channels {
				for j, v := range w[c*l.Features : (c+1)*l.Features] {
					t[j*l.Channels+c] = v
				}
			}
			return kernel.NewMatrix(t, l.Features, l.Channels)
		}
		m.predictors = append(m.predictors, layerPredictor{transposed(l.Mean), transposed(l.LogVariance)})
		p.channels = 0
		m.at[p] = i
	}
}

// Predict returns the statistics of a, which must be valid in the model's space.
// When the coefficients change after the first call, Changed must be called.
func (m *StatisticsModel) Predict(a arch.Arch) (*Statistics, error) {
	if a.Space != m.Space {
		return nil, fmt.Errorf("supernet: the architecture is of space %s, the statistics model of %s", a.Space.Name, m.Space.Name)
	}
	if err := m.Space.Validate(a); err != nil {
		return nil, err
	}
	m.once.Do(m.prepare)
	ps := places(a)
	st := newStatistics(ps)
	t := kernel.Threads()
	kernel.Parallel(t, func(lo, hi int) {
		for part := lo; part < hi; part++ { // later layers are wider: everybody takes one in turn
			m.predict(st, a, ps, part, t)
		}
	})
	return st, nil
}

// predict does layers first, first+step and so on.
func (m *StatisticsModel) predict(st *Statistics, a arch.Arch, ps []bnPlace, first, step int) {
	var f []float64
	x := make([]float32, 0, 64)
	for i := first; i < len(ps); i += step {
		p := ps[i]
		p.channels = 0
		l := m.predictors[m.at[p]]
		f = appendFeatures(f[:0], a, p)
		x = x[:0]
		for _, v := range f {
			x = append(x, float32(v))
		}
		l.mean.Times(st.Mean[i], x)
		l.logVariance.Times(st.Variance[i], x)
		kernel.Exp(st.Variance[i], st.Variance[i])
	}
}

// newStatistics allocates statistics for the BN layers, all in one piece.
func newStatistics(ps []bnPlace) *Statistics {
	total := 0
	for _, p := range ps {
		total += p.channels
	}
	all := make([]float32, 2*total)
	st := &Statistics{Mean: make([][]float32, len(ps)), Variance: make([][]float32, len(ps))}
	for i, p := range ps {
		n := p.channels
		st.Mean[i], st.Variance[i], all = all[:n:n], all[n:2*n:2*n], all[2*n:]
	}
	return st
}
