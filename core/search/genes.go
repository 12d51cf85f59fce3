package search

import (
	"math/rand/v2"
	"slices"

	"bignas/core/arch"
)

// axis is a kind of choice. The coarse grid makes one choice for the whole network.
type axis uint8

const (
	resolutionAxis axis = iota
	widthAxis           // of stem, stages and head
	depthAxis
	expansionAxis
	kernelAxis
	axes int = iota
)

// gene is one elastic dimension of a space.
type gene struct {
	axis  axis
	stage int // -1 outside the stages
	of    []int
}

// genome encodes architectures of a space as an index into gene.of for each gene. All
// encodings are valid architectures, so that mutation and crossover stay in the space.
type genome struct {
	space *arch.Space
	genes []gene
	first []int // index of each stage's width, which depth, expansions and kernels follow
}

func newGenome(s *arch.Space) *genome {
	g := &genome{space: s}
	add := func(x axis, stage int, of []int) { g.genes = append(g.genes, gene{x, stage, of}) }
	add(resolutionAxis, -1, s.Resolutions)
	add(widthAxis, -1, s.Stem)
	for i, st := range s.Stages {
		g.first = append(g.first, len(g.genes))
		add(widthAxis, i, st.Widths)
		add(depthAxis, i, st.Depths)
		for range g.each(i, s.ExpansionPerLayer) {
			add(expansionAxis, i, st.Expansions)
		}
		for range g.each(i, s.KernelPerLayer) {
			add(kernelAxis, i, st.Kernels)
		}
	}
	add(widthAxis, -1, s.Head)
	return g
}

// each returns the number of genes of a choice that layers of the stage make themselves, or share.
func (g *genome) each(stage int, perLayer bool) int {
	if !perLayer {
		return 1
	}
	of := g.space.Stages[stage].Depths
	return of[len(of)-1]
}

// arch decodes an architecture. Choices of layers that it does not have are ignored.
func (g *genome) arch(v []int) arch.Arch {
	at := func(i int) int { return g.genes[i].of[v[i]] }
	a := arch.Arch{Space: g.space, Resolution: at(0), Stem: at(1), Head: at(len(v) - 1)}
	for i, f := range g.first {
		c := arch.StageArch{Width: at(f), Depth: at(f + 1)}
		kernels := f + 2 + g.each(i, g.space.ExpansionPerLayer)
		if !g.space.ExpansionPerLayer {
			c.Expansion = at(f + 2)
		}
		for l := range c.Depth {
			if g.space.ExpansionPerLayer {
				c.Expansions = append(c.Expansions, at(f+2+l))
			}
			if !g.space.KernelPerLayer {
				l = 0
			}
			c.Kernels = append(c.Kernels, at(kernels+l))
		}
		a.Stages = append(a.Stages, c)
	}
	return a
}

// of encodes a valid architecture. A layer that it does not have gets the choices of the last
// layer of its stage.
func (g *genome) of(a arch.Arch) []int {
	values := []int{a.Resolution, a.Stem}
	for i, c := range a.Stages {
		values = append(values, c.Width, c.Depth)
		for l := range g.each(i, g.space.ExpansionPerLayer) {
			values = append(values, c.ExpansionOf(min(l, c.Depth-1)))
		}
		for l := range g.each(i, g.space.KernelPerLayer) {
			values = append(values, c.Kernels[min(l, c.Depth-1)])
		}
	}
	values = append(values, a.Head)
	v := make([]int, len(values))
	for i, x := range values {
		v[i] = slices.Index(g.genes[i].of, x)
	}
	return v
}

// mutate changes one choice, with probability 1/2 another, and so on. Two of three changes are
// to the next bigger or smaller choice, the others to any.
func (g *genome) mutate(v []int, r *rand.Rand) []int {
	out := slices.Clone(v)
	for {
		i := r.IntN(len(out))
		n := len(g.genes[i].of)
		if n == 1 {
			continue
		}
		if r.IntN(3) > 0 {
			step := 1 - 2*r.IntN(2)
			out[i] = min(max(out[i]+step, 0), n-1)
		} else {
			out[i] = r.IntN(n)
		}
		if r.IntN(2) == 0 {
			return out
		}
	}
}

// cross takes each stage as a whole, and each choice outside the stages, from one of two
// parents.
func (g *genome) cross(a, b []int, r *rand.Rand) []int {
	out := slices.Clone(a)
	for i := 0; i < len(out); {
		end := i + 1
		for stage := g.genes[i].stage; stage >= 0 && end < len(out) && g.genes[end].stage == stage; {
			end++
		}
		if r.IntN(2) == 0 {
			copy(out[i:end], b[i:end])
		}
		i = end
	}
	return out
}

// shrink makes random choices smaller, a step at a time, until the result is allowed. The
// smallest child must be allowed.
func (g *genome) shrink(v []int, r *rand.Rand, allowed func([]int) bool) []int {
	out := slices.Clone(v)
	for !allowed(out) {
		var bigger []int
		for i, x := range out {
			if x > 0 {
				bigger = append(bigger, i)
			}
		}
		if len(bigger) == 0 {
			panic("search: the smallest child is not allowed")
		}
		out[bigger[r.IntN(len(bigger))]]--
	}
	return out
}

// skeleton sets all genes of an axis to the same level, 0 (least) to 1 (most), as Space.At
// does.
func (g *genome) skeleton(level [axes]float64) []int {
	v := make([]int, len(g.genes))
	for i, x := range g.genes {
		v[i] = arch.Nearest(level[x.axis], x.of)
	}
	return v
}

// levels returns the levels of an axis on the coarse grid: up to eight resolutions, three depths,
// widths and expansions, the smallest and the biggest kernels, and a single one where there
// is no choice.
func (g *genome) levels(x axis) []float64 {
	most := 1
	for _, c := range g.genes {
		if c.axis == x {
			most = max(most, len(c.of))
		}
	}
	n := min(most, 3)
	switch x {
	case resolutionAxis:
		n = min(most, 8)
	case kernelAxis:
		n = min(most, 2)
	}
	if n == 1 {
		return []float64{0}
	}
	l := make([]float64, n)
	for i := range l {
		l[i] = float64(i) / float64(n-1)
	}
	return l
}

// grid lists the architectures of the coarse grid, each once, the smallest child first.
func (g *genome) grid() []arch.Arch {
	var all []arch.Arch
	seen := map[string]bool{}
	var level [axes]float64
	var walk func(x axis)
	walk = func(x axis) {
		if int(x) == axes {
			a := g.arch(g.skeleton(level))
			if text := a.String(); !seen[text] {
				seen[text] = true
				all = append(all, a)
			}
			return
		}
		for _, l := range g.levels(x) {
			level[x] = l
			walk(x + 1)
		}
	}
	walk(0)
	return all
}
