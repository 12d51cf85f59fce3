package augment

import (
	"math"
	"math/rand/v2"
	"slices"

	"bignas/core/preprocess"
)

// painter makes augmented images one at a time. It reuses its buffers.
type painter struct {
	config Config
	spec   preprocess.Spec
	pcg    rand.PCG
	rand   *rand.Rand

	across, down preprocess.Axis
	row, rows    []float32

	// For the parts with random numbers of their own, and bytes.
	otherPCG rand.PCG
	other    *rand.Rand
	integers integerResampler
	bytes    []uint8
	scratch  []uint8
}

func newPainter(c Config, spec preprocess.Spec) *painter {
	p := &painter{config: c, spec: spec}
	p.rand, p.other = rand.New(&p.pcg), rand.New(&p.otherPCG)
	return p
}

// unit is the 256 byte values as 0..1.
var unit = func() (u [256]float32) {
	for i := range u {
		u[i] = float32(i) / 255
	}
	return u
}()

// paint writes one augmented image to dst [side, side, 3], normalised, from
// pix [from, from, 3]. stream identifies the image's random numbers.
func (p *painter) paint(dst []float32, side int, pix []uint8, from int, seed, stream uint64) {
	p.pcg.Seed(scramble(seed), scramble(stream))
	x, y, w, h := p.crop(from)
	flip := p.rand.Float64() < p.config.Flip
	if p.config.bytewise() {
		p.bytes = slices.Grow(p.bytes[:0], side*side*3)[:side*side*3]
		p.integers.resample(p.bytes, side, pix, from, x, y, w, h, flip)
		p.policy(p.bytes, side, seed, stream)
		p.colourBytes(dst[:side*side*3], p.bytes, seed, stream)
	} else {
		p.resample(dst, side, pix, from, x, y, w, h, flip)
		p.colour(dst[:side*side*3])
	}
	if p.rand.Float64() < p.config.Erase {
		p.erase(dst, side)
	}
}

// crop draws a rectangle in a square of side from, with area and shape within the limits, or takes the
// biggest centred one if ten draws do not fit, as torchvision's RandomResizedCrop does.
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

// resample resizes the crop to side x side, horizontally first, in 0..1.
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

// scramble is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), which makes streams of
// consecutive numbers independent.
func scramble(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Parts of the augmentation with random numbers of their own: switching one on does not change what
// the others draw.
const (
	partPolicy = 1 + iota
	partHue
	partMix
)

// part returns the random numbers of one part for an image.
func (p *painter) part(part, seed, stream uint64) *rand.Rand {
	p.otherPCG.Seed(scramble(scramble(seed)+part), scramble(stream))
	return p.other
}
