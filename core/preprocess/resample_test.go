package preprocess

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowResize is the definition in float64: no plan, no separation of passes, the
// whole image under every output pixel.
func slowResize(src []float32, from, to, channels int) []float64 {
	ratio := float64(from) / float64(to)
	stretch := math.Max(1, ratio)
	weight := func(i, s int) float64 {
		return catmullRom((float64(s) + 0.5 - (float64(i)+0.5)*ratio) / stretch)
	}
	out := make([]float64, to*to*channels)
	for y := range to {
		for x := range to {
			var total float64
			sum := make([]float64, channels)
			for v := range from {
				for u := range from {
					w := weight(y, v) * weight(x, u)
					total += w
					for c := range channels {
						sum[c] += w * float64(src[(v*from+u)*channels+c])
					}
				}
			}
			for c := range channels {
				out[(y*to+x)*channels+c] = sum[c] / total
			}
		}
	}
	return out
}

func uniformNoise(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()*4 - 2
	}
	return x
}

func TestResizeAgainstDefinition(t *testing.T) {
	for _, c := range []struct{ from, to, channels int }{
		{24, 16, 3}, // the taps of a shrink, not four
		{24, 12, 3}, // exactly half
		{17, 31, 3}, // four taps, odd sides
		{40, 7, 3},  // many taps
		{9, 4, 2},   // the loop for any number of channels
		{3, 2, 3},   // fewer samples than the filter is wide: odd taps
		{1, 4, 3}, {5, 1, 1}, {2, 3, 3},
	} {
		const n = 3
		src := uniformNoise(n * c.from * c.from * c.channels)
		out := c.to * c.to * c.channels
		dst := make([]float32, n*out+1)
		dst[n*out] = 77
		NewResampler(c.from, c.to).Resize(dst, src, n, c.channels)
		if dst[n*out] != 77 {
			t.Errorf("%d to %d: wrote past the end", c.from, c.to)
		}
		for i := range n {
			in := c.from * c.from * c.channels
			want := slowResize(src[i*in:(i+1)*in], c.from, c.to, c.channels)
			for j, w := range want {
				// Sums of at most 24 float32 products of size 2.
				if got := float64(dst[i*out+j]); math.Abs(got-w) > 4e-6 {
					t.Fatalf("%d to %d, %d channels, image %d: element %d is %v, want %v", c.from, c.to, c.channels, i, j, got, w)
				}
			}
		}
	}
}

// TestBilinear: numbers of torch 1.13.1, interpolate(x, size, mode="bilinear", align_corners=False,
// antialias=True) of x = arange(n*n)**2 % 11 as n x n.
func TestBilinear(t *testing.T) {
	for _, g := range []struct {
		from, to int
		first    []float64
		last     float64
	}{
		{5, 8, []float64{0.0000000, 0.4375000, 1.1875000, 3.0625000, 5.5625000, 8.6875000, 6.7500000, 5.0000000, 1.3125000, 1.5585938}, 4.0000000},
		{8, 5, []float64{3.0867767, 3.1026936, 4.2367425, 3.9309764, 5.1859503, 4.5892253, 4.3635120, 4.2083340, 2.9986284, 3.1683500}, 4.5185966},
		{16, 16, []float64{0.0000000, 1.0000000, 4.0000000, 9.0000000, 5.0000000, 3.0000000, 3.0000000, 5.0000000, 9.0000000, 4.0000000}, 4.0000000},
		{9, 31, []float64{0.0000000, 0.0000000, 0.2258064, 0.5161290, 0.8064516, 1.2903223, 2.1612902, 3.0322576, 3.9032259, 5.2903223}, 9.0000000},
		{24, 7, []float64{4.4791908, 4.1484237, 3.6039648, 4.1068969, 4.3410702, 3.6522105, 3.7593818, 3.6771734, 4.0566444, 4.2368393}, 3.5459216},
		{147, 131, []float64{0.8183976, 1.9222779, 5.4187970, 7.1644778, 4.2707295, 2.8654070, 3.8527234, 7.1364665, 4.0217190, 1.8506526}, 4.7877274},
	} {
		x, y := make([]float32, 3*g.from*g.from), make([]float32, 3*g.to*g.to)
		for i := range x {
			x[i] = float32(i / 3 * (i / 3) % 11)
		}
		newResampler(resampling{g.from, g.to, Bilinear}).Resize(y, x, 1, 3)
		for i, want := range append(g.first, g.last) {
			if i == len(g.first) {
				i = g.to*g.to - 1
			}
			for c := range 3 {
				if got := float64(y[3*i+c]); math.Abs(got-want) > 1e-5 {
					t.Errorf("%d to %d: value %d is %v, want %v", g.from, g.to, i, got, want)
				}
			}
		}
	}
}

func TestResizeEqualSidesIsIdentity(t *testing.T) {
	src := uniformNoise(2 * 8 * 8 * 3)
	dst := make([]float32, len(src))
	NewResampler(8, 8).Resize(dst, src, 2, 3)
	var a Axis
	a.Plan(8, 8)
	row := make([]float32, 8*3)
	a.Across(row, src[:8*3], 3)
	for i := range src {
		if dst[i] != src[i] {
			t.Fatalf("element %d changed from %v to %v", i, src[i], dst[i])
		}
		// The filter itself is the identity, too: its weights are 0 0 1 0.
		if i < len(row) && row[i] != src[i] {
			t.Fatalf("Across changed element %d from %v to %v", i, src[i], row[i])
		}
	}
}

func TestResizeKeepsConstants(t *testing.T) {
	for _, to := range []int{5, 13, 20, 33} {
		src, dst := make([]float32, 20*20*3), make([]float32, to*to*3)
		for i := range src {
			src[i] = 0.75
		}
		NewResampler(20, to).Resize(dst, src, 1, 3)
		for i, v := range dst {
			if math.Abs(float64(v)-0.75) > 1e-6 {
				t.Fatalf("20 to %d: element %d of a flat image is %v, want 0.75", to, i, v)
			}
		}
	}
}

func TestAxisReverseMirrors(t *testing.T) {
	var a, b Axis
	a.Plan(20, 9)
	b.Plan(20, 9)
	b.Reverse()
	src := uniformNoise(20 * 3)
	p, q := make([]float32, 9*3), make([]float32, 9*3)
	a.Across(p, src, 3)
	b.Across(q, src, 3)
	for i := range 9 {
		for c := range 3 {
			if p[3*i+c] != q[3*(8-i)+c] {
				t.Fatalf("pixel %d channel %d: %v, mirrored %v", i, c, p[3*i+c], q[3*(8-i)+c])
			}
		}
	}
}

func TestResizeDoesNotAllocate(t *testing.T) {
	src, dst := uniformNoise(32*32*3), make([]float32, 24*24*3)
	r := NewResampler(32, 24)
	r.Resize(dst, src, 1, 3)
	if n := testing.AllocsPerRun(50, func() { r.one(dst, src, 3) }); n >= 1 {
		t.Errorf("one image allocates %v times, want none", n)
	}
	if NewResampler(32, 24) != r {
		t.Error("the weights were computed twice")
	}
}

func BenchmarkResize(b *testing.B) {
	for _, c := range []struct {
		name     string
		from, to int
	}{{"128to96", 128, 96}, {"192to128", 192, 128}, {"192to96", 192, 96}} {
		b.Run(c.name, func(b *testing.B) {
			src, dst := uniformNoise(c.from*c.from*3), make([]float32, c.to*c.to*3)
			r := NewResampler(c.from, c.to)
			for b.Loop() {
				r.one(dst, src, 3)
			}
		})
	}
}
