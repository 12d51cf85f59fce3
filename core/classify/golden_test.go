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
	"min":     {0x3ecc07b9, 0x3edabf9d, 0x3f68299f, 0xbea592b2, 0x3f92be5b, 0x3e48ef7e}, // 0.39849642 0.42724314 0.9068851 -0.32338482 1.1464342 0.19622609
	"max":     {0x415b0926, 0x41800a24, 0xc137cbe4, 0x41077f8c, 0xc0fc4b49, 0x409e2a0b}, // 13.6897335 16.004951 -11.487278 8.468639 -7.88419 4.942632
	"sampled": {0x3f01dbc2, 0xbf36ebbe, 0x3fad4669, 0xc02ada0c, 0xc07a8d58, 0x3f917a58}, // 0.5072595 -0.71453464 1.3537112 -2.6695585 -3.914877 1.1365461
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
	img := drawing(t, 500, 375)
	for _, name := range kernel.Implementations() {
		undo, err := kernel.Use(name)
		if err != nil {
			t.Fatal(err)
		}
		e := randomEngine(t) // weights are packed for the implementation in use
		p := open(t, e, img)
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
			if exact && (name == "reference" || name == "portable") {
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
