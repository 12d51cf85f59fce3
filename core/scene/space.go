package scene

import (
	"slices"

	"bignas/core/arch"
)

func last(of []int) int { return of[len(of)-1] }

// shift is the choice by places after v, as far as there is one.
func shift(of []int, v, by int) int {
	return of[min(len(of)-1, max(0, slices.Index(of, v)+by))]
}

// widths are the channels that the layers of a column may have, and what a has.
func (s *Scene) widths(a *arch.Arch, stage int) ([]int, *int) {
	switch {
	case stage < 0:
		return s.space.Stem, &a.Stem
	case stage < len(s.space.Stages):
		return s.space.Stages[stage].Widths, &a.Stages[stage].Width
	}
	return s.space.Head, &a.Head
}

// wider is a with the stage's width moved by that many choices.
func (s *Scene) wider(a arch.Arch, stage, by int) arch.Arch {
	a = a.Clone()
	of, v := s.widths(&a, stage)
	*v = shift(of, *v, by)
	return a
}

// deeper is a with the stage's depth moved by that many choices.
func (s *Scene) deeper(a arch.Arch, stage, by int) arch.Arch {
	a = a.Clone()
	if stage >= 0 && stage < len(a.Stages) {
		c := &a.Stages[stage]
		c.SetDepth(shift(s.space.Stages[stage].Depths, c.Depth, by))
	}
	return a
}

// sharper is a with the resolution moved by that many choices.
func (s *Scene) sharper(a arch.Arch, by int) arch.Arch {
	a = a.Clone()
	a.Resolution = shift(s.space.Resolutions, a.Resolution, by)
	return a
}

// filtered is a with that kernel in one layer, or in its whole stage where the
// space has one kernel a stage.
func (s *Scene) filtered(a arch.Arch, l Layer, kernel int) arch.Arch {
	a = a.Clone()
	if !s.active(l) || l.Stage < 0 || l.Stage >= len(a.Stages) {
		return a
	}
	of := a.Stages[l.Stage].Kernels
	for j := range of {
		if j == l.Index || !s.space.KernelPerLayer {
			of[j] = kernel
		}
	}
	return a
}

// active reports whether the child has the layer.
func (s *Scene) active(l Layer) bool {
	switch {
	case l.Stage == -1 || l.Stage == len(s.child.Stages):
		return l.Index == 0
	case l.Stage < 0 || l.Stage > len(s.child.Stages):
		return false
	}
	return l.Index < s.child.Stages[l.Stage].Depth
}

// top is the last layer of a stage that the child has.
func (s *Scene) top(stage int) Layer {
	if stage < 0 || stage >= len(s.child.Stages) {
		return Layer{stage, 0}
	}
	return Layer{stage, s.child.Stages[stage].Depth - 1}
}

// channels are the input and output channels of a layer in the child.
func (s *Scene) channels(l Layer) (in, out int) { return channels(s.child, l) }

func channels(a arch.Arch, l Layer) (in, out int) {
	n := len(a.Stages)
	switch {
	case l.Stage < 0:
		return 3, a.Stem
	case l.Stage == n:
		return a.Stages[n-1].Width, a.Head
	case l.Index > 0:
		return a.Stages[l.Stage].Width, a.Stages[l.Stage].Width
	case l.Stage > 0:
		return a.Stages[l.Stage-1].Width, a.Stages[l.Stage].Width
	}
	return a.Stem, a.Stages[0].Width
}

// name is the layer's name for people.
func (s *Scene) name(l Layer) string {
	switch {
	case l.Stage < 0:
		return "Stem"
	case l.Stage >= len(s.space.Stages):
		return "Head"
	}
	return s.space.Stages[l.Stage].Name
}

// sizes are the sides of the child's image and of each stage's maps, pixels.
func sizes(space *arch.Space, resolution int) []int {
	all, side := []int{resolution}, (resolution+1)/2
	for _, st := range space.Stages {
		side = (side + st.Stride - 1) / st.Stride
		all = append(all, side)
	}
	return all
}

// mapSide is the side of the maps that a layer of the child writes, pixels.
func (s *Scene) mapSide(l Layer) int {
	if l.Stage < 0 {
		return (s.child.Resolution + 1) / 2
	}
	return sizes(s.space, s.child.Resolution)[min(len(s.space.Stages), l.Stage+1)]
}
