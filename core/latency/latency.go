// Package latency predicts how long a child takes on one device from a table of the times of
// its parts: the stem, inverted-residual blocks, and the head with pool and classifier. The
// table takes seconds to measure (Measurement), because each block is timed only with its
// narrowest and widest input and output, for each kernel and resolution. What is between is
// interpolated along a law of the block's work, and the sum over a child's parts is scaled to
// whole children, whose weights and activations are less often in the cache.
//
// The package has no clock: the caller passes a Timer.
package latency

import (
	"strconv"

	"bignas/core/arch"
)

// Part is a unit that is timed: an inverted-residual block, whose Index is 0 for the first of its
// stage and 1 for every other; or the stem (Stage -1: In, Out, Size); or the head
// (Stage is the number of stages: In, Mid channels before the pool, Squeeze behind it of
// an expanded head, Out classes).
type Part = arch.Block

// Parts lists the parts of a valid architecture in the order in which they run.
func Parts(a arch.Arch, classes int) []Part {
	n := a.Network()
	parts := make([]Part, 0, len(n.Blocks)+2)
	parts = append(parts, Part{Stage: -1, In: n.Stem.In, Out: n.Stem.Out, Kernel: n.Stem.Kernel, Stride: n.Stem.Stride, Size: n.Stem.Size, OutSize: n.Stem.OutSize})
	for _, b := range n.Blocks {
		b.Index = min(b.Index, 1)
		parts = append(parts, b)
	}
	last, behind := n.BeforePool(), 0
	if n.HeadExpand.Out > 0 {
		behind = n.Head.Out
	}
	return append(parts, Part{Stage: len(a.Stages), In: last.In, Mid: last.Out, Squeeze: behind, Out: classes, Kernel: 1, Stride: 1, Size: last.Size, OutSize: 1})
}

// Name describes a part for people.
func Name(p Part, s *arch.Space) string {
	between := strconv.Itoa(p.In) + " to " + strconv.Itoa(p.Out) + " channels, "
	pixels := ", " + strconv.Itoa(p.Size) + " px"
	switch p.Stage {
	case -1:
		return "stem, " + between + "3x3" + pixels
	case len(s.Stages):
		return "head, " + strconv.Itoa(p.In) + " to " + strconv.Itoa(p.Mid) + " channels, pool, classifier" + pixels
	}
	k := strconv.Itoa(p.Kernel)
	which := " first block, "
	if p.Index > 0 {
		which = " block, "
	}
	return s.Stages[p.Stage].Name + which + between + k + "x" + k + pixels
}

// work returns the terms that the law is linear in.
func work(p Part) [terms]float64 {
	in, out := float64(p.Size*p.Size), float64(p.OutSize*p.OutSize)
	f := func(v int) float64 { return float64(v) }
	if p.Mid == 0 { // the stem
		return [terms]float64{1, 0, 0, out * 27 * f(p.Out)}
	}
	if p.Stride == 1 && p.Kernel == 1 { // the head
		if p.Squeeze > 0 {
			return [terms]float64{1, in * f(p.Mid), 0, in*f(p.In*p.Mid) + f(p.Mid*p.Squeeze+p.Squeeze*p.Out)}
		}
		return [terms]float64{1, in * f(p.Mid), 0, in*f(p.In*p.Mid) + f(p.Mid*p.Out)}
	}
	w := [terms]float64{1, out * f(p.Mid), out * f(p.Mid*p.Kernel*p.Kernel), out*f(p.Mid*p.Out) + 2*f(p.Mid*p.Squeeze)}
	if p.Expand {
		w[1] += in * f(p.Mid)
		w[3] += in * f(p.In*p.Mid)
	}
	if p.Shortcut == arch.Project {
		w[3] += out * f(p.In*p.Out)
	}
	return w
}

// terms is the number of terms of the law: 1, the values that go through an activation, and
// the multiplications of the depthwise convolution and of matrices.
const terms = 4

// Plan lists the parts of a table of the space, a few hundred.
func Plan(s *arch.Space, classes int) []Part {
	var parts []Part
	seen := map[Part]bool{}
	for _, a := range corners(s) {
		for _, p := range Parts(a, classes) {
			if !seen[p] {
				seen[p] = true
				parts = append(parts, p)
			}
		}
	}
	return parts
}

// corners returns architectures that have all parts of Plan: for each resolution and kernel,
// all widths least, all widths most, and alternating.
func corners(s *arch.Space) []arch.Arch {
	var all []arch.Arch
	ends := func(of []int, high bool) int {
		if high {
			return of[len(of)-1]
		}
		return of[0]
	}
	most := 1
	for _, st := range s.Stages {
		most = max(most, len(st.Kernels))
	}
	for _, r := range s.Resolutions {
		for kernel := range most {
			for _, wide := range []func(i int) bool{
				func(int) bool { return false }, func(int) bool { return true },
				func(i int) bool { return i%2 == 0 }, func(i int) bool { return i%2 == 1 },
			} {
				a := s.Max()
				a.Resolution, a.Stem, a.Head = r, ends(s.Stem, wide(0)), ends(s.Head, wide(len(s.Stages)+1))
				for i, st := range s.Stages {
					c := &a.Stages[i]
					c.Width = ends(st.Widths, wide(i+1))
					for l := range c.Kernels {
						c.Kernels[l] = st.Kernels[min(kernel, len(st.Kernels)-1)]
					}
				}
				all = append(all, a)
			}
		}
	}
	return all
}
