package classify

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"bignas/core/arch"
	"bignas/core/kernel"
)

var regenerate = flag.Bool("regenerate", false, "print the golden logits instead of comparing them")

// goldenBits are the logits of three children for one drawing with the portable
// loops, as float32 bits: exact, because the whole way from the file's bytes to
// the logits has no fused multiply-add on amd64 and on wasm. (The arm64 compiler
// fuses: there, and for assembly, the tolerance below holds.)
var goldenBits = map[string][]uint32{
	"min":     {0x3f2bbdd3, 0x3f571ccd, 0x3f4f8496, 0x3f0f411a, 0x3f86a4c4, 0x3f242c5d}, // 0.67086524 0.8402832 0.81061685 0.5595871 1.0519032 0.64130193
	"max":     {0x415069ed, 0x40885447, 0xc1048918, 0x4134d50a, 0x40c64757, 0x4168e8c9}, // 13.025861 4.260288 -8.28347 11.3020115 6.1962085 14.556832
	"sampled": {0xbf68aba7, 0xbf3562d2, 0x3fb43fd6, 0xbfc70bf0, 0xc014a88a, 0x404865b5}, // -0.9088692 -0.7085391 1.4081981 -1.5550518 -2.3227868 3.1312077
}

func goldenArchs(s *arch.Space) map[string]arch.Arch {
	sampled := s.Sample(rand.New(rand.NewPCG(5, 5)))
	sampled.Resolution = s.Resolutions[1]
	return map[string]arch.Arch{"min": s.Min(), "max": s.Max(), "sampled": sampled}
}

// Every implementation of the kernels gives the golden logits: those written in
// Go to the bit, natively and in Node, assembly to 1e-4 of the largest logit
// (other order of additions, fused multiply-adds).
func TestGoldenLogits(t *testing.T) {
	picture := drawing(t, 500, 375)
	for _, name := range kernel.Implementations() {
		undo, err := kernel.Use(name)
		if err != nil {
			t.Fatal(err)
		}
		e := randomEngine(t) // weights are packed for the implementation in use
		p := open(t, e, picture)
		for child, a := range goldenArchs(e.Info().Space) {
			got := ask(t, e, p, a, Options{}).Logits
			bits := make([]uint32, len(got))
			for i, v := range got {
				bits[i] = math.Float32bits(v)
			}
			if *regenerate {
				t.Logf("%s %q: %#v, // %v", name, child, bits, got)
				continue
			}
			want := goldenBits[child]
			exact := runtime.GOARCH == "amd64" || runtime.GOARCH == "wasm"
			if exact && (name == "generic" || name == "portable") {
				if !slices.Equal(bits, want) {
					t.Errorf("%s: %s gives %v", name, child, got)
				}
				continue
			}
			var largest, worst float64
			for i, v := range want {
				w := float64(math.Float32frombits(v))
				largest, worst = max(largest, math.Abs(w)), max(worst, math.Abs(float64(got[i])-w))
			}
			if len(want) != len(got) || !(worst <= 1e-4*largest) {
				t.Errorf("%s: the logits of %s differ by %g of %g", name, child, worst, largest)
			}
		}
		undo()
	}
}
