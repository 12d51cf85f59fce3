// Package augment turns the stored pictures of a data set into training batches:
// a random crop, resized in one go from the bytes, a flip, colour jitter and
// random erasing.
//
// Every picture's randomness depends on (seed, epoch, position in the subset)
// alone, so a resumed run sees what the interrupted one would have seen,
// whatever the number of workers.
package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"bignas/core/preprocess"
)

// Config says how pictures are varied. The zero value of a field switches that
// part off, Scale and Ratio apart, which must be given.
type Config struct {
	Scale      [2]float64 `toml:"scale"`      // share of the area that the crop keeps, least and most, in (0, 1]
	Ratio      [2]float64 `toml:"ratio"`      // width over height of the crop, least and most
	Flip       float64    `toml:"flip"`       // probability of mirroring left and right
	Brightness float64    `toml:"brightness"` // v: factor from 1-v to 1+v
	Contrast   float64    `toml:"contrast"`   // the same, about the picture's mean grey
	Saturation float64    `toml:"saturation"` // the same, about each pixel's grey
	Erase      float64    `toml:"erase"`      // probability of blanking a rectangle (Zhong et al., arXiv 1708.04896)
}

// Default is the crop and flip that ImageNet networks are commonly trained with
// (Szegedy et al., arXiv 1409.4842), and a little colour jitter.
var Default = Config{Scale: [2]float64{0.25, 1}, Ratio: [2]float64{3. / 4, 4. / 3}, Flip: 0.5, Brightness: 0.2, Contrast: 0.2, Saturation: 0.2}

// Check reports the first field out of range: its name in the configuration
// file, its value and what is allowed.
func (c Config) Check() error {
	if lo, hi := c.Scale[0], c.Scale[1]; !(lo > 0 && lo <= hi && hi <= 1) {
		return fmt.Errorf("augment.scale is [%g, %g], allowed is [least, most] with 0 < least <= most <= 1", lo, hi)
	}
	if lo, hi := c.Ratio[0], c.Ratio[1]; !(lo >= 0.1 && lo <= hi && hi <= 10) {
		return fmt.Errorf("augment.ratio is [%g, %g], allowed is [least, most] with 0.1 <= least <= most <= 10", lo, hi)
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"flip", c.Flip}, {"brightness", c.Brightness}, {"contrast", c.Contrast}, {"saturation", c.Saturation}, {"erase", c.Erase}} {
		if !(f.value >= 0 && f.value <= 1) {
			return fmt.Errorf("augment.%s is %g, allowed are 0 to 1", f.name, f.value)
		}
	}
	return nil
}

// painter makes augmented pictures one at a time; it keeps its buffers.
type painter struct {
	config Config
	spec   preprocess.Spec
	pcg    rand.PCG
	rand   *rand.Rand

	across, down preprocess.Axis
	row, rows    []float32
}

func newPainter(c Config, spec preprocess.Spec) *painter {
	p := &painter{config: c, spec: spec}
	p.rand = rand.New(&p.pcg)
	return p
}

// unit are the 256 byte values as 0..1.
var unit = func() (u [256]float32) {
	for i := range u {
		u[i] = float32(i) / 255
	}
	return u
}()

// paint writes one augmented picture to dst [side, side, 3], normalised, from
// pix [from, from, 3]. stream identifies the picture's random numbers.
func (p *painter) paint(dst []float32, side int, pix []uint8, from int, seed, stream uint64) {
	p.pcg.Seed(scramble(seed), scramble(stream))
	x, y, w, h := p.crop(from)
	flip := p.rand.Float64() < p.config.Flip
	p.resample(dst, side, pix, from, x, y, w, h, flip)
	p.colour(dst[:side*side*3])
	if p.rand.Float64() < p.config.Erase {
		p.erase(dst, side)
	}
}

// crop draws a rectangle inside a square of side from: area and shape within the
// limits, the biggest centred one if ten draws do not fit (as torchvision's
// RandomResizedCrop).
func (p *painter) crop(from int) (x, y, w, h int) {
	c := &p.config
	area := float64(from) * float64(from)
	low, high := math.Log(c.Ratio[0]), math.Log(c.Ratio[1])
	for range 10 {
		target := area * p.between(c.Scale[0], c.Scale[1])
		ratio := math.Exp(p.between(low, high))
		w, h = int(math.Sqrt(target*ratio)+0.5), int(math.Sqrt(target/ratio)+0.5)
		if w >= 1 && w <= from && h >= 1 && h <= from {
			return p.rand.IntN(from - w + 1), p.rand.IntN(from - h + 1), w, h
		}
	}
	w, h = from, from
	if c.Ratio[0] > 1 {
		h = max(1, int(float64(from)/c.Ratio[0]))
	} else if c.Ratio[1] < 1 {
		w = max(1, int(float64(from)*c.Ratio[1]))
	}
	return (from - w) / 2, (from - h) / 2, w, h
}

// resample resizes the crop to side x side, rows first, in 0..1.
func (p *painter) resample(dst []float32, side int, pix []uint8, from, x, y, w, h int, flip bool) {
	p.across.Plan(w, side)
	p.down.Plan(h, side)
	if flip {
		p.across.Reverse()
	}
	narrow := 3 * side
	p.row = slices.Grow(p.row[:0], 3*w)[:3*w]
	p.rows = slices.Grow(p.rows[:0], h*narrow)[:h*narrow]
	for v := range h {
		at := 3 * ((y+v)*from + x)
		row := p.row
		for i, b := range pix[at : at+len(row)] {
			row[i] = unit[b]
		}
		p.across.Across(p.rows[v*narrow:(v+1)*narrow], row, 3)
	}
	for v := range side {
		p.down.Down(dst[v*narrow:(v+1)*narrow], p.rows, v, narrow)
	}
}

// Weights of grey (ITU-R BT.601).
const greyR, greyG, greyB = 0.299, 0.587, 0.114

// colour jitters brightness, contrast and saturation, in this order, clamps to
// 0..1 and normalises. The three are one linear map, because nothing is clamped
// between them: v' = a*v + b*grey + c.
func (p *painter) colour(x []float32) {
	bright, contrast, saturate := p.factor(p.config.Brightness), p.factor(p.config.Contrast), p.factor(p.config.Saturation)
	a := bright * contrast * saturate
	b := bright * contrast * (1 - saturate)
	c := float32(0)
	if contrast != 1 {
		c = bright * (1 - contrast) * meanGrey(x)
	}
	m, s := p.spec.Mean, p.spec.Std
	ir, ig, ib := 1/s[0], 1/s[1], 1/s[2]
	for ; len(x) >= 3; x = x[3:] {
		r, g, bl := x[0], x[1], x[2]
		shift := b*(greyR*r+greyG*g+greyB*bl) + c
		x[0] = (clamp(a*r+shift) - m[0]) * ir
		x[1] = (clamp(a*g+shift) - m[1]) * ig
		x[2] = (clamp(a*bl+shift) - m[2]) * ib
	}
}

// clamp is min(max(v, 0), 1) without their care for NaN, which costs more than
// two branches that are rarely taken.
func clamp(v float32) float32 {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}

func meanGrey(x []float32) float32 {
	n := len(x) / 3
	var r, g, b float64
	for ; len(x) >= 3; x = x[3:] {
		r += float64(x[0])
		g += float64(x[1])
		b += float64(x[2])
	}
	return float32((greyR*r + greyG*g + greyB*b) / float64(n))
}

// erase sets a rectangle of 2 to 20 % of the area to 0, the mean colour.
func (p *painter) erase(dst []float32, side int) {
	target := p.between(0.02, 0.2) * float64(side*side)
	ratio := math.Exp(p.between(math.Log(0.3), math.Log(1/0.3)))
	w := min(max(int(math.Sqrt(target*ratio)+0.5), 1), side)
	h := min(max(int(math.Sqrt(target/ratio)+0.5), 1), side)
	x, y := p.rand.IntN(side-w+1), p.rand.IntN(side-h+1)
	for v := y; v < y+h; v++ {
		clear(dst[3*(v*side+x) : 3*(v*side+x+w)])
	}
}

func (p *painter) between(lo, hi float64) float64 { return lo + (hi-lo)*p.rand.Float64() }

// factor draws from 1-v to 1+v; it draws also where v is 0, so that switching one
// part off leaves the others as they were.
func (p *painter) factor(v float64) float32 { return float32(p.between(1-v, 1+v)) }

// scramble is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014): it
// makes neighbouring numbers unlike each other.
func scramble(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
