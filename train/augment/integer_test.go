package augment

import (
	"math"
	"testing"

	"bignas/core/preprocess"
)

// TestLanesHold: for every size of crop and image that occurs, the worst rows of
// pixels leave no lane's range in either pass.
func TestLanesHold(t *testing.T) {
	var plan preprocess.Axis
	var a integerAxis
	extremes := func(bits uint, low, high int) (least, most int) {
		a.from(&plan, bits)
		least, most = 0, 0
		for i := range a.start {
			down, up, sum := 0, 0, 0
			for _, w := range a.weights[i*a.taps : (i+1)*a.taps] {
				w := int(w)
				sum += w
				if w < 0 {
					down, up = down+w*high, up+w*low
				} else {
					down, up = down+w*low, up+w*high
				}
			}
			if sum != 1<<bits {
				t.Fatalf("from %d to %d: weights sum to %d, want %d", plan.From, plan.To, sum, 1<<bits)
			}
			least, most = min(least, down), max(most, up)
		}
		return least, most
	}
	for _, to := range []int{8, 32, 96, 128, 160, 192, 224, 320} {
		for from := 1; from <= 512; from++ {
			plan.Plan(from, to)
			low, high := extremes(acrossBits, 0, 255)
			const bias = 64<<acrossBits + 1<<(acrossBits-2)
			if low+bias < 0 || high+bias >= 1<<lane {
				t.Fatalf("from %d to %d: first pass %d to %d", from, to, low, high)
			}
			low, high = extremes(downBits, (low+bias)>>(acrossBits-1), (high+bias)>>(acrossBits-1))
			const more = 64<<(downBits+1) + 1<<downBits
			if low+more < 0 || high+more >= 1<<lane {
				t.Fatalf("from %d to %d: second pass %d to %d", from, to, low, high)
			}
		}
	}
}

// TestFixedPointIsClose: at most 1.5 levels from float32 anywhere, half of which
// is rounding to bytes, and less than 0.35 in the mean; also for odd sizes, crops
// of a few pixels, and mirrored.
func TestFixedPointIsClose(t *testing.T) {
	c := Default
	c.Scale[0], c.Brightness, c.Contrast, c.Saturation = 0.001, 0, 0, 0
	f := c
	f.Resample = FixedResample
	worst, sum, n := 0.0, 0.0, 0
	for _, sizes := range [][2]int{{224, 128}, {224, 192}, {97, 96}, {64, 160}, {31, 8}, {5, 9}} {
		pix := wavy(sizes[0])
		for i := range pix {
			if i%7 == 0 { // edges, which overshoot
				pix[i] = uint8(255 * (i % 2))
			}
		}
		for stream := range uint64(40) {
			a, b := paint(c, identity, pix, sizes[0], sizes[1], stream), paint(f, identity, pix, sizes[0], sizes[1], stream)
			for i, v := range a {
				d := 255 * math.Abs(float64(min(max(v, 0), 1)-b[i]))
				worst, sum, n = max(worst, d), sum+d, n+1
			}
		}
	}
	t.Logf("mean difference %.3f levels, worst %.2f", sum/float64(n), worst)
	if worst > 1.5 || sum/float64(n) > 0.35 || sum == 0 {
		t.Errorf("differs by %.3f levels in the mean, %.2f at worst", sum/float64(n), worst)
	}
}

// TestBytesColourLikeFloats: the jitter of bytes is that of floats, but for
// clamping before it and the rounding to bytes; hue turns about grey.
func TestBytesColourLikeFloats(t *testing.T) {
	c := plain
	c.Brightness, c.Contrast, c.Saturation = 0.3, 0.3, 0.3
	f := c
	f.Resample = FixedResample
	spec := preprocess.Spec{Mean: [3]float32{0.4, 0.5, 0.6}, Std: [3]float32{0.2, 0.3, 0.4}}
	pix := wavy(16)
	for stream := range uint64(10) {
		a, b := paint(c, spec, pix, 16, 16, stream), paint(f, spec, pix, 16, 16, stream)
		for i := range a {
			if math.Abs(float64(a[i]-b[i])) > 1e-5 {
				t.Fatalf("stream %d: element %d is %v from bytes, %v from floats", stream, i, b[i], a[i])
			}
		}
	}
	red := func(turn float64) (v [3]float64) {
		m := hueTurn(turn)
		for r := range 3 {
			v[r] = m[r][0]
			if s := m[r][0] + m[r][1] + m[r][2]; math.Abs(s-1) > 0.01 {
				t.Errorf("a turn of %g makes grey %g of itself", turn, s)
			}
		}
		return v
	}
	if v := red(0); math.Abs(v[0]-1) > 0.01 || math.Abs(v[1]) > 0.01 {
		t.Errorf("no turn makes red %v", v)
	}
	a, b := red(1./3), red(-1./3)
	if !(a[1] > a[0] && a[1] > a[2] && b[2] > b[0] && b[2] > b[1]) && !(b[1] > b[0] && b[1] > b[2] && a[2] > a[0] && a[2] > a[1]) {
		t.Errorf("a third of a turn makes red %v and %v, want mostly green and mostly blue", a, b)
	}
}
