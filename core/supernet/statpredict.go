package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// layerPredictor is one BN layer of a model, laid out for the kernels: the
// coefficients as matrices [features][channels], nil where there are none.
type layerPredictor struct{ mean, logVariance, read *kernel.Matrix }

// prepare lays the coefficients out, once.
func (m *StatisticsModel) prepare() {
	m.at = map[bnPlace]int{}
	for i, p := range places(m.Net.Space.Max()) {
		l := m.Layers[i]
		m.predictors = append(m.predictors, layerPredictor{transposed(l.Mean, l.Features), transposed(l.LogVariance, l.Features), transposed(l.Read, l.ReadFeatures)})
		p.channels = 0
		m.at[p] = i
	}
}

// transposed lays w [channels][features] out as [features][channels].
func transposed(w []float32, features int) *kernel.Matrix {
	if len(w) == 0 {
		return nil
	}
	channels := len(w) / features
	t := make([]float32, len(w))
	for c := range channels {
		for j, v := range w[c*features : (c+1)*features] {
			t[j*channels+c] = v
		}
	}
	return kernel.NewMatrix(t, features, channels)
}

// Predict returns the statistics of a, which must be valid in the model's space.
// When coefficients or weights change after the first call, Changed must be called.
func (m *StatisticsModel) Predict(a arch.Arch) (*Statistics, error) {
	if a.Space != m.Net.Space {
		return nil, fmt.Errorf("supernet: the architecture is of space %s, the statistics model of %s", a.Space.Name, m.Net.Space.Name)
	}
	if err := a.Space.Validate(a); err != nil {
		return nil, err
	}
	m.once.Do(m.prepare)
	ps := places(a)
	st := newStatistics(ps)
	reads := make([][]float32, len(ps))
	t := kernel.Threads()
	kernel.Parallel(t, func(lo, hi int) {
		for part := lo; part < hi; part++ { // later layers are wider: everybody takes one in turn
			for i := part; i < len(ps); i += t {
				reads[i] = m.evaluate(st, a, ps, i)
			}
		}
	})
	blocks := a.Network().Blocks
	stream := m.Net.stream(a, reads[0])
	kernel.Parallel(t, func(lo, hi int) {
		for part := lo; part < hi; part++ {
			for i := part; i < len(blocks); i += t {
				m.means(st, ps, blocks[i], stream[i], reads)
			}
		}
	})
	m.Net.Head.Weight.times(st.Mean[len(ps)-1], stream[len(blocks)])
	return st, nil
}

// evaluate computes what of layer i is a function of the architecture alone, and
// returns what the layer reads.
func (m *StatisticsModel) evaluate(st *Statistics, a arch.Arch, ps []bnPlace, i int) (read []float32) {
	p := ps[i]
	p.channels = 0
	l := m.predictors[m.at[p]]
	x := vector(a, p)
	if l.mean != nil {
		l.mean.Times(st.Mean[i], x)
	}
	l.logVariance.Times(st.Variance[i], x)
	kernel.Exp(st.Variance[i], st.Variance[i])
	switch {
	case l.read == nil:
		return nil
	case p.stage < 0:
		read = make([]float32, ps[i].channels)
	case p.kind == depthwiseBN:
		return m.Layers[m.at[p]].Read
	default:
		read, x = make([]float32, ps[i-1].channels), vector(a, p.reads())
	}
	l.read.Times(read, x)
	return read
}

// vector is the features as the kernels take them.
func vector(a arch.Arch, p bnPlace) []float32 {
	f := appendFeatures(make([]float64, 0, 64), a, p)
	x := make([]float32, len(f))
	for i, v := range f {
		x[i] = float32(v)
	}
	return x
}

// means completes the means of a block's layers; in is the mean of what it reads.
func (m *StatisticsModel) means(st *Statistics, ps []bnPlace, b arch.Block, in []float32, reads [][]float32) {
	p := m.Net.Blocks[b.Stage][b.Index]
	for i, q := range ps {
		if q.stage != b.Stage || q.index != b.Index {
			continue
		}
		switch q.kind {
		case expandBN:
			p.Expand.Weight.times(st.Mean[i], in)
		case depthwiseBN:
			var taps []float32
			if b.Expand {
				taps = m.constantTaps(p, b, reads[i])
			} else { // what it reads is the child's own
				taps = make([]float32, b.Mid)
				p.tapMeans(taps, in, b)
			}
			for c, v := range taps[:b.Mid] {
				st.Mean[i][c] += v
			}
		case projectBN:
			p.Project.Weight.times(st.Mean[i], reads[i])
		}
	}
}

// constantTaps is tapMeans of all channels of a block, computed once for each
// kernel and size.
func (m *StatisticsModel) constantTaps(p *BlockOf[float32], b arch.Block, read []float32) []float32 {
	m.tapsMu.Lock()
	defer m.tapsMu.Unlock()
	key := (b.Stage*64+b.Index)*16 + b.Kernel
	key = key*4096 + b.Size
	y := m.taps[key]
	if y == nil {
		y = make([]float32, len(read))
		p.tapMeans(y, read, b)
		if m.taps == nil {
			m.taps = map[int][]float32{}
		}
		m.taps[key] = y
	}
	return y
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
