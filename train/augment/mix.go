package augment

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Mixup and CutMix. Image i of a batch of n is mixed with image n-1-i: because each epoch is
// shuffled, that is a random partner, and a pair can be mixed in place. Each of the two has its own
// weight.

// recipe says how one image is mixed with its partner.
type recipe struct {
	weight float32 // of the image itself; 1: not mixed
	cut    bool    // CutMix: the rectangle is the partner's
	x0, x1 int
	y0, y1 int
}

// recipe draws the recipe of an image of side pixels.
func (p *painter) recipe(side int, seed, stream uint64) recipe {
	r := p.part(partMix, seed, stream)
	c := &p.config
	cut := c.CutMix > 0 && (c.Mixup == 0 || r.IntN(2) == 0)
	if r.Float64() < c.Unmixed {
		return recipe{weight: 1}
	}
	if !cut {
		return recipe{weight: float32(beta(r, c.Mixup))}
	}
	// The rectangle has the shape of the image and the share 1-weight of its area. Its part
	// outside the image is cut off, and the weight adjusted.
	share := math.Sqrt(1 - beta(r, c.CutMix))
	size := int(share * float64(side))
	x, y := r.IntN(side), r.IntN(side)
	m := recipe{cut: true, x0: max(x-size/2, 0), x1: min(x-size/2+size, side), y0: max(y-size/2, 0), y1: min(y-size/2+size, side)}
	m.weight = 1 - float32((m.x1-m.x0)*(m.y1-m.y0))/float32(side*side)
	return m
}

// beta draws from Beta(a, a), by two gamma variates.
func beta(r *rand.Rand, a float64) float64 {
	for {
		x, y := gamma(r, a), gamma(r, a)
		if x+y > 0 { // both may underflow where a is very small
			return x / (x + y)
		}
	}
}

// gamma draws from Gamma(a, 1) by the method of Marsaglia and Tsang (2000).
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(1-r.Float64(), 1/a)
	}
	d := a - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if u := 1 - r.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// mixPair mixes the images a and b [side, side, 3] with each other.
func (p *painter) mixPair(a, b []float32, side int, forA, forB recipe) {
	wide := 3 * side
	p.row = slices.Grow(p.row[:0], 2*wide)[:2*wide]
	oldA, oldB := p.row[:wide], p.row[wide:]
	for y := range side {
		rowA, rowB := a[y*wide:(y+1)*wide], b[y*wide:(y+1)*wide]
		copy(oldA, rowA)
		copy(oldB, rowB)
		forA.row(rowA, oldB, y)
		forB.row(rowB, oldA, y)
	}
}

// row mixes row y of an image with that of its partner.
func (m recipe) row(own, other []float32, y int) {
	switch {
	case m.weight == 1:
	case m.cut:
		if y >= m.y0 && y < m.y1 {
			copy(own[3*m.x0:3*m.x1], other[3*m.x0:3*m.x1])
		}
	default:
		rest := 1 - m.weight
		other = other[:len(own)]
		for i, v := range own {
			own[i] = m.weight*v + rest*other[i]
		}
	}
}

// mix mixes the pairs lo to hi of the batch of a step. A middle image is not mixed.
func (l *Loader) mix(b *Batch, order []int, epoch, step, lo, hi int) {
	p := l.painter()
	defer l.idle(p)
	each := b.Side * b.Side * 3
	draw := func(i int) recipe {
		if !l.config.Mixes(epoch) {
			return recipe{weight: 1}
		}
		return p.recipe(b.Side, l.seed, stream(epoch, order[l.at(step, i)]))
	}
	for i := lo; i < hi; i++ {
		j := b.N - 1 - i
		forI, forJ := draw(i), draw(j)
		b.Mixed[i], b.Mixed[j], b.Weight[i], b.Weight[j] = b.Labels[j], b.Labels[i], forI.weight, forJ.weight
		p.mixPair(b.Images[i*each:(i+1)*each], b.Images[j*each:(j+1)*each], b.Side, forI, forJ)
	}
}
