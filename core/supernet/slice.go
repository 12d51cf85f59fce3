package supernet

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Slice is the part of one shared tensor that a child uses: From and To bound each
// dimension, To exclusive.
type Slice[T kernel.Float] struct {
	Param    *ParamOf[T]
	From, To []int
}

// Len returns the number of elements.
func (v Slice[T]) Len() int {
	n := 1
	for i := range v.From {
		n *= v.To[i] - v.From[i]
	}
	return n
}

// Copy returns the elements, row-major and contiguous.
func (v Slice[T]) Copy() []T {
	out := make([]T, 0, v.Len())
	var walk func(dim, off int)
	walk = func(dim, off int) {
		if dim == len(v.From)-1 {
			out = append(out, v.Param.Row(off, v.To[dim])[v.From[dim]:]...)
			return
		}
		rows := 1
		for _, s := range v.Param.Shape[dim+1 : len(v.From)-1] {
			rows *= s
		}
		for i := v.From[dim]; i < v.To[dim]; i++ {
			walk(dim+1, off+i*rows)
		}
	}
	walk(0, 0)
	return out
}

// Check returns an error where the weights do not hold a.
func (w *WeightsOf[T]) Check(a arch.Arch) error {
	if a.Space != w.Space {
		return fmt.Errorf("supernet: the architecture is of space %s, the weights of %s", a.Space.Name, w.Space.Name)
	}
	if err := w.Space.Validate(a); err != nil {
		return err
	}
	big := w.Biggest.Arch
	over := func(field string, v, limit int) error {
		if v <= limit {
			return nil
		}
		return fmt.Errorf("supernet: %s is %d; these weights hold at most %d", field, v, limit)
	}
	if err := over("stem channels", a.Stem, big.Stem); err != nil {
		return err
	}
	fixed := w.alone && w.Space.KernelTransforms // its kernels are made, and what they were made of is gone
	for i, c := range a.Stages {
		name, b := w.Space.Stages[i].Name, big.Stages[i]
		if err := over(name+" width", c.Width, b.Width); err != nil {
			return err
		}
		if err := over(name+" depth", c.Depth, b.Depth); err != nil {
			return err
		}
		for j, k := range c.Kernels {
			if e := c.ExpansionOf(j); e <= b.ExpansionOf(j) && (k == b.Kernels[j] || k < b.Kernels[j] && !fixed) { // the usual case makes no text
				continue
			}
			layer := fmt.Sprintf("%s layer %d ", name, j+1)
			if err := over(layer+"expansion", c.ExpansionOf(j), b.ExpansionOf(j)); err != nil {
				return err
			}
			if err := over(layer+"kernel", k, b.Kernels[j]); err != nil {
				return err
			}
			if fixed && k != b.Kernels[j] {
				return fmt.Errorf("supernet: %skernel is %d; these weights of one child have only %d", layer, k, b.Kernels[j])
			}
		}
	}
	return over("head channels", a.Head, big.Head)
}

// Slices lists, in network order, what the child a uses of each tensor: channel prefixes,
// kernel centres, the first layers of each stage; and whole transforms of kernels.
func (w *WeightsOf[T]) Slices(a arch.Arch) ([]Slice[T], error) { return w.slices(a, false) }

// SlicesWithin is Slices of a and of every child within it: in some spaces a smaller child
// has a shortcut with weights where a has one without.
func (w *WeightsOf[T]) SlicesWithin(a arch.Arch) ([]Slice[T], error) { return w.slices(a, true) }

func (w *WeightsOf[T]) slices(a arch.Arch, all bool) ([]Slice[T], error) {
	if err := w.Check(a); err != nil {
		return nil, err
	}
	var vs []Slice[T]
	w.each(a.Network(), all, func(field **ParamOf[T], p ParamOf[T]) {
		v := Slice[T]{Param: *field, From: make([]int, len(p.Shape)), To: p.Shape}
		if len(p.Shape) == 3 { // a depthwise kernel, [K, K, Mid]
			for i := range 2 {
				v.From[i] = (v.Param.Shape[i] - p.Shape[i]) / 2
				v.To[i] += v.From[i]
			}
		}
		vs = append(vs, v)
	})
	return vs, nil
}

// Extract copies the child a out as a network of its own, with kernels that have gone through
// their transforms. Its logits equal those of the slice bit for bit.
func (w *WeightsOf[T]) Extract(a arch.Arch) (*WeightsOf[T], error) {
	vs, err := w.Slices(a)
	if err != nil {
		return nil, err
	}
	out := layout(&WeightsOf[T]{Classes: w.Classes, alone: true}, a)
	of := map[string]Slice[T]{}
	for _, v := range vs {
		of[v.Param.Name] = v
	}
	for _, b := range out.Biggest.Blocks {
		if w.Space.KernelTransforms {
			to := out.Blocks[b.Stage][b.Index].Depthwise.Weight
			from := w.Blocks[b.Stage][b.Index]
			taps, pitch, stride := from.Taps(b.Kernel, b.Mid)
			for t := range b.Kernel * b.Kernel {
				copy(to.Data[t*b.Mid:][:b.Mid], taps[(t/b.Kernel*pitch+t%b.Kernel)*stride:])
			}
			delete(of, to.Name)
		}
	}
	for _, p := range out.Params {
		if v, ok := of[p.Name]; ok {
			if len(p.Data) != v.Len() {
				panic("supernet: slices and layout disagree")
			}
			copy(p.Data, v.Copy())
		}
	}
	return out, nil
}

// Shared counts the parameters that children a and b have in common, and those of each.
// Every child is nested in the same corner of each tensor, so that two children share the
// overlap of their slices.
func (w *WeightsOf[T]) Shared(a, b arch.Arch) (both, ofA, ofB int, err error) {
	va, err := w.Slices(a)
	if err != nil {
		return 0, 0, 0, err
	}
	vb, err := w.Slices(b)
	if err != nil {
		return 0, 0, 0, err
	}
	seen := map[*ParamOf[T]]Slice[T]{}
	for _, v := range va {
		ofA += v.Len()
		seen[v.Param] = v
	}
	for _, v := range vb {
		ofB += v.Len()
		u, ok := seen[v.Param]
		if !ok {
			continue
		}
		n := 1
		for i := range v.From {
			n *= max(0, min(v.To[i], u.To[i])-max(v.From[i], u.From[i]))
		}
		both += n
	}
	return both, ofA, ofB, nil
}
