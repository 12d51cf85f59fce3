package arch

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// String returns the canonical text of an architecture, of letters, digits and '-', so that it
// can be used in URLs, file names and shell words:
//
//	r160-c16-8x1k3-16x2k3-24x3k355-40x2k5-64x2k3-96x3k3-128x1k5-h384
//
// It has the resolution, the stem channels, for each stage width x depth, k and the kernels (one
// digit where all layers agree, otherwise one for each layer), e and the expansion where the
// space has a choice (in the form of kernels where layers may differ in it), and the head channels.
func (a Arch) String() string {
	b := make([]byte, 0, 96)
	put := func(before string, v int) { b = strconv.AppendInt(append(b, before...), int64(v), 10) }
	put("r", a.Resolution)
	put("-c", a.Stem)
	for i, c := range a.Stages {
		put("-", c.Width)
		put("x", c.Depth)
		each := func(before byte, v []int) {
			b = append(b, before)
			if same(v) {
				v = v[:min(len(v), 1)]
			}
			for _, x := range v {
				put("", x)
			}
		}
		each('k', c.Kernels)
		if len(a.Space.Stages[i].Expansions) > 1 {
			if c.Expansions != nil {
				each('e', c.Expansions)
			} else {
				put("e", c.Expansion)
			}
		}
	}
	put("-h", a.Head)
	return string(b)
}

func same(v []int) bool {
	for _, x := range v {
		if x != v[0] {
			return false
		}
	}
	return true
}

// SyntaxError is the text of an architecture that cannot be parsed.
type SyntaxError struct{ Text, Part, Want string }

// Error shows the part that is wrong and what is expected there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("arch: %q in %q: want %s, e.g. min, max, random:1 or %s", e.Part, e.Text, e.Want, spaces["nette"].Min())
}

// Parse parses "min", "max", "random:" and a seed, or the text that Arch.String returns. The
// error is a *SyntaxError for any other text, and an *Error for a choice that the space does not
// have.
func (s *Space) Parse(text string) (Arch, error) {
	switch text {
	case "min", "smallest":
		return s.Min(), nil
	case "max", "biggest":
		return s.Max(), nil
	}
	if seed, ok := strings.CutPrefix(text, "random:"); ok {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return Arch{}, &SyntaxError{text, seed, "a seed"}
		}
		return s.Sample(rand.New(rand.NewPCG(n, 0))), nil
	}
	if len(text) > 1024 {
		return Arch{}, &SyntaxError{text[:24] + "…", "", "at most 1024 letters"}
	}
	parts := strings.Split(text, "-")
	if want := len(s.Stages) + 3; len(parts) != want {
		return Arch{}, &SyntaxError{text, fmt.Sprintf("%d parts", len(parts)),
			fmt.Sprintf("%d parts joined by '-' (the space %s has %d stages)", want, s.Name, len(s.Stages))}
	}
	a := Arch{Space: s}
	p := parser{text: text}
	a.Resolution = p.field(parts[0], "r", "r and the resolution")
	a.Stem = p.field(parts[1], "c", "c and the stem channels")
	for i, st := range s.Stages {
		a.Stages = append(a.Stages, p.stage(parts[2+i], st, s.ExpansionPerLayer))
	}
	a.Head = p.field(parts[len(parts)-1], "h", "h and the head channels")
	if p.err != nil {
		return Arch{}, p.err
	}
	if err := s.Validate(a); err != nil {
		return Arch{}, err
	}
	return a, nil
}

type parser struct {
	text string
	err  error
}

func (p *parser) fail(part, want string) {
	if p.err == nil {
		p.err = &SyntaxError{p.text, part, want}
	}
}

// number parses a decimal without sign or leading zero, so that each architecture has one text.
func (p *parser) number(s, part, want string) int {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) > 5 || s[0] == '+' || s[0] == '-' || (s[0] == '0' && s != "0") {
		p.fail(part, want)
		return 0
	}
	return n
}

func (p *parser) field(part, prefix, want string) int {
	rest, ok := strings.CutPrefix(part, prefix)
	if !ok {
		p.fail(part, want)
		return 0
	}
	return p.number(rest, part, want)
}

func (p *parser) stage(part string, st Stage, perLayer bool) StageArch {
	want := "width x depth k kernels for " + st.Name + ", like " +
		fmt.Sprintf("%dx%dk%d", st.Widths[0], st.Depths[0], st.Kernels[0])
	var c StageArch
	rest, es := part, strconv.Itoa(st.Expansions[0])
	if len(st.Expansions) > 1 {
		want += fmt.Sprintf("e%d", st.Expansions[0])
		var ok bool
		if rest, es, ok = strings.Cut(rest, "e"); !ok {
			p.fail(part, want)
			return c
		}
	}
	if !perLayer {
		c.Expansion = p.number(es, part, want)
	}
	w, rest, okW := strings.Cut(rest, "x")
	d, ks, okD := strings.Cut(rest, "k")
	if !okW || !okD {
		p.fail(part, want)
		return c
	}
	c.Width, c.Depth = p.number(w, part, want), p.number(d, part, want)
	if c.Depth < 0 || c.Depth > 64 {
		p.fail(part, want)
		return c
	}
	c.Kernels = p.digits(ks, c.Depth, "kernel", part, want)
	if perLayer {
		c.Expansions = p.digits(es, c.Depth, "expansion", part, want)
	}
	return c
}

// digits parses one digit, or one for each of n layers.
func (p *parser) digits(s string, n int, what, part, want string) []int {
	if len(s) == 0 {
		p.fail(part, want)
		return nil
	}
	if len(s) != 1 && len(s) != n {
		p.fail(part, fmt.Sprintf("one %s, or one for each of the %d layers", what, n))
		return nil
	}
	var v []int
	for i := range n {
		d := s[min(i, len(s)-1)]
		if d < '0' || d > '9' {
			p.fail(part, want)
			return nil
		}
		v = append(v, int(d-'0'))
	}
	return v
}
