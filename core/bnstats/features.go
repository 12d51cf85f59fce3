package bnstats

import (
	"bignas/core/arch"
	"bignas/core/supernet"
)

// inputStage returns the stage whose width is the input of the place's block, -1 for the
// stem.
func inputStage(p supernet.BNPlace) int {
	if p.Index > 0 {
		return p.Stage
	}
	return p.Stage - 1
}

// appendFeatures appends the features of the architecture on which a BN layer depends: the
// resolution; for each earlier stage a number each for width, depth, expansions and kernels; and for the
// widths that feed the layer directly an indicator for each choice, because a wider prefix
// adds particular channels.
func appendFeatures(f []float64, a arch.Arch, p supernet.BNPlace) []float64 {
	s := a.Space
	f = append(f, 1)
	res := arch.Centred(a.Resolution, s.Resolutions)
	f = append(f, res, res*res)
	last := min(p.Stage, len(s.Stages)-1)
	direct := inputStage(p)
	if direct < 0 {
		f = oneHot(f, a.Stem, s.Stem)
	} else {
		f = append(f, arch.Centred(a.Stem, s.Stem))
	}
	for i := 0; i <= last; i++ {
		c, st := a.Stages[i], s.Stages[i]
		if i == direct {
			f = oneHot(f, c.Width, st.Widths)
		} else if i < p.Stage || p.Kind == supernet.ProjectBN {
			f = append(f, arch.Centred(c.Width, st.Widths))
		}
		if len(st.Expansions) > 1 && !s.ExpansionPerLayer {
			f = append(f, arch.Centred(c.Expansion, st.Expansions))
		}
		layers := c.Depth
		if i == p.Stage {
			layers = p.Index // of this stage, only the layers before
		} else {
			f = append(f, arch.Centred(c.Depth, st.Depths))
			if i == p.Stage-1 { // the last layer's block is new in a deeper child
				d := arch.Centred(c.Depth, st.Depths)
				f = append(f, d*d)
			}
		}
		if len(st.Kernels) > 1 {
			mean := 0.0
			for _, k := range c.Kernels[:min(layers, len(c.Kernels))] {
				mean += arch.Centred(k, st.Kernels)
			}
			f = append(f, mean/float64(max(1, layers)))
			if i == p.Stage && p.Kind > supernet.ExpandBN {
				f = append(f, arch.Centred(c.Kernels[p.Index], st.Kernels))
			}
		}
		if s.ExpansionPerLayer && len(st.Expansions) > 1 {
			mean := 0.0
			for _, e := range c.Expansions[:min(layers, len(c.Expansions))] {
				mean += arch.Centred(e, st.Expansions)
			}
			f = append(f, mean/float64(max(1, layers)))
			if i == p.Stage && p.Kind == supernet.ProjectBN { // reads as many channels
				f = oneHot(f, c.Expansions[p.Index], st.Expansions)
			}
		}
	}
	return appendProducts(f, a, p, res)
}

// appendVariance appends the features for the variance of a BN layer, which depends on more
// than the mean does. First come those of appendFeatures. Early layers, which have few, get
// all their products. Later ones get indicators for the resolution, for each kernel (for
// those of distant stages only before an expansion), and for the width of the stage before
// the one that is read directly.
func appendVariance(f []float64, a arch.Arch, p supernet.BNPlace) []float64 {
	s, from := a.Space, len(f)
	f = appendFeatures(f, a, p)
	if p.Stage <= 1 {
		x := f[from+1:]
		for i, v := range x {
			for _, w := range x[i:] {
				f = append(f, v*w)
			}
		}
		return f
	}
	last := min(p.Stage, len(s.Stages)-1)
	f = between(f, a.Resolution, s.Resolutions)
	for i, st := range s.Stages[:last+1] {
		if i < p.Stage-1 {
			f = between(f, a.Stages[i].Depth, st.Depths)
		}
		if len(st.Kernels) == 1 || i < last-1 && (p.Kind != supernet.ExpandBN || p.Stage > last) {
			continue
		}
		layers := st.Depths[len(st.Depths)-1]
		if i == p.Stage {
			layers = p.Index
		}
		for l := range layers {
			k := 0.0
			if l < a.Stages[i].Depth {
				k = arch.Centred(a.Stages[i].Kernels[l], st.Kernels)
			}
			f = append(f, k)
		}
	}
	before := inputStage(p) - 1
	f = between(f, a.Stages[before].Width, s.Stages[before].Widths)
	if p.Stage > last { // the head, where errors matter most: products with the resolution too
		res := 0.2 * arch.Centred(a.Resolution, s.Resolutions)
		for _, v := range f[from+1:] {
			f = append(f, res*v)
		}
	}
	return f
}

// between appends an indicator for each choice but the ends, for which another feature
// stands.
func between(f []float64, v int, of []int) []float64 { return oneHot(f, v, of[:max(1, len(of)-1)]) }

// appendProducts appends products of features: of a kernel, which matters more in small
// images, where it reaches beyond the border, with the resolution and with the channels it
// reads; and of the choices of the stages that feed the layer directly.
func appendProducts(f []float64, a arch.Arch, p supernet.BNPlace, res float64) []float64 {
	s, direct := a.Space, inputStage(p)
	if p.Stage >= 0 && p.Stage < len(s.Stages) && p.Kind > supernet.ExpandBN && len(s.Stages[p.Stage].Kernels) > 1 {
		k := arch.Centred(a.Stages[p.Stage].Kernels[p.Index], s.Stages[p.Stage].Kernels)
		f = append(f, k*res, k*res*res)
		if direct >= 0 {
			f = append(f, k*arch.Centred(a.Stages[direct].Width, s.Stages[direct].Widths))
		}
	}
	for i := max(0, p.Stage-1); i < min(p.Stage, len(s.Stages)); i++ {
		w, d := arch.Centred(a.Stages[i].Width, s.Stages[i].Widths), arch.Centred(a.Stages[i].Depth, s.Stages[i].Depths)
		f = append(f, res*w, res*d, w*d)
	}
	return f
}

// oneHot appends an indicator for each choice after the first.
func oneHot(f []float64, v int, of []int) []float64 {
	for _, c := range of[1:] {
		if v == c {
			f = append(f, 1)
		} else {
			f = append(f, 0)
		}
	}
	return f
}
