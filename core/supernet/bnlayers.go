package supernet

import "bignas/core/arch"

// BNLayer is one batch-normalisation layer of a child.
type BNLayer struct {
	BNPlace
	Block    int // index in the child's Network.Blocks; -1 for the stem and the head
	Channels int
}

// BNPlace is the place of a BN layer in the supernet. Layers of different children with
// the same BNPlace share their scales and shifts.
type BNPlace struct {
	Stage, Index int // as in arch.Block; Stage is -1 for the stem, the number of stages for the head
	Kind         BNKind
}

// BNKind is the convolution of a block that a BN layer follows.
type BNKind int

// The kinds of BN layers, in the order of a block.
const (
	OuterBN BNKind = iota // of the stem and the head
	ExpandBN
	DepthwiseBN
	ProjectBN
)

// BNLayers lists the BN layers of a child in network order, the order of Statistics.
func BNLayers(a arch.Arch) []BNLayer {
	n := a.Network()
	layers := []BNLayer{{BNPlace{Stage: -1}, -1, n.Stem.Out}}
	for i, b := range n.Blocks {
		layers = appendBN(layers, i, b)
	}
	return append(layers, BNLayer{BNPlace{Stage: len(a.Stages)}, -1, n.BeforePool().Out})
}

// appendBN appends the BN layers of one block.
func appendBN(layers []BNLayer, block int, b arch.Block) []BNLayer {
	if b.Expand {
		layers = append(layers, BNLayer{BNPlace{b.Stage, b.Index, ExpandBN}, block, b.Mid})
	}
	return append(layers, BNLayer{BNPlace{b.Stage, b.Index, DepthwiseBN}, block, b.Mid},
		BNLayer{BNPlace{b.Stage, b.Index, ProjectBN}, block, b.Out})
}
