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
	"min":     {0xc000022a, 0x3f5b1ad3, 0xbf051b9f, 0x3f6ac05c, 0x3dbe4d04, 0xbf961a4e}, // -2.000132 0.85587806 -0.5199527 0.9169977 0.09292033 -1.1726778
	"max":     {0x4161730d, 0x415f8d56, 0xc0c717ac, 0x40150bef, 0xc0dccf52, 0x41bbbcea}, // 14.090589 13.972006 -6.2216396 2.3288534 -6.9003077 23.467243
	"sampled": {0xbe3b9643, 0x3e5cd8f8, 0xbda889fc, 0xbfaebcf0, 0xc08f9bf4, 0x4078bbcd}, // -0.18319039 0.21567142 -0.082294434 -1.3651409 -4.4877872 3.8864625
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
