package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Folded is one child as plain tensors, batch normalisation folded in: what is
// written where another program shall run the child. The tensors are copies, in
// the layout of the weights and with the values that Child computes with.
type Folded struct {
	Net        arch.Network
	Classes    int
	Stem       FoldedLayer // [3, 3, 3, Out]: rows, columns, colours, channels
	Blocks     []FoldedBlock
	Head       FoldedLayer // [In, Out]
	Classifier FoldedLayer // [Head, Classes]
}

// FoldedBlock is one inverted-residual block. Layers that the block does not
// have are zero.
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

// Folded cuts the child a out with its statistics folded in. It fails as Child does.
func (w *WeightsOf[T]) Folded(a arch.Arch, st *Statistics) (*Folded, error) {
	if err := w.Check(a); err != nil {
		return nil, err
	}
	if st == nil {
		return nil, fmt.Errorf("supernet: child %s has no BN statistics; calibrate it first", a)
	}
	if err := st.belongTo(a); err != nil {
		return nil, err
	}
	n := a.Network()
	f := folder{st: st}
	c := &Folded{Net: n, Classes: w.Classes}
	c.Stem = foldedConv(&f, w.Stem, 0, 3, 3, 3, n.Stem.Out)
	for _, b := range n.Blocks {
		p := w.Blocks[b.Stage][b.Index]
		fb := FoldedBlock{Size: b}
		if b.Expand {
			fb.Expand = foldedConv(&f, p.Expand, 0, b.In, b.Mid)
		}
		fb.Depthwise = foldedConv(&f, p.Depthwise, (p.Size.Kernel-b.Kernel)/2, b.Kernel, b.Kernel, b.Mid)
		if b.Squeeze > 0 {
			fb.SEReduce = foldedMatrix(p.SEReduce, p.SEBiasR, b.Mid, b.Squeeze)
			fb.SEExpand = foldedMatrix(p.SEExpand, p.SEBiasE, b.Squeeze, b.Mid)
		}
		fb.Project = foldedConv(&f, p.Project, 0, b.Mid, b.Out)
		if b.Shortcut == arch.Project {
			fb.Shortcut = foldedMatrix(p.Shortcut, nil, b.In, b.Out)
		}
		c.Blocks = append(c.Blocks, fb)
	}
	c.Head = foldedConv(&f, w.Head, 0, n.Head.In, n.Head.Out)
	c.Classifier = foldedMatrix(w.Classifier, w.ClassBias, n.Head.Out, w.Classes)
	return c, nil
}

// foldedConv copies a convolution of that shape, its first two dimensions from
// index centre on, with its BN folded in.
func foldedConv[T kernel.Float](f *folder, c ConvOf[T], centre int, shape ...int) FoldedLayer {
	l := foldedCopy(c.Weight, centre, shape)
	scale, shift := scales(f, c.BN, shape[len(shape)-1])
	for i := range l.Weight {
		l.Weight[i] *= scale[i%len(scale)]
	}
	l.Bias = shift
	return l
}

// foldedMatrix copies the corner of a matrix, and of its bias where it has one.
func foldedMatrix[T kernel.Float](p, bias *ParamOf[T], k, n int) FoldedLayer {
	l := foldedCopy(p, 0, []int{k, n})
	if bias != nil {
		l.Bias = foldedCopy(bias, 0, []int{n}).Weight
	}
	return l
}

func foldedCopy[T kernel.Float](p *ParamOf[T], centre int, shape []int) FoldedLayer {
	v := View[T]{Param: p, From: make([]int, len(shape)), To: append([]int(nil), shape...)}
	if centre > 0 {
		v.From[0], v.From[1] = centre, centre
		v.To[0], v.To[1] = centre+shape[0], centre+shape[1]
	}
	l := FoldedLayer{Shape: shape}
	for _, x := range v.Copy() {
		l.Weight = append(l.Weight, float32(x))
	}
	return l
}
