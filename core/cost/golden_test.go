package cost

import (
	"math"
	"strings"
	"testing"

	"bignas/core/arch"
)

func space(t testing.TB, name string) *arch.Space {
	t.Helper()
	s, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain returns a copy of s whose only shortcuts are identities.
func plain(s *arch.Space) *arch.Space {
	c := *s
	c.Shortcuts = arch.ShortcutPlain
	return &c
}

// efficientNetB0 is the fixed network that pins the counting rule: 0.39 B MACs
// and 5.3 M parameters are published (arXiv 1905.11946, table 2).
func efficientNetB0() *arch.Space {
	st := func(w, d, k, e, stride int) arch.Stage {
		return arch.Stage{Widths: []int{w}, Depths: []int{d}, Kernels: []int{k}, Expansions: []int{e}, Stride: stride, SE: true}
	}
	return &arch.Space{
		Name: "efficientnet-b0", Resolutions: []int{224}, Stem: []int{32},
		Stages: []arch.Stage{
			st(16, 1, 3, 1, 1), st(24, 2, 3, 6, 2), st(40, 2, 5, 6, 2), st(80, 3, 3, 6, 2),
			st(112, 3, 5, 6, 1), st(192, 4, 5, 6, 2), st(320, 1, 3, 6, 1),
		},
		Head: []int{1280}, KernelPerLayer: true, Squeeze: arch.SqueezeInput, Shortcuts: arch.ShortcutPlain,
	}
}

// TestGoldenBigNAS pins the counts of the paper's space with and without
// 1x1 convolutions on the transition shortcuts, and of EfficientNet-B0.
func TestGoldenBigNAS(t *testing.T) {
	big := space(t, "bignas")
	at := func(a arch.Arch, r int) arch.Arch { a.Resolution = r; return a }
	for _, c := range []struct {
		name         string
		a            arch.Arch
		macs, params float64 // millions, to the last digit given
		digits       float64
	}{
		{"smallest 192, plain", plain(big).Min(), 207, 3.75, 0.005},
		{"smallest 192", big.Min(), 218, 3.84, 0.005},
		{"biggest 224, plain", at(plain(big).Max(), 224), 905, 10.9, 0.05},
		{"biggest 224", at(big.Max(), 224), 928, 11.0, 0.05},
		{"biggest 320, plain", plain(big).Max(), 1843, 10.9, 0.05},
		{"biggest 320", big.Max(), 1892, 11.0, 0.05},
		{"EfficientNet-B0 224", efficientNetB0().Max(), 386, 5.288548, 1e-9},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Of(c.a)
			t.Logf("%d MACs, %d parameters", r.MACs, r.Params)
			if got := float64(r.MACs) / 1e6; math.Abs(got-c.macs) > 0.5 {
				t.Errorf("MACs %.3f M, want %g M", got, c.macs)
			}
			if got := float64(r.Params) / 1e6; math.Abs(got-c.params) > c.digits {
				t.Errorf("parameters %.4f M, want %g M", got, c.params)
			}
		})
	}
}

// TestGoldenTiny pins what README says of the space of the 200-class weights.
func TestGoldenTiny(t *testing.T) {
	s := space(t, "tiny")
	for _, c := range []struct {
		a            arch.Arch
		macs, params int64
	}{{s.Min(), 15_045_288, 623_046}, {s.Max(), 223_296_360, 4_105_669}} {
		if r := ForClasses(c.a, 200); r.MACs != c.macs || r.Params != c.params {
			t.Errorf("%s: %d MACs and %d parameters, want %d and %d", c.a, r.MACs, r.Params, c.macs, c.params)
		}
	}
}

// TestGoldenAttentiveNAS pins the published children of the closest relative
// (arXiv 2011.09011, released configurations).
func TestGoldenAttentiveNAS(t *testing.T) {
	s := space(t, "attentivenas")
	for _, c := range []struct {
		name, text   string
		macs, params float64 // millions
	}{
		{"A0", "r192-c16-16x1k3e1-24x3k3e4-32x3k3e4-64x3k3e4-112x3k3e4-192x3k3e6-216x1k3e6-h1792", 203.4, 8.954},
		{"A1", "r224-c16-16x1k3e1-24x3k3e4-32x3k3e4-64x3k5e4-112x3k3e4-192x3k5e6-216x1k3e6-h1984", 279.2, 9.453},
		{"A2", "r224-c16-16x1k3e1-24x3k3e4-32x3k3e5-64x3k3e4-112x3k3e4-200x4k5e6-224x1k3e6-h1984", 316.7, 11.150},
		{"A3", "r224-c16-16x2k3e1-24x3k3e4-32x3k3e4-64x4k5e4-112x3k3e4-208x5k3e6-224x1k3e6-h1984", 356.5, 12.785},
		{"A4", "r256-c16-16x1k3e1-24x3k3e4-32x3k3e4-64x4k5e5-112x3k3e4-192x5k5e6-216x1k3e6-h1984", 443.5, 11.810},
		{"A5", "r256-c16-16x1k3e1-24x3k3e4-32x3k3e5-72x3k5e4-112x4k3e4-192x6k3e6-216x1k3e6-h1792", 490.5, 12.597},
		{"A6", "r288-c16-16x1k3e1-24x3k3e4-32x3k3e6-64x4k3e5-112x4k3e4-216x6k5e6-224x1k3e6-h1984", 709.0, 15.155},
		{"biggest", "max", 1939.3, 23.404},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := parse(t, s, c.text)
			r := Of(a)
			if got := float64(r.MACs) / 1e6; math.Abs(got-c.macs) > 0.05 {
				t.Errorf("MACs %.4f M, want %g M", got, c.macs)
			}
			if got := float64(r.Params) / 1e6; math.Abs(got-c.params) > 0.0005 {
				t.Errorf("parameters %.5f M, want %g M", got, c.params)
			}
		})
	}
	if a := parse(t, s, "r192-c16-16x1k3-24x3k3e4-32x3k3e4-64x3k3e4-112x3k3e4-192x3k3-216x1k3-h1792"); !a.Equal(s.Min()) {
		t.Error("A0 is not the smallest child")
	}
}

// TestGoldenOnceForAll pins the parameters of the published supernet (arXiv 1908.09791), whose
// biggest child lacks the transforms of its 20 blocks with elastic kernels, and the costs of the
// children at the ends.
func TestGoldenOnceForAll(t *testing.T) {
	s := space(t, "ofa-mbv3")
	for _, c := range []struct {
		name, text   string
		macs, params int64
	}{{"biggest", "max", 566_170_656, 7_678_880 - 20*(25*25+9*9)}, {"smallest", "min", 41_476_224, 3_410_792}} {
		if r := Of(parse(t, s, c.text)); r.MACs != c.macs || r.Params != c.params {
			t.Errorf("the %s child has %d MACs and %d parameters, want %d and %d", c.name, r.MACs, r.Params, c.macs, c.params)
		}
	}
}

// parse reads text after leaving out the expansion of the stages that have no
// choice of it, so that the table above shows all of a published child.
func parse(t testing.TB, s *arch.Space, text string) arch.Arch {
	t.Helper()
	a, err := s.Parse(withoutFixedExpansions(s, text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func withoutFixedExpansions(s *arch.Space, text string) string {
	parts := strings.Split(text, "-")
	for i, st := range s.Stages {
		if len(parts) > 2+i && len(st.Expansions) == 1 {
			parts[2+i], _, _ = strings.Cut(parts[2+i], "e")
		}
	}
	return strings.Join(parts, "-")
}
