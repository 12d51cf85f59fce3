package arch

import "bignas/core/plainjson"

var member = plainjson.Member

// Record returns a as JSON, the same as encoding/json makes of it.
func (a Arch) Record() plainjson.Record {
	stages := make(plainjson.List, len(a.Stages))
	for i, c := range a.Stages {
		r := plainjson.Record{member("width", c.Width), member("depth", c.Depth), member("expansion", c.Expansion)}
		if len(c.Expansions) > 0 {
			r = append(r, member("expansions", c.Expansions))
		}
		stages[i] = append(r, member("kernels", c.Kernels))
	}
	return plainjson.Record{member("resolution", a.Resolution), member("stem", a.Stem), member("stages", stages), member("head", a.Head)}
}

// Fill reads what Record writes. It does not change the space, or check anything against it.
func (a *Arch) Fill(v plainjson.Value) error {
	stages := func(v plainjson.Value) error {
		a.Stages = nil
		return v.Each(func(v plainjson.Value) error {
			var c StageArch
			err := v.Fill(false, member("width", &c.Width), member("depth", &c.Depth), member("expansion", &c.Expansion),
				member("expansions", &c.Expansions), member("kernels", &c.Kernels))
			a.Stages = append(a.Stages, c)
			return err
		})
	}
	return v.Fill(false, member("resolution", &a.Resolution), member("stem", &a.Stem), member("stages", stages), member("head", &a.Head))
}

// Record returns s as JSON, the same as encoding/json makes of it.
func (s *Space) Record() plainjson.Record {
	stages := make(plainjson.List, len(s.Stages))
	for i, st := range s.Stages {
		r := plainjson.Record{member("name", st.Name), member("widths", st.Widths), member("depths", st.Depths), member("kernels", st.Kernels),
			member("expansions", st.Expansions), member("stride", st.Stride), member("se", st.SE)}
		if st.ReLU {
			r = append(r, member("relu", true))
		}
		stages[i] = r
	}
	r := plainjson.Record{member("name", s.Name), member("resolutions", s.Resolutions), member("stem", s.Stem), member("stages", stages), member("head", s.Head)}
	if s.HeadExpansion != 0 {
		r = append(r, member("headExpansion", s.HeadExpansion))
	}
	also := func(name string, is bool) {
		if is {
			r = append(r, member(name, true))
		}
	}
	r = append(r, member("kernelPerLayer", s.KernelPerLayer))
	also("expansionPerLayer", s.ExpansionPerLayer)
	also("kernelTransforms", s.KernelTransforms)
	r = append(r, member("squeeze", string(s.Squeeze)))
	also("hardGate", s.HardGate)
	also("hardSwish", s.HardSwish)
	return append(r, member("shortcuts", string(s.Shortcuts)))
}
