package arch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Arch is one architecture of a space, with a choice for each elastic dimension.
type Arch struct {
	Space      *Space      `json:"-"`
	Resolution int         `json:"resolution"`
	Stem       int         `json:"stem"`
	Stages     []StageArch `json:"stages"`
	Head       int         `json:"head"`
}

// StageArch is the choices for one stage. Kernels has one entry for each layer, and so has
// Expansions in a space with ExpansionPerLayer, where Expansion is 0; elsewhere it is nil.
type StageArch struct {
	Width      int   `json:"width"`
	Depth      int   `json:"depth"`
	Expansion  int   `json:"expansion"`
	Expansions []int `json:"expansions,omitempty"`
	Kernels    []int `json:"kernels"`
}

// ExpansionOf returns the expansion of a layer.
func (c StageArch) ExpansionOf(layer int) int {
	if c.Expansions != nil {
		return c.Expansions[layer]
	}
	return c.Expansion
}

// MeanExpansion returns the mean over the layers.
func (c StageArch) MeanExpansion() float64 {
	if c.Expansions == nil {
		return float64(c.Expansion)
	}
	sum := 0
	for _, e := range c.Expansions {
		sum += e
	}
	return float64(sum) / float64(len(c.Expansions))
}

// SetDepth adds or takes away layers at the end. One that is added has the kernel, and where
// layers differ in it the expansion, of the last one there was.
func (c *StageArch) SetDepth(depth int) {
	c.Depth = depth
	c.Kernels = repeated(c.Kernels, depth)
	if c.Expansions != nil {
		c.Expansions = repeated(c.Expansions, depth)
	}
}

func repeated(v []int, n int) []int {
	for len(v) < n {
		v = append(v, v[len(v)-1])
	}
	return v[:n]
}

// pick builds an architecture by calling choose for each dimension in a fixed order:
// resolution, stem, width, depth, expansions and kernels of each stage, head.
func (s *Space) pick(choose func(of []int) int) Arch {
	a := Arch{Space: s, Resolution: choose(s.Resolutions), Stem: choose(s.Stem)}
	for _, st := range s.Stages {
		c := StageArch{Width: choose(st.Widths), Depth: choose(st.Depths)}
		if s.ExpansionPerLayer {
			c.Expansions = make([]int, c.Depth)
			for i := range c.Expansions {
				c.Expansions[i] = choose(st.Expansions)
			}
		} else {
			c.Expansion = choose(st.Expansions)
		}
		c.Kernels = make([]int, c.Depth)
		for i := range c.Kernels {
			if i > 0 && !s.KernelPerLayer {
				c.Kernels[i] = c.Kernels[0]
				continue
			}
			c.Kernels[i] = choose(st.Kernels)
		}
		a.Stages = append(a.Stages, c)
	}
	a.Head = choose(s.Head)
	return a
}

// Min returns the smallest child, with the least of each choice.
func (s *Space) Min() Arch { return s.At(0) }

// Max returns the biggest child, with the most of each choice.
func (s *Space) Max() Arch { return s.At(1) }

// At returns the child with all choices at the same fraction, 0 to 1, of their ranges (Nearest).
func (s *Space) At(fraction float64) Arch {
	return s.pick(func(of []int) int { return of[Nearest(fraction, of)] })
}

// Nearest returns the index of the choice nearest to a fraction, 0 to 1, of the range of
// choices, and of two the bigger one.
func Nearest(fraction float64, of []int) int { return int(fraction*float64(len(of)-1) + 0.5) }

// Sample draws all dimensions uniformly and independently, as the random children of BigNAS are
// (section 3.1).
func (s *Space) Sample(r *rand.Rand) Arch {
	return s.pick(func(of []int) int { return of[r.IntN(len(of))] })
}

// Clone returns a deep copy.
func (a Arch) Clone() Arch {
	a.Stages = slices.Clone(a.Stages)
	for i := range a.Stages {
		c := &a.Stages[i]
		c.Kernels, c.Expansions = slices.Clone(c.Kernels), slices.Clone(c.Expansions)
	}
	return a
}

// Equal reports whether a and b are the same architecture of the same space.
func (a Arch) Equal(b Arch) bool {
	return a.Space == b.Space && a.Resolution == b.Resolution && a.Stem == b.Stem && a.Head == b.Head &&
		slices.EqualFunc(a.Stages, b.Stages, func(x, y StageArch) bool {
			return x.Width == y.Width && x.Depth == y.Depth && x.Expansion == y.Expansion &&
				slices.Equal(x.Expansions, y.Expansions) && slices.Equal(x.Kernels, y.Kernels)
		})
}

// Within reports whether a is nested in b: no choice of a is bigger than b's, so that b has all
// weights of a.
func (a Arch) Within(b Arch) bool {
	if a.Space != b.Space || a.Resolution > b.Resolution || a.Stem > b.Stem || a.Head > b.Head || len(a.Stages) != len(b.Stages) {
		return false
	}
	for i, c := range a.Stages {
		d := b.Stages[i]
		if c.Width > d.Width || c.Depth > d.Depth {
			return false
		}
		for j, k := range c.Kernels {
			if k > d.Kernels[j] || c.ExpansionOf(j) > d.ExpansionOf(j) {
				return false
			}
		}
	}
	return true
}

// Error is a field of an architecture with a value that the space does not allow.
type Error struct {
	Space   string
	Field   string // e.g. "S3 width"
	Value   int
	Allowed []int
}

// Error names the field, the value and the allowed values.
func (e *Error) Error() string {
	return fmt.Sprintf("arch: %s is %d; the space %s allows %s", e.Field, e.Value, e.Space, list(e.Allowed))
}

func list(v []int) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = fmt.Sprint(x)
	}
	if len(s) > 6 && v[1]-v[0] == v[len(v)-1]-v[len(v)-2] { // an arithmetic progression is shortened
		return fmt.Sprintf("%d to %d in steps of %d", v[0], v[len(v)-1], v[1]-v[0])
	}
	return strings.Join(s, ", ")
}

// Validate returns an *Error for the first dimension of a that the space does not allow.
func (s *Space) Validate(a Arch) error {
	var err error
	check := func(field string, v int, of []int) {
		if err == nil && !slices.Contains(of, v) {
			err = &Error{s.Name, field, v, of}
		}
	}
	check("resolution", a.Resolution, s.Resolutions)
	check("stem channels", a.Stem, s.Stem)
	check("number of stages", len(a.Stages), []int{len(s.Stages)})
	if err != nil {
		return err
	}
	for i, st := range s.Stages {
		c := a.Stages[i]
		check(st.Name+" width", c.Width, st.Widths)
		check(st.Name+" depth", c.Depth, st.Depths)
		if s.ExpansionPerLayer {
			check(st.Name+" number of expansions", len(c.Expansions), []int{c.Depth})
			check(st.Name+" expansion beside those of its layers", c.Expansion, []int{0})
			for j, e := range c.Expansions {
				if slices.Contains(st.Expansions, e) { // the usual case makes no text
					continue
				}
				check(fmt.Sprintf("%s layer %d expansion", st.Name, j+1), e, st.Expansions)
			}
		} else {
			check(st.Name+" expansion", c.Expansion, st.Expansions)
			check(st.Name+" number of expansions of single layers", len(c.Expansions), []int{0})
		}
		check(st.Name+" number of kernels", len(c.Kernels), []int{c.Depth})
		for j, k := range c.Kernels {
			if slices.Contains(st.Kernels, k) && (s.KernelPerLayer || k == c.Kernels[0]) {
				continue
			}
			check(fmt.Sprintf("%s layer %d kernel", st.Name, j+1), k, st.Kernels)
			if !s.KernelPerLayer {
				check(fmt.Sprintf("%s layer %d kernel (one a stage)", st.Name, j+1), k, c.Kernels[:1])
			}
		}
	}
	check("head channels", a.Head, s.Head)
	return err
}
