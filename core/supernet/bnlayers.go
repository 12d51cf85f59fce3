package supernet

import "bignas/core/arch"

// BNLayer is one batch-normalisation layer of a child.
type BNLayer struct {
	BNPlace
	Block    int // index in the child's Network.Blocks, -1 for the stem's and the head's
	Channels int
}

// BNPlace says where a BN layer stands. The layer of another child with the same
// BNPlace has the same scales and shifts.
type BNPlace struct {
	Stage, Index int // of the block, as in arch.Block; Stage is -1 for the stem's, the number of stages for the head's
	Kind         BNKind
}

// BNKind says which convolution of a block a BN layer follows.
type BNKind int

// The kinds of BN layers, those of a block in their order.
const (
	OuterBN BNKind = iota // of no block: the stem's and the head's
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
