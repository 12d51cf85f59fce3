package weights

import (
	"math"
	"math/rand/v2"
	"testing"
)

// halfValue is the definition of binary16 in float64, which holds it exactly.
func halfValue(h uint16) float64 {
	sign := 1.0
	if h&0x8000 != 0 {
		sign = -1
	}
	exponent, fraction := int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && fraction == 0:
		return sign * math.Inf(1)
	case exponent == 31:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// Every one of the 65,536 halves has the value of the definition and comes back.
func TestHalfRoundTrip(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got, want := float64(Single(h)), halfValue(h)
		if math.IsNaN(want) {
			if !math.IsNaN(got) || math.Signbit(got) != (h&0x8000 != 0) {
				t.Fatalf("Single(%#04x) = %v, want a NaN of the same sign", h, got)
			}
			if back := Half(Single(h)); back&0x7c00 != 0x7c00 || back&0x3ff == 0 || back&0x8000 != h&0x8000 {
				t.Fatalf("Half(Single(%#04x)) = %#04x, want a NaN of the same sign", h, back)
			}
			continue
		}
		if got != want || math.Signbit(got) != math.Signbit(want) {
			t.Fatalf("Single(%#04x) = %v, want %v", h, got, want)
		}
		if back := Half(Single(h)); back != h {
			t.Fatalf("Half(Single(%#04x)) = %#04x", h, back)
		}
	}
}

// Between each pair of neighbours: the middle goes to the even one, one float32
// step beside it to the nearer one.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for i := uint16(0); i < 0x7c00; i++ {
		below := halfValue(i)
		above := halfValue(i + 1)
		if i == 0x7bff {
			above = 65536 // what the next half would be; it is stored as infinity
		}
		middle := float32((below + above) / 2)
		if float64(middle) != (below+above)/2 {
			t.Fatalf("the middle above %#04x is no float32", i)
		}
		even := i + i&1
		for _, c := range []struct {
			f    float32
			want uint16
		}{{middle, even}, {math.Nextafter32(middle, 0), i}, {math.Nextafter32(middle, 1e9), i + 1}} {
			if got := Half(c.f); got != c.want {
				t.Fatalf("Half(%v) = %#04x, want %#04x", c.f, got, c.want)
			}
			if got := Half(-c.f); got != c.want|0x8000 {
				t.Fatalf("Half(%v) = %#04x, want %#04x", -c.f, got, c.want|0x8000)
			}
		}
	}
	for _, f := range []float32{65520, 1e10, math.MaxFloat32, float32(math.Inf(1))} {
		if Half(f) != 0x7c00 || Half(-f) != 0xfc00 {
			t.Errorf("Half(%v) = %#04x, want infinity", f, Half(f))
		}
	}
}

// Any float32 goes to a half that no neighbour beats.
func TestHalfIsNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		f := math.Float32frombits(r.Uint32())
		if v := math.Abs(float64(f)); math.IsNaN(v) || v >= 65504 {
			continue
		}
		h := Half(f)
		distance := math.Abs(halfValue(h) - float64(f))
		for _, other := range []uint16{h - 1, h + 1} {
			if d := math.Abs(halfValue(other) - float64(f)); d < distance && (other^h)&0x8000 == 0 {
				t.Fatalf("Half(%v) = %v, but %v is nearer", f, halfValue(h), halfValue(other))
			}
		}
	}
}
