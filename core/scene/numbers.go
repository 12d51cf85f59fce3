package scene

import (
	"math"
	"strconv"
	"strings"
)

// counted is what a layer costs in the child.
type counted struct{ macs, params int64 }

// costOf sums what core/cost counts for the parts of a layer; the classifier is
// the head's.
func (s *Scene) costOf(l Layer) counted {
	var c counted
	for _, part := range s.report.Layers {
		at := Layer{part.Stage, part.Block}
		if part.Stage < 0 {
			at = Layer{len(s.space.Stages), 0}
			if part.Kind == "stem" {
				at = Layer{-1, 0}
			}
		}
		if at == l {
			c.macs += part.MACs
			c.params += part.Params
		}
	}
	return c
}

// title is the name of a layer, and which of its stage it is.
func (s *Scene) title(l Layer) (name, which string) {
	if l.Stage >= 0 && l.Stage < len(s.space.Stages) {
		which = "layer " + strconv.Itoa(l.Index+1) + " of " + strconv.Itoa(last(s.space.Stages[l.Stage].Depths))
	}
	return s.name(l), which
}

// describe says a layer, or the child, in one sentence for a screen reader.
func (s *Scene) describe(l Layer) string {
	if s.block(l) == nil {
		return "The child: " + strconv.Itoa(s.depth()) + " layers, " + millions(s.report.MACs, 1) + " million multiply-accumulates, " +
			millions(s.report.Params, 2) + " million parameters."
	}
	name, which := s.title(l)
	if which != "" {
		name += ", " + which
	}
	if !s.active(l) {
		return name + ": skipped by this child."
	}
	in, out := s.channels(l)
	b, c := s.block(l), s.costOf(l)
	text := name + ": " + strconv.Itoa(in) + " of " + strconv.Itoa(b.in) + " channels in, " + strconv.Itoa(out) + " of " + strconv.Itoa(b.out) + " out"
	if b.kernel > 0 {
		k := strconv.Itoa(s.child.Stages[l.Stage].Kernels[l.Index])
		text += ", filter " + k + " by " + k
	}
	return text + ", " + millions(c.macs, 2) + " million multiply-accumulates, " + thousands(c.params) + " parameters."
}

// depth is how many layers of stages the child has.
func (s *Scene) depth() int {
	n := 0
	for _, st := range s.child.Stages {
		n += st.Depth
	}
	return n
}

func (s *Scene) deepest() int {
	n := 0
	for _, st := range s.space.Stages {
		n += last(st.Depths)
	}
	return n
}

func millions(n int64, decimals int) string {
	return strconv.FormatFloat(float64(n)/1e6, 'f', decimals, 64)
}

// percent is a share of a whole; small ones keep a decimal.
func percent(part, whole int64) string {
	v, decimals := 100*float64(part)/float64(max(1, whole)), 0
	if v < 9.95 {
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + " %"
}

// thousands writes a count with thousands marks.
func thousands(n int64) string {
	digits := strconv.FormatInt(int64(math.Abs(float64(n))), 10)
	var groups []string
	for ; len(digits) > 3; digits = digits[:len(digits)-3] {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
	}
	return strings.Join(append([]string{digits}, groups...), ",")
}

func square(side int) string { return strconv.Itoa(side) + " × " + strconv.Itoa(side) }
