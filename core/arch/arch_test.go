package arch

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestSampleIsUniform is a chi-square test of every dimension that a child has
// whatever its depth: 4000 draws, and a bound that a fair draw misses about
// once in a million (the seed is fixed, so this never flickers).
func TestSampleIsUniform(t *testing.T) {
	const draws = 4000
	for _, name := range Spaces() {
		s := lookup(t, name)
		r := rand.New(rand.NewPCG(7, 8))
		counts := map[string]map[int]int{}
		choices := map[string][]int{}
		see := func(what string, v int, of []int) {
			if counts[what] == nil {
				counts[what], choices[what] = map[int]int{}, of
			}
			counts[what][v]++
		}
		for range draws {
			a := s.Sample(r)
			if err := s.Validate(a); err != nil {
				t.Fatal(err)
			}
			see("resolution", a.Resolution, s.Resolutions)
			see("stem", a.Stem, s.Stem)
			see("head", a.Head, s.Head)
			for i, st := range s.Stages {
				c := a.Stages[i]
				see(st.Name+" width", c.Width, st.Widths)
				see(st.Name+" depth", c.Depth, st.Depths)
				see(st.Name+" expansion", c.ExpansionOf(0), st.Expansions)
				see(st.Name+" first kernel", c.Kernels[0], st.Kernels)
			}
		}
		for what, n := range counts {
			want, chi := float64(draws)/float64(len(choices[what])), 0.0
			for _, v := range choices[what] {
				d := float64(n[v]) - want
				chi += d * d / want
			}
			// Wilson-Hilferty: (chi/k)^(1/3) is about normal; 4.75 sigma.
			k := float64(len(choices[what]) - 1)
			if k == 0 {
				continue
			}
			if z := (math.Cbrt(chi/k) - 1 + 2/(9*k)) / math.Sqrt(2/(9*k)); z > 4.75 {
				t.Errorf("%s %s: %v is not uniform (chi-square %.1f, %g degrees)", name, what, n, chi, k)
			}
		}
	}
}

// TestSampleKernels: layers of a stage differ only where the space lets them.
func TestSampleKernels(t *testing.T) {
	for _, name := range Spaces() {
		s := lookup(t, name)
		r := rand.New(rand.NewPCG(9, 10))
		mixed, mixedExpansions := false, false
		for range 300 {
			for _, c := range s.Sample(r).Stages {
				mixed = mixed || !same(c.Kernels)
				mixedExpansions = mixedExpansions || !same(c.Expansions)
			}
		}
		if mixed != s.KernelPerLayer {
			t.Errorf("%s: mixed kernels in a stage: %v, want %v", name, mixed, s.KernelPerLayer)
		}
		if mixedExpansions != s.ExpansionPerLayer {
			t.Errorf("%s: mixed expansions in a stage: %v, want %v", name, mixedExpansions, s.ExpansionPerLayer)
		}
	}
}

// TestSampleIsSeeded: one seed, one child.
func TestSampleIsSeeded(t *testing.T) {
	s := lookup(t, "bignas")
	a, b := s.Sample(rand.New(rand.NewPCG(1, 1))), s.Sample(rand.New(rand.NewPCG(1, 1)))
	if c := s.Sample(rand.New(rand.NewPCG(1, 2))); !a.Equal(b) || a.Equal(c) {
		t.Errorf("seeds 1,1 1,1 and 1,2 gave %s, %s, %s", a, b, c)
	}
}

// TestExtremes: Min and Max take the ends of every list, and lists ascend.
func TestExtremes(t *testing.T) {
	for _, name := range Spaces() {
		s := lookup(t, name)
		lists := [][]int{s.Resolutions, s.Stem, s.Head}
		lo, hi := s.Min(), s.Max()
		for i, st := range s.Stages {
			lists = append(lists, st.Widths, st.Depths, st.Kernels, st.Expansions)
			a, b := lo.Stages[i], hi.Stages[i]
			if a.Width != slices.Min(st.Widths) || a.Depth != slices.Min(st.Depths) || a.ExpansionOf(a.Depth-1) != slices.Min(st.Expansions) ||
				slices.Max(a.Kernels) != slices.Min(st.Kernels) || len(a.Kernels) != a.Depth {
				t.Errorf("%s %s: the smallest is %+v", name, st.Name, a)
			}
			if b.Width != slices.Max(st.Widths) || b.Depth != slices.Max(st.Depths) || b.ExpansionOf(b.Depth-1) != slices.Max(st.Expansions) ||
				slices.Min(b.Kernels) != slices.Max(st.Kernels) || len(b.Kernels) != b.Depth {
				t.Errorf("%s %s: the biggest is %+v", name, st.Name, b)
			}
		}
		for _, l := range lists {
			if len(l) == 0 || !slices.IsSorted(l) || len(slices.Compact(slices.Clone(l))) != len(l) {
				t.Errorf("%s: the choices %v do not ascend", name, l)
			}
		}
		if s.Validate(lo) != nil || s.Validate(hi) != nil {
			t.Errorf("%s: smallest or biggest is refused", name)
		}
	}
}

// TestAt: every choice is rounded to the nearest by itself, half up.
func TestAt(t *testing.T) {
	s := lookup(t, "nette")
	for _, c := range []struct {
		fraction float64
		want     string
	}{
		{0.25, "r128-c12-8x1k3-16x1k3-24x2k3-40x2k3-56x2k3-88x3k3-144x1k3-h384"},
		{0.5, "r160-c12-12x2k3-16x2k3-28x3k5-48x3k5-64x3k5-104x3k5-160x2k5-h512"},
	} {
		if got := s.At(c.fraction).String(); got != c.want {
			t.Errorf("At(%v) is %s, want %s", c.fraction, got, c.want)
		}
	}
}

func TestResolutionsUpTo(t *testing.T) {
	s := lookup(t, "nette")
	for limit, want := range map[int][]int{64: {64}, 96: {96}, 130: {96, 128}, 192: s.Resolutions, 300: s.Resolutions} {
		if got := s.ResolutionsUpTo(limit); !slices.Equal(got, want) {
			t.Errorf("up to %d: %v, want %v", limit, got, want)
		}
	}
}

// TestTiny pins the ends of the space of the 200-class weights, whose costs
// core/cost pins.
func TestTiny(t *testing.T) {
	s := lookup(t, "tiny")
	if a, b := s.Min().String(), s.Max().String(); a != "r96-c12-12x1k3-16x1k3-24x2k3-40x2k3-56x2k3-88x2k3-128x1k3-h384" ||
		b != "r160-c20-16x2k3-24x3k3-40x3k5-72x4k5-96x4k5-168x4k5-208x2k5-h768" {
		t.Errorf("smallest %s, biggest %s", a, b)
	}
}

// TestValidate: an impossible architecture is refused with the field, the value
// and what is allowed; nothing is rounded.
func TestValidate(t *testing.T) {
	s, perStage, perLayer := lookup(t, "bignas"), lookup(t, "attentivenas"), lookup(t, "ofa-mbv3")
	for _, c := range []struct {
		space   *Space
		spoil   func(a *Arch)
		field   string
		value   int
		allowed string
	}{
		{s, func(a *Arch) { a.Resolution = 225 }, "resolution", 225, "192, 224, 288, 320"},
		{s, func(a *Arch) { a.Stem = 36 }, "stem channels", 36, "32, 40"},
		{s, func(a *Arch) { a.Stages = a.Stages[:6] }, "number of stages", 6, "7"},
		{s, func(a *Arch) { a.Stages[4].Width = 116 }, "S5 width", 116, "112, 120, 128"},
		{s, func(a *Arch) { a.Stages[6].Depth = 0 }, "S7 depth", 0, "1, 2"},
		{s, func(a *Arch) { a.Stages[1].Expansion = 4 }, "S2 expansion", 4, "6"},
		{s, func(a *Arch) { a.Stages[2].Kernels = []int{3} }, "S3 number of kernels", 1, "2"},
		{s, func(a *Arch) { a.Stages[2].Kernels[1] = 7 }, "S3 layer 2 kernel", 7, "3, 5"},
		{s, func(a *Arch) { a.Stages[0].Kernels[0] = 5 }, "S1 layer 1 kernel", 5, "3"},
		{s, func(a *Arch) { a.Head = 1284 }, "head channels", 1284, "1280 to 1408 in steps of 8"},
		{perStage, func(a *Arch) { a.Stages[1].Kernels[2] = 5 }, "mb2 layer 3 kernel (one a stage)", 5, "3"},
		{perStage, func(a *Arch) { a.Stages[5].Expansion = -1 }, "mb6 expansion", -1, "6"},
		{perStage, func(a *Arch) { a.Stages[5].Expansions = []int{6} }, "mb6 number of expansions of single layers", 1, "0"},
		{perLayer, func(a *Arch) { a.Stages[2].Expansions[1] = 5 }, "S3 layer 2 expansion", 5, "3, 4, 6"},
		{perLayer, func(a *Arch) { a.Stages[2].Expansions = nil }, "S3 number of expansions", 0, "2"},
		{perLayer, func(a *Arch) { a.Stages[2].Expansion = 3 }, "S3 expansion beside those of its layers", 3, "0"},
		{perLayer, func(a *Arch) { a.Resolution = 130 }, "resolution", 130, "128 to 224 in steps of 4"},
	} {
		a := c.space.Min()
		c.spoil(&a)
		err := c.space.Validate(a)
		var bad *Error
		if !errors.As(err, &bad) {
			t.Errorf("%s = %d: %v, want an Error", c.field, c.value, err)
			continue
		}
		if bad.Field != c.field || bad.Value != c.value || bad.Space != c.space.Name {
			t.Errorf("refused %+v, want %s = %d", bad, c.field, c.value)
		}
		if !strings.HasSuffix(err.Error(), "allows "+c.allowed) {
			t.Errorf("%v: want it to end in %q", err, c.allowed)
		}
	}
	if _, err := s.Parse("r192-c32-16x1k3-24x2k3-40x2k3-80x2k3-113x2k3-192x2k3-320x1k3-h1280"); err == nil ||
		!strings.Contains(err.Error(), "S5 width is 113") {
		t.Errorf("an impossible width in a text gives %v", err)
	}
}

func TestLookup(t *testing.T) {
	if got := Spaces(); !slices.Equal(got, []string{"attentivenas", "bignas", "nette", "ofa-mbv3", "ofa-mbv3-w1.2", "tiny"}) {
		t.Errorf("spaces %v", got)
	}
	if _, err := Lookup("bignet"); err == nil || !strings.Contains(err.Error(), "attentivenas, bignas, nette") {
		t.Errorf("an unknown space gives %v", err)
	}
}

// TestCloneIsDeep: what search changes in a copy never reaches the original.
func TestCloneIsDeep(t *testing.T) {
	a := lookup(t, "bignas").Max()
	b := a.Clone()
	b.Stages[3].Width, b.Stages[3].Kernels[0] = 80, 3
	if a.Equal(b) || a.Stages[3].Width != 88 || a.Stages[3].Kernels[0] != 5 {
		t.Errorf("a copy shares memory with %s", a)
	}
	a = lookup(t, "ofa-mbv3").Max()
	b = a.Clone()
	b.Stages[3].Expansions[2] = 3
	if a.Equal(b) || a.Stages[3].Expansions[2] != 6 || a.Within(b) || !b.Within(a) {
		t.Errorf("a copy shares memory with %s", a)
	}
}

// TestSetDepth: layers that are added repeat the last one, and those that are left keep theirs.
func TestSetDepth(t *testing.T) {
	c := StageArch{Depth: 2, Kernels: []int{3, 7}, Expansions: []int{6, 4}}
	c.SetDepth(4)
	if c.Depth != 4 || !slices.Equal(c.Kernels, []int{3, 7, 7, 7}) || !slices.Equal(c.Expansions, []int{6, 4, 4, 4}) {
		t.Errorf("four layers are %+v", c)
	}
	c.SetDepth(1)
	if c.Depth != 1 || !slices.Equal(c.Kernels, []int{3}) || !slices.Equal(c.Expansions, []int{6}) {
		t.Errorf("one layer is %+v", c)
	}
	if c = (StageArch{Depth: 1, Expansion: 6, Kernels: []int{3}}); c.Expansions != nil {
		t.Errorf("one expansion for all became %+v", c)
	}
}
