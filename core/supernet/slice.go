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
	for i, c := range a.Stages {
		name, b := w.Space.Stages[i].Name, big.Stages[i]
		if err := over(name+" width", c.Width, b.Width); err != nil {
			return err
		}
		if err := over(name+" depth", c.Depth, b.Depth); err != nil {
			return err
		}
		if err := over(name+" expansion", c.Expansion, b.Expansion); err != nil {
			return err
		}
		for j, k := range c.Kernels {
			if err := over(fmt.Sprintf("%s layer %d kernel", name, j+1), k, b.Kernels[j]); err != nil {
				return err
			}
		}
	}
	return over("head channels", a.Head, big.Head)
}

// Centre returns the depthwise weights from the first tap of their k x k centre on, with
// the pitch and the stride that kernel.Depthwise takes.
func (p *BlockOf[T]) Centre(of *ParamOf[T], k int) (w []T, pitch, stride int) {
	big, c := p.Size.Kernel, p.Size.Mid
	lo := (big - k) / 2
	return of.Data[(lo*big+lo)*c:], big, c
}

// Slices lists, in network order, what the child a uses of each tensor: channel prefixes,
// kernel centres, the first layers of each stage.
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

// Extract copies the child a out as a network of its own. Its logits equal those of the
// slice bit for bit.
func (w *WeightsOf[T]) Extract(a arch.Arch) (*WeightsOf[T], error) {
	vs, err := w.Slices(a)
	if err != nil {
		return nil, err
	}
	out := layout(&WeightsOf[T]{Classes: w.Classes, alone: true}, a)
	for i, v := range vs {
		if out.Params[i].Name != v.Param.Name || len(out.Params[i].Data) != v.Len() {
			panic("supernet: slices and layout disagree")
		}
		copy(out.Params[i].Data, v.Copy())
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
