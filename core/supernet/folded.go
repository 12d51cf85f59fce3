package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Folded is one child as plain tensors with batch normalisation folded in, to be exported
// to other programs. The tensors are copies, in the layout of the weights, and have the
// values that Child computes with.
type Folded struct {
	Net        arch.Network
	Classes    int
	Stem       FoldedLayer // [3, 3, 3, Out]: rows, columns, colours, channels
	Blocks     []FoldedBlock
	HeadExpand FoldedLayer // [In, Out], before the pool, zero where there is none
	Head       FoldedLayer // [In, Out], behind the pool and without bias where HeadExpand is before it
	Classifier FoldedLayer // [Head, Classes]
}

// FoldedBlock is one inverted-residual block. Layers that the block does not have are
// zero values.
type FoldedBlock struct {
	Size      arch.Block
	Expand    FoldedLayer // [In, Mid]
	Depthwise FoldedLayer // [K, K, Mid]
	SEReduce  FoldedLayer // [Mid, Squeeze]
	SEExpand  FoldedLayer // [Squeeze, Mid]
	Project   FoldedLayer // [Mid, Out]
	Shortcut  FoldedLayer // [In, Out], no bias
}

// FoldedLayer is one linear layer, row-major, output channels last.
type FoldedLayer struct {
	Shape  []int
	Weight []float32
	Bias   []float32 // [Shape's last], nil for none
}

// Folded copies the child a out with its statistics folded in. Its errors are those of
// Child.
func (w *WeightsOf[T]) Folded(a arch.Arch, st *Statistics) (*Folded, error) {
	if st == nil {
		return nil, fmt.Errorf("supernet: child %s has no BN statistics; calibrate it first", a)
	}
	own, err := w.Extract(a)
	if err != nil {
		return nil, err
	}
	if err := st.belongTo(a); err != nil {
		return nil, err
	}
	f := folder{st: st}
	c := &Folded{Net: own.Biggest, Classes: w.Classes}
	c.Stem = foldedConv(&f, own.Stem)
	for _, stage := range own.Blocks {
		for _, p := range stage {
			c.Blocks = append(c.Blocks, FoldedBlock{
				Size:      p.Size,
				Expand:    foldedConv(&f, p.Expand),
				Depthwise: foldedConv(&f, p.Depthwise),
				SEReduce:  foldedMatrix(p.SEReduce, p.SEBiasR),
				SEExpand:  foldedMatrix(p.SEExpand, p.SEBiasE),
				Project:   foldedConv(&f, p.Project),
				Shortcut:  foldedMatrix(p.Shortcut, nil),
			})
		}
	}
	if own.HeadExpand.Weight != nil {
		c.HeadExpand, c.Head = foldedConv(&f, own.HeadExpand), foldedMatrix(own.Head.Weight, nil)
	} else {
		c.Head = foldedConv(&f, own.Head)
	}
	c.Classifier = foldedMatrix(own.Classifier, own.ClassBias)
	return c, nil
}

// foldedConv copies a convolution with its BN folded in, or returns a zero layer where
// there is none.
func foldedConv[T kernel.Float](f *folder, c ConvOf[T]) FoldedLayer {
	l := foldedMatrix(c.Weight, nil)
	if c.Weight == nil {
		return l
	}
	scale, shift := scales(f, c.BN, l.Shape[len(l.Shape)-1])
	for i := range l.Weight {
		l.Weight[i] *= scale[i%len(scale)]
	}
	l.Bias = shift
	return l
}

// foldedMatrix copies a tensor and its bias; both may be nil.
func foldedMatrix[T kernel.Float](p, bias *ParamOf[T]) (l FoldedLayer) {
	if p != nil {
		l.Shape = p.Shape
		l.Weight, _ = toFloat32(p, 1, p.Len())
	}
	if bias != nil {
		l.Bias, _ = toFloat32(bias, 1, bias.Len())
	}
	return l
}
