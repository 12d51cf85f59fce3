package augment

import (
	"math"
	"testing"

	"bignas/core/preprocess"
)

// plain leaves the image as it is: the whole of it, nothing jittered.
var plain = Config{Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1}}

var identity = preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom}

// wavy is an image with something everywhere: each value depends on place and channel.
func wavy(side int) []uint8 {
	pix := make([]uint8, side*side*3)
	for i := range pix {
		x, y := float64(i/3%side), float64(i/3/side)
		pix[i] = uint8(128 + 70*math.Sin(x/5+float64(i%3)) + 50*math.Cos(y/7+x/11))
	}
	return pix
}

func paint(c Config, spec preprocess.Spec, pix []uint8, from, side int, stream uint64) []float32 {
	dst := make([]float32, side*side*3)
	newPainter(c, spec).paint(dst, side, pix, from, 1, stream)
	return dst
}

func TestPlainIsTheResizedImage(t *testing.T) {
	const from, side = 40, 24
	pix := wavy(from)
	src, want := make([]float32, len(pix)), make([]float32, side*side*3)
	for i, v := range pix {
		src[i] = float32(v) / 255
	}
	preprocess.NewResampler(from, side).Resize(want, src, 1, 3)
	spec := preprocess.Spec{Mean: [3]float32{0.4, 0.5, 0.6}, Std: [3]float32{0.2, 0.3, 0.4}}
	got := paint(plain, spec, pix, from, side, 3)
	for i, v := range got {
		w := (want[i] - spec.Mean[i%3]) / spec.Std[i%3]
		if math.Abs(float64(v-w)) > 1e-5 {
			t.Fatalf("element %d is %v, want %v", i, v, w)
		}
	}
}

func TestFlipMirrors(t *testing.T) {
	const side = 32
	c := plain
	c.Flip = 1
	pix := wavy(side)
	a, b := paint(plain, identity, pix, side, side, 0), paint(c, identity, pix, side, side, 0)
	for y := range side {
		for x := range 3 * side {
			if v, w := a[y*3*side+x], b[y*3*side+3*(side-1-x/3)+x%3]; v != w {
				t.Fatalf("row %d, column %d: %v, mirrored %v", y, x/3, v, w)
			}
		}
	}
}

// TestColourAgainstSteps compares the one linear map with the three steps that
// it stands for, in float64.
func TestColourAgainstSteps(t *testing.T) {
	c := plain
	c.Brightness, c.Contrast, c.Saturation = 0.1, 0.15, 0.3
	const side = 16
	pix := wavy(side)
	p := newPainter(c, identity)
	// The same draws as paint makes: crop (area, ratio, x, y), flip, factors.
	p.pcg.Seed(scramble(1), scramble(9))
	p.crop(side)
	p.rand.Float64()
	bright, contrast, saturate := float64(p.factor(c.Brightness)), float64(p.factor(c.Contrast)), float64(p.factor(c.Saturation))
	if bright == 1 || contrast == 1 || saturate == 1 {
		t.Fatal("nothing is jittered")
	}
	grey := func(v [3]float64) float64 { return 0.299*v[0] + 0.587*v[1] + 0.114*v[2] }
	want := make([][3]float64, side*side)
	mean := 0.0
	for i := range want {
		for k := range 3 {
			want[i][k] = float64(pix[3*i+k]) / 255 * bright
		}
		mean += grey(want[i]) / float64(len(want))
	}
	got := paint(c, identity, pix, side, side, 9)
	for i, v := range want {
		for k := range 3 {
			v[k] = contrast*v[k] + (1-contrast)*mean
		}
		g := grey(v)
		for k := range 3 {
			w := min(max(saturate*v[k]+(1-saturate)*g, 0), 1)
			if math.Abs(float64(got[3*i+k])-w) > 1e-5 {
				t.Fatalf("pixel %d channel %d is %v, want %v", i, k, got[3*i+k], w)
			}
		}
	}
}

func TestCropsStayInsideAndInRange(t *testing.T) {
	c := Default
	p := newPainter(c, identity)
	small, big := 1.0, 0.0
	for i := range 5000 {
		const from = 100
		p.pcg.Seed(1, uint64(i))
		x, y, w, h := p.crop(from)
		if x < 0 || y < 0 || w < 1 || h < 1 || x+w > from || y+h > from {
			t.Fatalf("crop %d at (%d, %d) of %d x %d leaves the image", i, x, y, w, h)
		}
		share, ratio := float64(w*h)/(from*from), float64(w)/float64(h)
		small, big = min(small, share), max(big, share)
		// Rounding to whole pixels moves both by up to 2 %.
		if share < c.Scale[0]*0.97 || ratio < c.Ratio[0]*0.97 || ratio > c.Ratio[1]*1.03 {
			t.Fatalf("crop %d: share %.3f, ratio %.3f", i, share, ratio)
		}
	}
	if small > c.Scale[0]+0.02 || big < 0.95 {
		t.Errorf("crops cover %.2f to %.2f of the area, want about %v to %v", small, big, c.Scale[0], c.Scale[1])
	}
	p.config.Ratio = [2]float64{2, 3}
	p.config.Scale = [2]float64{1, 1}
	if x, y, w, h := p.crop(100); x != 0 || y != 25 || w != 100 || h != 50 {
		t.Errorf("a crop that cannot fit became (%d, %d) %d x %d, want the centred 100 x 50", x, y, w, h)
	}
}

func TestEraseBlanksARectangle(t *testing.T) {
	const side = 50
	c := plain
	c.Erase = 1
	blank := 0
	for _, v := range paint(c, identity, wavy(side), side, side, 5) {
		if v == 0 {
			blank++
		}
	}
	if share := float64(blank) / (3 * side * side); share < 0.015 || share > 0.25 {
		t.Errorf("%.3f of the image is blank, want 0.02 to 0.2", share)
	}
}

func TestCheckNamesFieldAndRange(t *testing.T) {
	if err := Default.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"augment.scale is [0, 1], allowed is [least, most] with 0 < least <= most <= 1":                                   func(c *Config) { c.Scale[0] = 0 },
		"augment.ratio is [2, 1], allowed is [least, most] with 0.1 <= least <= most <= 10":                               func(c *Config) { c.Ratio = [2]float64{2, 1} },
		"augment.erase is 1.5, allowed are 0 to 1":                                                                        func(c *Config) { c.Erase = 1.5 },
		"augment.hue is 0.6, allowed are 0 to 0.5":                                                                        func(c *Config) { c.Hue = 0.6 },
		`augment.policy is "rand", allowed are "randaugment" and "autoaugment", or no such line`:                          func(c *Config) { c.Policy = "rand" },
		"augment.policy_ops is 0, allowed are 1 to 14; the paper has 2 for ImageNet":                                      func(c *Config) { c.Policy = RandAugment },
		`augment.policy_ops and policy_magnitude are 2 and 0, but only the policy "randaugment" has them; leave them out`: func(c *Config) { c.Ops = 2 },
		`augment.resample is "fast", allowed are "float" and "fixed"`:                                                     func(c *Config) { c.Resample = "fast" },
		"augment.flip is NaN, allowed are 0 to 1":                                                                         func(c *Config) { c.Flip = math.NaN() },
	} {
		c := Default
		change(&c)
		if err := c.Check(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func BenchmarkPaint(b *testing.B) {
	fixed, rand, auto := Default, Default, Default
	fixed.Resample, auto.Policy = FixedResample, AutoAugment
	rand.Policy, rand.Ops, rand.Magnitude = RandAugment, 2, 9
	for _, c := range []struct {
		name   string
		side   int
		config Config
	}{{"224to128", 128, Default}, {"224to160", 160, Default}, {"224to192", 192, Default},
		{"fixed224to128", 128, fixed}, {"fixed224to192", 192, fixed}, {"rand224to128", 128, rand}, {"auto224to128", 128, auto}} {
		b.Run(c.name, func(b *testing.B) {
			pix, dst := wavy(224), make([]float32, c.side*c.side*3)
			p := newPainter(c.config, identity)
			i := uint64(0)
			for b.Loop() {
				p.paint(dst, c.side, pix, 224, 1, i)
				i++
			}
		})
	}
}

func TestPaintDoesNotAllocate(t *testing.T) {
	pix, dst := wavy(64), make([]float32, 48*48*3)
	p := newPainter(Default, identity)
	for i := range uint64(100) {
		p.paint(dst, 48, pix, 64, 1, i)
	}
	i := uint64(0)
	if n := testing.AllocsPerRun(100, func() { p.paint(dst, 48, pix, 64, 1, i); i++ }); n != 0 {
		t.Errorf("an image allocates %v times, want none", n)
	}
}
