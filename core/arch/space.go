// Package arch describes search spaces, the architectures in them, and the text form of an
// architecture that command lines, URLs, JSON and file names share.
//
// A Space lists the choices of each dimension, an Arch has one of each, and a Network is an Arch
// with the sizes of its layers. The package does not know about weights.
package arch

import (
	"fmt"
	"sort"
	"strings"
)

// Space is a search space: the choices of every elastic dimension, ascending.
type Space struct {
	Name        string  `json:"name"`
	Resolutions []int   `json:"resolutions"` // pixels on a side of the square input
	Stem        []int   `json:"stem"`        // output channels of the 3x3 stride-2 convolution
	Stages      []Stage `json:"stages"`
	Head        []int   `json:"head"` // output channels of the last 1x1 convolution

	// HeadExpansion, when not zero, puts a 1x1 convolution to that many times
	// the last stage's channels before the global pool, and the Head
	// convolution after it (AttentiveNAS, MobileNetV3). Zero means one 1x1 convolution
	// before the pool (BigNAS, EfficientNet).
	HeadExpansion int `json:"headExpansion,omitempty"`
	// KernelPerLayer says whether layers of a stage may differ in kernel size.
	KernelPerLayer bool `json:"kernelPerLayer"`
	// ExpansionPerLayer says whether layers of a stage may differ in expansion
	// (StageArch.Expansions).
	ExpansionPerLayer bool `json:"expansionPerLayer,omitempty"`
	// KernelTransforms says that a kernel smaller than the biggest of its layer is not the centre
	// of that but, size by size, the centre of the next bigger one times a matrix of the layer, in
	// which every tap of the result is a sum over those of the centre (Once-for-All).
	KernelTransforms bool `json:"kernelTransforms,omitempty"`
	// Squeeze is the rule for the squeeze width of SE blocks.
	Squeeze SqueezeRule `json:"squeeze"`
	// HardGate says that squeeze-and-excitation has ReLU inside and relu6(x+3)/6 for
	// its gate (AttentiveNAS, MobileNetV3), not swish and the sigmoid (EfficientNet, BigNAS).
	HardGate bool `json:"hardGate,omitempty"`
	// HardSwish says that the activations, but for stages with ReLU, are x*relu6(x+3)/6
	// (MobileNetV3), not swish.
	HardSwish bool `json:"hardSwish,omitempty"`
	// Shortcuts is the rule for which blocks have a shortcut.
	Shortcuts ShortcutRule `json:"shortcuts"`
}

// Stage is a run of inverted-residual blocks (MBConv) of one width.
type Stage struct {
	Name       string `json:"name"`
	Widths     []int  `json:"widths"`  // output channels
	Depths     []int  `json:"depths"`  // blocks
	Kernels    []int  `json:"kernels"` // side of the depthwise kernel
	Expansions []int  `json:"expansions"`
	Stride     int    `json:"stride"`         // of the stage's first block
	SE         bool   `json:"se"`             // squeeze-and-excitation
	ReLU       bool   `json:"relu,omitempty"` // in place of the space's activation
}

// SqueezeRule is the rule for the squeeze width of squeeze-and-excitation.
type SqueezeRule string

const (
	// SqueezeInput is a quarter of the block's input channels (EfficientNet, BigNAS).
	SqueezeInput SqueezeRule = "input"
	// SqueezeExpanded is a quarter of the expanded channels in steps of 8 (AttentiveNAS, MobileNetV3).
	SqueezeExpanded SqueezeRule = "expanded"
)

// ShortcutRule says which blocks add their input to their output.
type ShortcutRule string

const (
	// ShortcutPlain adds the input only where stride is 1 and channels agree (MobileNetV2).
	ShortcutPlain ShortcutRule = "plain"
	// ShortcutTransition also gives the first block of every stage one: 2x2
	// average pool where the stride is 2, then a 1x1 convolution (BigNAS,
	// section 3.2, "modified residual"). It is a property of the block, not of
	// the child, so that every child runs the same operators.
	ShortcutTransition ShortcutRule = "transition"
	// ShortcutDiffering gives every block one: average pool where the stride is 2,
	// and the 1x1 convolution only in children whose channels differ across the
	// block (AttentiveNAS).
	ShortcutDiffering ShortcutRule = "differing"
)

// steps returns lo, lo+by, ... hi. (Inlined, it would be kilobytes of the engine.)
//
//go:noinline
func steps(lo, hi, by int) []int {
	var s []int
	for v := lo; v <= hi; v += by {
		s = append(s, v)
	}
	return s
}

// row is a stage as a line of a table. As data it takes fewer bytes of the engine than as code.
type row struct {
	name               string
	stride             int
	narrow, wide, by   int // output channels, in steps
	shallow, deep      int // blocks
	kernel             int // the biggest: 3, 5 for the choice of 3 and 5, or 7 for that of 3, 5 and 7
	expand, expandMost int // the least and the most
	se                 bool
}

// with adds the stages of a table to the space.
func (s *Space) with(rows []row) *Space {
	for _, r := range rows {
		s.Stages = append(s.Stages, Stage{r.name, steps(r.narrow, r.wide, r.by), steps(r.shallow, r.deep, 1), steps(3, r.kernel, 2),
			steps(r.expand, r.expandMost, 1), r.stride, r.se, false})
	}
	return s
}

// bignas is Table 1 of the paper (arXiv 2003.11142), channels in steps of 8.
func bignas() *Space {
	s := &Space{Name: "bignas", Resolutions: []int{192, 224, 288, 320}, Stem: steps(32, 40, 8), Head: steps(1280, 1408, 8),
		KernelPerLayer: true, Squeeze: SqueezeInput, Shortcuts: ShortcutTransition}
	return s.with(bignasStages[:])
}

var bignasStages = [...]row{
	{"S1", 1, 16, 24, 8, 1, 2, 3, 1, 1, true},
	{"S2", 2, 24, 32, 8, 2, 3, 3, 6, 6, true},
	{"S3", 2, 40, 48, 8, 2, 3, 5, 6, 6, true},
	{"S4", 2, 80, 88, 8, 2, 4, 5, 6, 6, true},
	{"S5", 1, 112, 128, 8, 2, 6, 5, 6, 6, true},
	{"S6", 2, 192, 216, 8, 2, 6, 5, 6, 6, true},
	{"S7", 1, 320, 352, 8, 1, 2, 5, 6, 6, true},
}

// nette is the space of the shipped weights: the stages, operators, SE and
// shortcuts of bignas at about half its channels, for two cores and a browser.
// It runs from 9.5 MMACs (smallest at 96) to about 190 (biggest at 192), and a
// stage's channels go from about half to all of its biggest, so that all sliders of the page
// have an effect.
func nette() *Space {
	s := &Space{Name: "nette", Resolutions: steps(96, 192, 32), Stem: steps(8, 16, 4), Head: steps(320, 640, 64),
		KernelPerLayer: true, Squeeze: SqueezeInput, Shortcuts: ShortcutTransition}
	return s.with(netteStages[:])
}

var netteStages = [...]row{
	{"S1", 1, 8, 12, 4, 1, 2, 3, 1, 1, true},
	{"S2", 2, 12, 20, 4, 1, 2, 3, 6, 6, true},
	{"S3", 2, 20, 32, 4, 2, 3, 5, 6, 6, true},
	{"S4", 2, 32, 56, 8, 2, 3, 5, 6, 6, true},
	{"S5", 1, 48, 72, 8, 2, 3, 5, 6, 6, true},
	{"S6", 2, 72, 136, 16, 2, 4, 5, 6, 6, true},
	{"S7", 1, 112, 208, 16, 1, 2, 5, 6, 6, true},
}

// Centred maps the choices of one dimension, ascending, to -1 .. 1, and a single choice to 0, as
// the input of functions that are fitted on architectures.
func Centred[V int | float64](v V, of []int) float64 {
	lo, hi := of[0], of[len(of)-1]
	if lo == hi {
		return 0
	}
	return 2*(float64(v)-float64(lo))/float64(hi-lo) - 1
}

// ResolutionsUpTo lists the space's resolutions up to limit, in pixels. Below the smallest of
// them it returns limit alone: the early epochs of a training run may use fewer pixels than any
// child.
func (s *Space) ResolutionsUpTo(limit int) []int {
	n := 0
	for n < len(s.Resolutions) && s.Resolutions[n] <= limit {
		n++
	}
	if n == 0 {
		return []int{limit}
	}
	return s.Resolutions[:n]
}

// tiny is the space of the weights with 200 classes: that of nette at about 1.3
// times its channels, for images of 64 pixels a side that are enlarged before
// the network sees them. With 200 classes it runs from 15 MMACs and 0.62 million
// parameters (smallest at 96) to 223 and 4.11 (biggest at 160).
func tiny() *Space {
	s := &Space{Name: "tiny", Resolutions: steps(96, 160, 32), Stem: steps(12, 20, 4), Head: steps(384, 768, 128),
		KernelPerLayer: true, Squeeze: SqueezeInput, Shortcuts: ShortcutTransition}
	return s.with(tinyStages[:])
}

var tinyStages = [...]row{
	{"S1", 1, 12, 16, 4, 1, 2, 3, 1, 1, true},
	{"S2", 2, 16, 24, 4, 1, 3, 3, 6, 6, true},
	{"S3", 2, 24, 40, 8, 2, 3, 5, 6, 6, true},
	{"S4", 2, 40, 72, 8, 2, 4, 5, 6, 6, true},
	{"S5", 1, 56, 96, 8, 2, 4, 5, 6, 6, true},
	{"S6", 2, 88, 168, 16, 2, 4, 5, 6, 6, true},
	{"S7", 1, 128, 208, 16, 1, 2, 5, 6, 6, true},
}

// attentivenas is the space of AttentiveNAS and AlphaNet (arXiv 2011.09011,
// 2102.07954), the closest published relative; kernel and expansion per stage.
func attentivenas() *Space {
	s := &Space{Name: "attentivenas", Resolutions: steps(192, 288, 32), Stem: steps(16, 24, 8), Head: steps(1792, 1984, 192),
		HeadExpansion: 6, Squeeze: SqueezeExpanded, HardGate: true, Shortcuts: ShortcutDiffering}
	return s.with(attentivenasStages[:])
}

var attentivenasStages = [...]row{
	{"mb1", 1, 16, 24, 8, 1, 2, 5, 1, 1, false},
	{"mb2", 2, 24, 32, 8, 3, 5, 5, 4, 6, false},
	{"mb3", 2, 32, 40, 8, 3, 6, 5, 4, 6, true},
	{"mb4", 2, 64, 72, 8, 3, 6, 5, 4, 6, false},
	{"mb5", 1, 112, 128, 8, 3, 8, 5, 4, 6, true},
	{"mb6", 2, 192, 216, 8, 3, 8, 5, 6, 6, true},
	{"mb7", 1, 216, 224, 8, 1, 2, 5, 6, 6, true},
}

// ofa is a space of Once-for-All (arXiv 1908.09791) with the layers of MobileNetV3; kernel and
// expansion per layer, widths fixed. It was trained with every resolution that is a multiple of 4.
func ofa(name string, stages []row, stem, head int) *Space {
	s := &Space{Name: name, Resolutions: steps(128, 224, 4), Stem: []int{stem}, Head: []int{head}, HeadExpansion: 6,
		KernelPerLayer: true, ExpansionPerLayer: true, KernelTransforms: true,
		Squeeze: SqueezeExpanded, HardGate: true, HardSwish: true, Shortcuts: ShortcutPlain}
	s.with(stages)
	for i := range s.Stages {
		st := &s.Stages[i]
		st.ReLU = i < 3
		if i > 0 {
			st.Expansions = []int{3, 4, 6}
		}
	}
	return s
}

var ofaStages = [...]row{
	{"S1", 1, 16, 16, 8, 1, 1, 3, 1, 1, false},
	{"S2", 2, 24, 24, 8, 2, 4, 7, 3, 6, false},
	{"S3", 2, 40, 40, 8, 2, 4, 7, 3, 6, true},
	{"S4", 2, 80, 80, 8, 2, 4, 7, 3, 6, false},
	{"S5", 1, 112, 112, 8, 2, 4, 7, 3, 6, true},
	{"S6", 2, 160, 160, 8, 2, 4, 7, 3, 6, true},
}

// ofaWideStages have 1.2 times the channels, rounded to multiples of 8 as divisible does.
var ofaWideStages = [...]row{
	{"S1", 1, 24, 24, 8, 1, 1, 3, 1, 1, false},
	{"S2", 2, 32, 32, 8, 2, 4, 7, 3, 6, false},
	{"S3", 2, 48, 48, 8, 2, 4, 7, 3, 6, true},
	{"S4", 2, 96, 96, 8, 2, 4, 7, 3, 6, false},
	{"S5", 1, 136, 136, 8, 2, 4, 7, 3, 6, true},
	{"S6", 2, 192, 192, 8, 2, 4, 7, 3, 6, true},
}

var spaces = map[string]*Space{}

func init() {
	for _, s := range []*Space{bignas(), nette(), tiny(), attentivenas(), ofa("ofa-mbv3", ofaStages[:], 16, 1280), ofa("ofa-mbv3-w1.2", ofaWideStages[:], 24, 1536)} {
		spaces[s.Name] = s
	}
}

// Lookup returns the search space of that name. The result is shared and must not be changed.
func Lookup(name string) (*Space, error) {
	if s := spaces[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("arch: unknown space %q; known: %s", name, strings.Join(Spaces(), ", "))
}

// Spaces lists the names that Lookup knows.
func Spaces() []string {
	var names []string
	for n := range spaces {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] }) // sort.Slice is used everywhere: a generic sort would add 5 KB to the engine
	return names
}
