package supernet

import (
	"fmt"
	"math"
	"sync"

	"bignas/core/arch"
)

// StatisticsModel predicts the BN statistics of any child of a space from its
// architecture alone, so that a page that holds no training image can still run
// every child on statistics that are right for it.
//
// Each channel of each BN layer has two linear functions of features of the
// architecture, one for the mean and one for the logarithm of the variance,
// fitted by ridge regression on children calibrated on training images.
type StatisticsModel struct {
	Space *arch.Space
	// Layers are the BN layers of the biggest child, in network order.
	Layers []StatisticsLayer

	once       sync.Once // guards what Predict lays out
	predictors []layerPredictor
	at         map[bnPlace]int // where in Layers a place, without its channels, is
}

// StatisticsLayer holds the coefficients of one BN layer: [channels][features]
// each, row-major.
type StatisticsLayer struct {
	Channels, Features int
	Mean, LogVariance  []float32
}

// smallestVariance keeps the logarithm finite for a channel that never fires.
const smallestVariance = 1e-8

// bnPlace says where in the network a BN layer stands.
type bnPlace struct {
	stage, index int // stage -1 is the stem, len(stages) the head
	kind         int // 0 expansion, 1 depthwise, 2 projection
	channels     int
}

// places lists the BN layers of a in network order.
func places(a arch.Arch) []bnPlace {
	n := a.Network()
	ps := []bnPlace{{stage: -1, channels: n.Stem.Out}}
	for _, b := range n.Blocks {
		if b.Expand {
			ps = append(ps, bnPlace{b.Stage, b.Index, 0, b.Mid})
		}
		ps = append(ps, bnPlace{b.Stage, b.Index, 1, b.Mid}, bnPlace{b.Stage, b.Index, 2, b.Out})
	}
	return append(ps, bnPlace{stage: len(a.Stages), channels: n.Head.Out})
}

// features describes what of the architecture reaches a BN layer: the
// resolution; for every earlier stage one number each for width, depth and
// kernels; for the two widths that feed the layer directly, every choice apart,
// because a wider prefix adds particular channels, not an amount.
func features(a arch.Arch, p bnPlace) []float64 { return appendFeatures(nil, a, p) }

func appendFeatures(f []float64, a arch.Arch, p bnPlace) []float64 {
	s := a.Space
	f = append(f, 1)
	res := centred(a.Resolution, s.Resolutions)
	f = append(f, res, res*res)
	last := min(p.stage, len(s.Stages)-1)
	direct := p.stage - 1 // stage whose width is this block's input
	if p.index > 0 {
		direct = p.stage
	}
	if direct < 0 {
		f = oneHot(f, a.Stem, s.Stem)
	} else {
		f = append(f, centred(a.Stem, s.Stem))
	}
	for i := 0; i <= last; i++ {
		c, st := a.Stages[i], s.Stages[i]
		if i == direct {
			f = oneHot(f, c.Width, st.Widths)
		} else if i < p.stage || p.kind == 2 {
			f = append(f, centred(c.Width, st.Widths))
		}
		layers := c.Depth
		if i == p.stage {
			layers = p.index // of this stage, only the layers before
		} else {
			f = append(f, centred(c.Depth, st.Depths))
			if i == p.stage-1 { // the last layer's block is new in a deeper child
				d := centred(c.Depth, st.Depths)
				f = append(f, d*d)
			}
		}
		if len(st.Kernels) > 1 {
			mean := 0.0
			for _, k := range c.Kernels[:min(layers, len(c.Kernels))] {
				mean += centred(k, st.Kernels)
			}
			f = append(f, mean/float64(max(1, layers)))
			if i == p.stage && p.kind > 0 {
				f = append(f, centred(c.Kernels[p.index], st.Kernels))
			}
		}
	}
	return f
}

// centred maps the choices to -1 .. 1, and 0 where there is one.
func centred(v int, of []int) float64 {
	lo, hi := of[0], of[len(of)-1]
	if lo == hi {
		return 0
	}
	return 2*float64(v-lo)/float64(hi-lo) - 1
}

// oneHot appends one indicator a choice after the first.
func oneHot(f []float64, v int, of []int) []float64 {
	for _, c := range of[1:] {
		if v == c {
			f = append(f, 1)
		} else {
			f = append(f, 0)
		}
	}
	return f
}

// NewStatisticsModel allocates a model with zero coefficients.
func NewStatisticsModel(s *arch.Space) *StatisticsModel {
	m := &StatisticsModel{Space: s}
	max := s.Max()
	for _, p := range places(max) {
		n := len(features(max, p))
		m.Layers = append(m.Layers, StatisticsLayer{p.channels, n,
			make([]float32, p.channels*n), make([]float32, p.channels*n)})
	}
	return m
}

// Channels returns, for every layer of m, how many of its channels a child has: 0
// where it does not have the layer.
func (m *StatisticsModel) Channels(a arch.Arch) []int {
	of := map[bnPlace]int{}
	for _, p := range places(a) {
		n := p.channels
		p.channels = 0
		of[p] = n
	}
	var list []int
	for _, p := range places(m.Space.Max()) {
		p.channels = 0
		list = append(list, of[p])
	}
	return list
}

// Changed says that the coefficients are others than at the last Predict, with
// which it must not run at the same time.
func (m *StatisticsModel) Changed() { m.once, m.predictors = sync.Once{}, nil }

// Calibrated is a child and its true statistics.
type Calibrated struct {
	Arch       arch.Arch
	Statistics *Statistics
}

// FitStatistics fits a model to calibrated children of the space; a few hundred
// drawn uniformly, with the smallest and the biggest, are enough.
func FitStatistics(s *arch.Space, children []Calibrated) (*StatisticsModel, error) {
	m := NewStatisticsModel(s)
	for li, p := range places(s.Max()) {
		var rows [][]float64
		var means, variances [][]float32
		for _, c := range children {
			for i, q := range places(c.Arch) {
				if q.stage == p.stage && q.index == p.index && q.kind == p.kind {
					rows = append(rows, features(c.Arch, q))
					means, variances = append(means, c.Statistics.Mean[i]), append(variances, c.Statistics.Variance[i])
				}
			}
		}
		l := &m.Layers[li]
		for c := 0; c < p.channels; {
			// Channels that the same children have are solved together.
			var use []int
			end := p.channels
			for i := range rows {
				if n := len(means[i]); n > c {
					use, end = append(use, i), min(end, n)
				}
			}
			if len(use) == 0 {
				return nil, fmt.Errorf("supernet: no calibrated child has channel %d of BN layer %d; calibrate the biggest too", c, li)
			}
			solveGroup(l, rows, means, variances, use, c, end)
			c = end
		}
	}
	return m, nil
}

// solveGroup fits channels [lo, hi) of a layer on the children in use.
func solveGroup(l *StatisticsLayer, rows [][]float64, means, variances [][]float32, use []int, lo, hi int) {
	n := l.Features
	normal := make([]float64, n*n)
	for _, i := range use {
		for a, x := range rows[i] {
			for b, y := range rows[i] {
				normal[a*n+b] += x * y
			}
		}
	}
	for a := range n { // ridge: what few children show is held near zero
		normal[a*n+a] += 0.3
	}
	normal[0] -= 0.3 - 1e-6 // but not the intercept
	chol := cholesky(normal, n)
	rhs := make([]float64, n)
	for c := lo; c < hi; c++ {
		for _, target := range []struct {
			out []float32
			of  func(i int) float64
		}{
			{l.Mean, func(i int) float64 { return float64(means[i][c]) }},
			{l.LogVariance, func(i int) float64 { return math.Log(float64(variances[i][c]) + smallestVariance) }},
		} {
			clear(rhs)
			for _, i := range use {
				y := target.of(i)
				for a, x := range rows[i] {
					rhs[a] += x * y
				}
			}
			solve(chol, n, rhs)
			for a, v := range rhs {
				target.out[c*n+a] = float32(v)
			}
		}
	}
}

// cholesky factors the symmetric positive definite a into its lower triangle.
func cholesky(a []float64, n int) []float64 {
	l := make([]float64, n*n)
	for i := range n {
		for j := 0; j <= i; j++ {
			s := a[i*n+j]
			for k := range j {
				s -= l[i*n+k] * l[j*n+k]
			}
			if i == j {
				l[i*n+i] = math.Sqrt(max(s, 1e-12))
			} else {
				l[i*n+j] = s / l[j*n+j]
			}
		}
	}
	return l
}

// solve overwrites b with the solution of L L^T x = b.
func solve(l []float64, n int, b []float64) {
	for i := range n {
		for k := range i {
			b[i] -= l[i*n+k] * b[k]
		}
		b[i] /= l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= l[k*n+i] * b[k]
		}
		b[i] /= l[i*n+i]
	}
}
