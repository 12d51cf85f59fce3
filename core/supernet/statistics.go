package supernet

import (
	"fmt"

	"bignas/core/arch"
)

// Statistics is the batch-normalisation statistics of one child: mean and
// biased variance of every BN layer's input, in network order (stem; of each
// block the expansion where it has one, the depthwise and the projection;
// head).
type Statistics struct{ Mean, Variance [][]float32 }

// BNChannels lists the channels of a child's BN layers in network order.
func BNChannels(a arch.Arch) []int {
	n := a.Network()
	c := []int{n.Stem.Out}
	for _, b := range n.Blocks {
		if b.Expand {
			c = append(c, b.Mid)
		}
		c = append(c, b.Mid, b.Out)
	}
	return append(c, n.Head.Out)
}

// NewStatistics allocates zeroed statistics for a, all in one piece.
func NewStatistics(a arch.Arch) *Statistics {
	channels, total := BNChannels(a), 0
	for _, c := range channels {
		total += c
	}
	all := make([]float32, 2*total)
	st := &Statistics{Mean: make([][]float32, len(channels)), Variance: make([][]float32, len(channels))}
	for i, n := range channels {
		st.Mean[i], st.Variance[i], all = all[:n:n], all[n:2*n:2*n], all[2*n:]
	}
	return st
}

// belongTo checks that the statistics have the shape of a's.
func (st *Statistics) belongTo(a arch.Arch) error {
	want := BNChannels(a)
	if len(st.Mean) != len(want) || len(st.Variance) != len(want) {
		return fmt.Errorf("supernet: BN statistics of %d layers given for a child of %d; calibrate %s itself", len(st.Mean), len(want), a)
	}
	for i, c := range want {
		if len(st.Mean[i]) != c || len(st.Variance[i]) != c {
			return fmt.Errorf("supernet: BN statistics of layer %d have %d channels, the child %d; calibrate %s itself", i, len(st.Mean[i]), c, a)
		}
	}
	return nil
}

// Inherit cuts the statistics of child from (usually the biggest) down to the
// shape of a. They are wrong for a; the page shows how wrong.
func (st *Statistics) Inherit(from, a arch.Arch) (*Statistics, error) {
	if err := st.belongTo(from); err != nil {
		return nil, err
	}
	at := map[[2]int]int{} // (stage, layer) to its first BN layer
	i := 1
	for _, b := range from.Network().Blocks {
		at[[2]int{b.Stage, b.Index}] = i
		i += bnLayers(b)
	}
	n := a.Network()
	layers, channels := []int{0}, BNChannels(a)
	for _, b := range n.Blocks {
		first, ok := at[[2]int{b.Stage, b.Index}]
		if !ok {
			return nil, fmt.Errorf("supernet: child %s is not nested in %s", a, from)
		}
		for j := range bnLayers(b) {
			layers = append(layers, first+j)
		}
	}
	out := &Statistics{}
	for i, layer := range append(layers, len(st.Mean)-1) {
		c := channels[i]
		if len(st.Mean[layer]) < c {
			return nil, fmt.Errorf("supernet: child %s is not nested in %s", a, from)
		}
		out.Mean = append(out.Mean, st.Mean[layer][:c:c])
		out.Variance = append(out.Variance, st.Variance[layer][:c:c])
	}
	return out, nil
}

func bnLayers(b arch.Block) int {
	if b.Expand {
		return 3
	}
	return 2
}

// ProjectionBN is the index in Statistics of the last BN layer of a block of a.
func ProjectionBN(a arch.Arch, stage, layer int) int {
	at := 0
	for _, b := range a.Network().Blocks {
		at += bnLayers(b)
		if b.Stage == stage && b.Index == layer {
			return at
		}
	}
	panic("supernet: the architecture has no such block")
}
