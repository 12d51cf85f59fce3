package bnstats

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// layerPredictor is the coefficients of one BN layer, laid out for the kernels as matrices
// [features][channels]; nil where there are none.
type layerPredictor struct{ mean, logVariance *kernel.Matrix }

// prepare lays the coefficients out. After Invalidate it does so again, in the same memory.
func (m *Model) prepare() {
	m.at = map[supernet.BNPlace]int{}
	if m.predictors == nil {
		m.predictors = make([]layerPredictor, len(m.Layers))
	}
	for i, p := range supernet.BNLayers(m.Net.Space.Max()) {
		l, to := m.Layers[i], &m.predictors[i]
		transpose(&to.mean, l.Mean, l.Features)
		transpose(&to.logVariance, l.LogVariance, l.VarianceFeatures)
		m.at[p.BNPlace] = i
	}
	transpose(&m.first, m.Layers[0].Read, m.Layers[0].ReadFeatures)
}

// transpose lays w [channels][features] out as the matrix [features][channels].
func transpose(to **kernel.Matrix, w []float32, features int) {
	if len(w) == 0 {
		return
	}
	t := flipped(w, features)
	if *to != nil && (*to).LaidOut() {
		(*to).Lay(t)
		return
	}
	*to = kernel.NewMatrix(t, features, len(w)/features)
}

// flipped lays w [channels][features] out as [features][channels].
func flipped(w []float32, features int) []float32 {
	channels := len(w) / features
	t := make([]float32, len(w))
	for c := range channels {
		for j, v := range w[c*features : (c+1)*features] {
			t[j*channels+c] = v
		}
	}
	return t
}

// Predict returns the statistics of a, which must be valid in the model's space. They are not to
// be changed.
func (m *Model) Predict(a arch.Arch) (*supernet.Statistics, error) {
	if a.Space != m.Net.Space {
		return nil, fmt.Errorf("bnstats: the architecture is of space %s, the statistics model of %s", a.Space.Name, m.Net.Space.Name)
	}
	if err := a.Space.Validate(a); err != nil {
		return nil, err
	}
	if len(m.Own) > 0 {
		if st := m.Own[a.String()]; st != nil {
			return st, nil
		}
	}
	if len(m.Layers) == 0 {
		return nil, fmt.Errorf("the weights have BN statistics of %d children, of which %s is none", len(m.Own), a)
	}
	m.once.Do(m.prepare)
	ps := supernet.BNLayers(a)
	st := supernet.NewStatistics(ps)
	first := make([]float32, ps[0].Channels)
	m.first.Times(first, vector(appendFeatures, a, ps[0].BNPlace))
	stream := streamMeans(m.Net, a, first)
	blocks := a.Network().Blocks
	t := kernel.Threads()
	kernel.Parallel(t, func(lo, hi int) {
		for part := lo; part < hi; part++ { // interleaved, because later layers are wider
			for i := part; i < len(ps); i += t {
				m.layer(st, a, ps, i, blocks, stream)
			}
		}
	})
	return st, nil
}

// layer computes the statistics of layer i. stream is the means of the inputs of the blocks
// and, last, of the head.
func (m *Model) layer(st *supernet.Statistics, a arch.Arch, ps []supernet.BNLayer, i int, blocks []arch.Block, stream [][]float32) {
	p := ps[i]
	at := m.at[p.BNPlace]
	l, x := m.predictors[at], vector(appendVariance, a, p.BNPlace)
	if l.mean != nil {
		l.mean.Times(st.Mean[i], x[:m.Layers[at].Features])
	}
	l.logVariance.Times(st.Variance[i], x)
	kernel.Exp(st.Variance[i], st.Variance[i])
	if p.Stage < 0 {
		return
	}
	if p.Stage == len(a.Stages) {
		m.Net.BeforePool().Weight.Times(st.Mean[i], stream[len(blocks)])
		return
	}
	b, in, w := blocks[p.Block], stream[p.Block], m.Net.Blocks[p.Stage][p.Index]
	switch p.Kind {
	case supernet.ExpandBN:
		w.Expand.Weight.Times(st.Mean[i], in)
	case supernet.DepthwiseBN:
		var taps []float32
		if b.Expand {
			taps = m.constantTaps(w, b, m.Layers[at].Read)
		} else { // its input depends on the child
			taps = make([]float32, b.Mid)
			tapMeans(w, taps, in, b)
		}
		for c, v := range taps[:b.Mid] {
			st.Mean[i][c] += v
		}
	case supernet.ProjectBN:
		m.projected(at, w, b.Mid).Times(st.Mean[i], vector(appendFeatures, a, depthwise(p.BNPlace)))
	}
}

// vector returns the features in float32.
func vector(features func([]float64, arch.Arch, supernet.BNPlace) []float64, a arch.Arch, p supernet.BNPlace) []float32 {
	f := features(make([]float64, 0, 96), a, p)
	x := make([]float32, len(f))
	for i, v := range f {
		x[i] = float32(v)
	}
	return x
}

// projected returns the linear function from the features of a projection's input to its
// mean output: the product of the fitted function and the projection of mid channels, which
// is much smaller than both. It is computed once for each mid.
func (m *Model) projected(layer int, w *supernet.BlockOf[float32], mid int) *kernel.Matrix {
	m.onceMu.Lock()
	defer m.onceMu.Unlock()
	key := [2]int{layer, mid}
	y := m.composed[key]
	if y == nil {
		features, out := m.Layers[layer].ReadFeatures, w.Size.Out
		x := flipped(m.Layers[layer].Read[:mid*features], features)
		product := make([]float32, features*out)
		w.Project.Weight.Pack(mid, out, nil, nil).Apply(product, x, features, kernel.None, nil)
		y = kernel.NewMatrix(product, features, out)
		if m.composed == nil {
			m.composed = map[[2]int]*kernel.Matrix{}
		}
		m.composed[key] = y
	}
	return y
}

// constantTaps returns tapMeans of all channels of a block, computed once for each kernel and
// size.
func (m *Model) constantTaps(p *supernet.BlockOf[float32], b arch.Block, read []float32) []float32 {
	m.onceMu.Lock()
	defer m.onceMu.Unlock()
	key := (b.Stage*64+b.Index)*16 + b.Kernel
	key = key*4096 + b.Size
	y := m.taps[key]
	if y == nil {
		y = make([]float32, len(read))
		tapMeans(p, y, read, b)
		if m.taps == nil {
			m.taps = map[int][]float32{}
		}
		m.taps[key] = y
	}
	return y
}
