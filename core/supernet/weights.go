// Package supernet holds one set of shared weights and runs any child sliced
// out of it: a prefix of the channels, the centre of each depthwise kernel and
// the first layers of each stage (BigNAS, arXiv 2003.11142, section 3.1).
//
// Slicing copies no weight. Only the batch-normalisation statistics are a child's own;
// they are measured by trainer.Calibrate or predicted by a bnstats.Model.
package supernet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Epsilon is added to the variance by every batch normalisation.
const Epsilon = 1e-5

// ParamOf is one tensor of the shared weights, row-major.
type ParamOf[T kernel.Float] struct {
	Name  string
	Shape []int
	Data  []T
	// Decay says whether weight decay applies: it does to matrices and kernels, not to
	// BN scales, BN shifts and biases.
	Decay bool

	fanIn  int
	init   initialiser
	matrix *kernel.Matrix // of frozen weights: Data laid out for the kernels
}

type initialiser uint8

const (
	initHe       initialiser = iota // normal, variance 2/fan-in
	initLinear                      // normal, variance 1/fan-in, before no activation
	initSmall                       // normal, standard deviation 0.01
	initOne                         // BN scale
	initZero                        // biases, BN shift
	initResidual                    // scale of the last BN of a block: 0 with zero gamma, else 1
	initIdentity                    // of a kernel's transform, which changes nothing then
)

// Param is a tensor of float32, the type of every stored weight.
type Param = ParamOf[float32]

// BN is the shared scale and shift of one batch normalisation, [C] each.
type BN[T kernel.Float] struct{ Gamma, Beta *ParamOf[T] }

// ConvOf is a 1x1 or stem convolution [In, Out] and its batch normalisation.
type ConvOf[T kernel.Float] struct {
	Weight *ParamOf[T]
	BN     BN[T]
}

// BlockOf is the weights of one inverted-residual block. Pointers are nil for the parts
// that the block does not have.
type BlockOf[T kernel.Float] struct {
	Size      arch.Block // sizes in the biggest network
	Expand    ConvOf[T]  // [In, Mid]
	Depthwise ConvOf[T]  // [K, K, Mid]
	// Transforms are the matrices of a space with KernelTransforms, the biggest kernel's first:
	// the taps [K*K of the centre, K*K] that kernels with two pixels less on a side are made with.
	Transforms [2]*ParamOf[T]
	SEReduce   *ParamOf[T]
	SEBiasR    *ParamOf[T]
	SEExpand   *ParamOf[T]
	SEBiasE    *ParamOf[T]
	Project    ConvOf[T]   // [Mid, Out]
	Shortcut   *ParamOf[T] // [In, Out]
}

// WeightsOf is the shared weights. Biggest is the network that they are laid out for: the
// space's biggest child or, for an extracted child, that child.
type WeightsOf[T kernel.Float] struct {
	Space   *arch.Space
	Biggest arch.Network
	Classes int
	// Params lists all tensors in network order.
	Params []*ParamOf[T]

	Stem       ConvOf[T] // [3, 3, 3, Out]
	Blocks     [][]*BlockOf[T]
	HeadExpand ConvOf[T]   // [In, Out], of spaces with an expanded head
	Head       ConvOf[T]   // behind an expanded head, where it follows the pool, without BN
	Classifier *ParamOf[T] // [Head, Classes]
	ClassBias  *ParamOf[T]

	frozen bool // matrices have no Data (NewFrozen)
	bare   bool // nothing has Data (NewLayout)
	alone  bool // laid out for one child (Extract)
}

// Weights is the shared weights in float32.
type Weights = WeightsOf[float32]

// NewWeights allocates zeroed weights for every child of the space.
func NewWeights(space *arch.Space, classes int) (*Weights, error) {
	return NewWeightsOf[float32](space, classes)
}

// NewLayout returns weights without values: their names, shapes and order.
func NewLayout(space *arch.Space, classes int) (*Weights, error) {
	return allocate(&Weights{Classes: classes, bare: true}, space)
}

// NewWeightsOf is NewWeights for any element type; gradients are checked in float64.
func NewWeightsOf[T kernel.Float](space *arch.Space, classes int) (*WeightsOf[T], error) {
	return allocate(&WeightsOf[T]{Classes: classes}, space)
}

func allocate[T kernel.Float](w *WeightsOf[T], space *arch.Space) (*WeightsOf[T], error) {
	if w.Classes < 2 {
		return nil, fmt.Errorf("supernet: classes is %d; want at least 2", w.Classes)
	}
	return layout(w, space.Max()), nil
}

// layout allocates the weights whose biggest network is that of a. Frozen ones have no
// Data for matrices except the classifier.
func layout[T kernel.Float](w *WeightsOf[T], a arch.Arch) *WeightsOf[T] {
	n := a.Network()
	w.Space, w.Biggest, w.Blocks = a.Space, n, make([][]*BlockOf[T], len(a.Stages))
	for _, b := range n.Blocks {
		w.Blocks[b.Stage] = append(w.Blocks[b.Stage], &BlockOf[T]{Size: b})
	}
	w.each(n, !w.alone, func(field **ParamOf[T], p ParamOf[T]) {
		*field = &p
		if !w.bare && (!w.frozen || len(p.Shape) != 2 || field == &w.Classifier) {
			p.Data = make([]T, p.Len())
		}
		w.Params = append(w.Params, &p)
	})
	return w
}

// each is the one walk over the parameters of a network. It calls f for each tensor of n,
// in network order, with the field of w that it belongs to and its description without
// the Data, in the shape that it has in n. The biggest child of a space need
// not have every tensor: all makes f see those of other children, too.
func (w *WeightsOf[T]) each(n arch.Network, all bool, f func(field **ParamOf[T], p ParamOf[T])) {
	vector := func(field **ParamOf[T], name string, in initialiser, length int) {
		f(field, ParamOf[T]{Name: name, Shape: []int{length}, init: in})
	}
	matrix := func(field **ParamOf[T], name string, in initialiser, k, n int) {
		f(field, ParamOf[T]{Name: name, Shape: []int{k, n}, Decay: true, fanIn: k, init: in})
	}
	conv := func(c *ConvOf[T], name string, gamma initialiser, fanIn int, shape ...int) {
		f(&c.Weight, ParamOf[T]{Name: name, Shape: shape, Decay: true, fanIn: fanIn, init: initHe})
		vector(&c.BN.Gamma, name+".bn.gamma", gamma, shape[len(shape)-1])
		vector(&c.BN.Beta, name+".bn.beta", initZero, shape[len(shape)-1])
	}
	conv(&w.Stem, "stem.conv", initOne, 27, 3, 3, 3, n.Stem.Out)
	for _, b := range n.Blocks {
		p, name := w.Blocks[b.Stage][b.Index], "s"+strconv.Itoa(b.Stage+1)+"."+strconv.Itoa(b.Index)+"."
		if b.Expand {
			conv(&p.Expand, name+"expand", initOne, b.In, b.In, b.Mid)
		}
		side := b.Kernel
		if b.Source > 0 && !w.alone { // extracted kernels are made already
			side = b.Source
		}
		conv(&p.Depthwise, name+"depthwise", initOne, b.Kernel*b.Kernel, side, side, b.Mid)
		for i, to := range w.transformed(b, all) {
			matrix(&p.Transforms[i], fmt.Sprintf("%sdepthwise.%dto%d", name, to+2, to), initIdentity, to*to, to*to)
		}
		if b.Squeeze > 0 {
			matrix(&p.SEReduce, name+"se.reduce.weight", initHe, b.Mid, b.Squeeze)
			vector(&p.SEBiasR, name+"se.reduce.bias", initZero, b.Squeeze)
			matrix(&p.SEExpand, name+"se.expand.weight", initLinear, b.Squeeze, b.Mid)
			vector(&p.SEBiasE, name+"se.expand.bias", initZero, b.Mid)
		}
		last := initOne
		if b.Shortcut != arch.NoShortcut {
			last = initResidual
		}
		conv(&p.Project, name+"project", last, b.Mid, b.Mid, b.Out)
		if b.Shortcut == arch.Project || all && b.Index == 0 && w.Space.Shortcuts == arch.ShortcutDiffering {
			matrix(&p.Shortcut, name+"shortcut", initLinear, b.In, b.Out)
		}
	}
	if n.HeadExpand.Out > 0 {
		conv(&w.HeadExpand, "head.expand", initOne, n.HeadExpand.In, n.HeadExpand.In, n.HeadExpand.Out)
		f(&w.Head.Weight, ParamOf[T]{Name: "head.conv", Shape: []int{n.Head.In, n.Head.Out}, Decay: true, fanIn: n.Head.In, init: initHe})
	} else {
		conv(&w.Head, "head.conv", initOne, n.Head.In, n.Head.In, n.Head.Out)
	}
	matrix(&w.Classifier, "classifier.weight", initSmall, n.Head.Out, w.Classes)
	vector(&w.ClassBias, "classifier.bias", initZero, w.Classes)
}

// transformed lists the sides of the kernels that block b makes, one of the other, on the way to
// its own, or with all those that any child makes.
func (w *WeightsOf[T]) transformed(b arch.Block, all bool) (to []int) {
	if !w.Space.KernelTransforms || w.alone {
		return nil
	}
	of := w.Space.Stages[b.Stage].Kernels
	for i := len(of) - 2; i >= 0 && (all || of[i] >= b.Kernel); i-- {
		to = append(to, of[i])
	}
	return to
}

// BeforePool is the convolution whose output is pooled: the last with a batch
// normalisation.
func (w *WeightsOf[T]) BeforePool() ConvOf[T] {
	if w.HeadExpand.Weight != nil {
		return w.HeadExpand
	}
	return w.Head
}

// Init draws He-normal weights. With zeroGamma the last BN scale of each residual block
// starts at 0, so that the block begins as its shortcut (section 3.2).
func (w *WeightsOf[T]) Init(r *rand.Rand, zeroGamma bool) {
	for _, p := range w.Params {
		std := 0.0
		fill := T(0)
		switch p.init {
		case initHe:
			std = math.Sqrt(2 / float64(p.fanIn))
		case initLinear:
			std = math.Sqrt(1 / float64(p.fanIn))
		case initSmall:
			std = 0.01
		case initOne:
			fill = 1
		case initResidual:
			if !zeroGamma {
				fill = 1
			}
		}
		for i := range p.Data {
			p.Data[i] = fill
			if std > 0 {
				p.Data[i] = T(std * r.NormFloat64())
			}
		}
		if p.init == initIdentity {
			for i := 0; i < len(p.Data); i += p.Shape[1] + 1 {
				p.Data[i] = 1
			}
		}
	}
}

// Like returns zeroed weights of the same layout, for gradients, optimiser state and
// averages.
func (w *WeightsOf[T]) Like() *WeightsOf[T] {
	return layout(&WeightsOf[T]{Classes: w.Classes, alone: w.alone}, w.Biggest.Arch)
}

// Convert copies src into dst, which must have the same layout.
func Convert[D, S kernel.Float](dst *WeightsOf[D], src *WeightsOf[S]) {
	for i, p := range src.Params {
		d := dst.Params[i]
		if d.Name != p.Name || len(d.Data) != len(p.Data) {
			panic("supernet: Convert between different layouts")
		}
		for j, v := range p.Data {
			d.Data[j] = D(v)
		}
	}
}

// Len returns the number of values.
func (p *ParamOf[T]) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Count returns the number of shared parameters.
func (w *WeightsOf[T]) Count() int {
	n := 0
	for _, p := range w.Params {
		n += p.Len()
	}
	return n
}
