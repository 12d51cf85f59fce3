package classify

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bignas/core/arch"
	"bignas/core/kernel"
)

var regenerate = flag.Bool("regenerate", false, "print the golden logits instead of comparing them")

// goldenBits are the logits of three children for one drawing with the portable
// loops, as float32 bits: exact, because the whole way from the file's bytes to
// the logits has no fused multiply-add on amd64 and on wasm. (The arm64 compiler
// would fuse; the tolerance below is for the assembly.)
var goldenBits = map[string][]uint32{
	"min":     {0xc000022c, 0x3f5b1acd, 0xbf051ba0, 0x3f6ac060, 0x3dbe4cec, 0xbf961a4e}, // -2.0001326 0.8558777 -0.5199528 0.9169979 0.092920154 -1.1726778
	"max":     {0x41617317, 0x415f8d4d, 0xc0c717b8, 0x40150be0, 0xc0dccf63, 0x41bbbcee}, // 14.090598 13.971997 -6.2216454 2.3288498 -6.9003158 23.46725
	"sampled": {0xbe3b962f, 0x3e5cd908, 0xbda889a4, 0xbfaebceb, 0xc08f9bf2, 0x4078bbcc}, // -0.18319009 0.21567166 -0.08229378 -1.3651403 -4.4877863 3.8864622
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
			if name == "generic" || name == "portable" {
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
