package supernet

import (
	"fmt"

	"bignas/core/arch"
)

// Statistics is the batch-normalisation statistics of one child: the mean and the biased
// variance of each BN layer's input, in the order of BNLayers.
type Statistics struct{ Mean, Variance [][]float32 }

// NewStatistics allocates zeroed statistics for the layers of a child, in one piece.
func NewStatistics(layers []BNLayer) *Statistics {
	total := 0
	for _, l := range layers {
		total += l.Channels
	}
	all := make([]float32, 2*total)
	st := &Statistics{Mean: make([][]float32, len(layers)), Variance: make([][]float32, len(layers))}
	for i, l := range layers {
		n := l.Channels
		st.Mean[i], st.Variance[i], all = all[:n:n], all[n:2*n:2*n], all[2*n:]
	}
	return st
}

// belongTo returns an error where the statistics do not have the shape of a's.
func (st *Statistics) belongTo(a arch.Arch) error {
	want := BNLayers(a)
	if len(st.Mean) != len(want) || len(st.Variance) != len(want) {
		return fmt.Errorf("supernet: BN statistics of %d layers given for a child of %d; calibrate %s itself", len(st.Mean), len(want), a)
	}
	for i, l := range want {
		if c := l.Channels; len(st.Mean[i]) != c || len(st.Variance[i]) != c {
			return fmt.Errorf("supernet: BN statistics of layer %d have %d channels, the child %d; calibrate %s itself", i, len(st.Mean[i]), c, a)
		}
	}
	return nil
}

// Inherit cuts the statistics of child from (usually the biggest) down to the shape of a.
// They are wrong for a, which the page demonstrates.
func (st *Statistics) Inherit(from, a arch.Arch) (*Statistics, error) {
	if err := st.belongTo(from); err != nil {
		return nil, err
	}
	at := map[BNPlace]int{}
	for i, l := range BNLayers(from) {
		at[l.BNPlace] = i
	}
	out := &Statistics{}
	for _, l := range BNLayers(a) {
		i, ok := at[l.BNPlace]
		c := l.Channels
		if !ok || len(st.Mean[i]) < c {
			return nil, fmt.Errorf("supernet: child %s is not nested in %s", a, from)
		}
		out.Mean = append(out.Mean, st.Mean[i][:c:c])
		out.Variance = append(out.Variance, st.Variance[i][:c:c])
	}
	return out, nil
}

// ProjectionBN returns the index in Statistics of the last BN layer of a block of a.
func ProjectionBN(a arch.Arch, stage, layer int) int {
	for i, l := range BNLayers(a) {
		if l.BNPlace == (BNPlace{stage, layer, ProjectBN}) {
			return i
		}
	}
	panic("supernet: the architecture has no such block")
}
