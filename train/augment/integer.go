package augment

import (
	"slices"

	"bignas/core/preprocess"
)

// Resampling in fixed point: the filter of preprocess.Axis with integer weights. A 64-bit word has
// the three channels of a pixel, 21 bits each, so that one multiplication weights all three.
// Negative weights work because the sum is exact modulo 2^64: only the final sum of a lane must be
// in 0 to 2^21, which a bias ensures.
//
// In the first pass weights sum to 2^12, and a lane is (v+64)*2^12 with v in levels, of which
// (v+64)*2, ten bits, are stored. In the second pass weights sum to 2^10, and a lane is
// (v+128)*2^11. The filter's negative weights sum to less than a quarter and, applied twice, to
// less than a half, so that no lane overflows (a test checks all sizes).
const (
	lane          = 21
	acrossBits    = 12
	downBits      = 10
	triple        = 1 | 1<<lane | 1<<(2*lane) // multiplies a constant for all lanes
	acrossBias    = (64<<acrossBits + 1<<(acrossBits-2)) * triple
	kept          = (1<<10 - 1) * triple
	downBias      = (64<<(downBits+1) + 1<<downBits) * triple
	clampOffset   = 128 // levels by which the final lane is too large
	clampedLevels = 1 << 10
)

// clamped converts a final lane to a byte.
var clamped = func() (t [clampedLevels]uint8) {
	for i := range t {
		t[i] = uint8(min(max(i-clampOffset, 0), 255))
	}
	return t
}()

// integerResampler has the weights and the buffers.
type integerResampler struct {
	plan         preprocess.Axis
	across, down integerAxis
	row          []uint64 // pixels of one row
	rows         []uint64 // of the crop after the first pass
	sum          []uint64 // one final row
}

// integerAxis is a preprocess.Axis with weights that sum to 1<<bits exactly.
type integerAxis struct {
	taps    int
	start   []int
	weights []uint64 // two's complement
}

func (a *integerAxis) from(p *preprocess.Axis, bits uint) {
	a.taps = p.Taps
	a.start = append(a.start[:0], p.Start...)
	a.weights = slices.Grow(a.weights[:0], len(p.Weights))[:len(p.Weights)]
	one := float32(int(1) << bits)
	for i := range p.Start {
		exact, w := p.Weights[i*p.Taps:(i+1)*p.Taps], a.weights[i*p.Taps:(i+1)*p.Taps]
		sum, biggest := 0, 0
		for t, v := range exact {
			n := int(v*one + 0.5)
			if v < 0 {
				n = int(v*one - 0.5)
			}
			w[t] = uint64(n)
			sum += n
			if v > exact[biggest] {
				biggest = t
			}
		}
		w[biggest] += uint64(1<<bits - sum)
	}
}

// resample resizes a crop of pix [from, from, 3] to dst [side, side, 3], bytes both.
func (r *integerResampler) resample(dst []uint8, side int, pix []uint8, from, x, y, w, h int, flip bool) {
	r.plan.Plan(w, side)
	if flip {
		r.plan.Reverse()
	}
	r.across.from(&r.plan, acrossBits)
	r.plan.Plan(h, side)
	r.down.from(&r.plan, downBits)
	r.row = slices.Grow(r.row[:0], w)[:w]
	r.rows = slices.Grow(r.rows[:0], h*side)[:h*side]
	r.sum = slices.Grow(r.sum[:0], side)[:side]
	for v := range h {
		at := 3 * ((y+v)*from + x)
		pack(r.row, pix[at:at+3*w])
		r.across.acrossRow(r.rows[v*side:(v+1)*side], r.row)
	}
	for v := range side {
		r.down.downRow(r.sum, r.rows, v)
		unpack(dst[v*3*side:(v+1)*3*side], r.sum)
	}
}

// pack packs RGB bytes into words.
func pack(row []uint64, pix []uint8) {
	for i := range row {
		v := (*[3]uint8)(pix[3*i:])
		row[i] = uint64(v[0]) | uint64(v[1])<<lane | uint64(v[2])<<(2*lane)
	}
}

// unpack converts final lanes to RGB bytes.
func unpack(dst []uint8, sum []uint64) {
	for i, v := range sum {
		d := (*[3]uint8)(dst[3*i:])
		d[0] = clamped[v>>(downBits+1)%clampedLevels]
		d[1] = clamped[v>>(downBits+1+lane)%clampedLevels]
		d[2] = clamped[v>>(downBits+1+2*lane)%clampedLevels]
	}
}

// acrossRow is the first pass over one row. The usual numbers of taps, for an enlargement and for
// reductions by up to 1.5 and 2, have loops without bounds checks, which would take a third of the
// time.
func (a *integerAxis) acrossRow(dst, src []uint64) {
	dst = dst[:len(a.start)]
	switch a.taps {
	case 4:
		for i, first := range a.start {
			s, w := (*[4]uint64)(src[first:]), (*[4]uint64)(a.weights[4*i:])
			sum := acrossBias + w[0]*s[0] + w[1]*s[1] + w[2]*s[2] + w[3]*s[3]
			dst[i] = sum >> (acrossBits - 1) & kept
		}
	case 6:
		for i, first := range a.start {
			s, w := (*[6]uint64)(src[first:]), (*[6]uint64)(a.weights[6*i:])
			sum := acrossBias + w[0]*s[0] + w[1]*s[1] + w[2]*s[2] + w[3]*s[3] + w[4]*s[4] + w[5]*s[5]
			dst[i] = sum >> (acrossBits - 1) & kept
		}
	case 8:
		for i, first := range a.start {
			s, w := (*[8]uint64)(src[first:]), (*[8]uint64)(a.weights[8*i:])
			sum := acrossBias + w[0]*s[0] + w[1]*s[1] + w[2]*s[2] + w[3]*s[3] + w[4]*s[4] + w[5]*s[5] + w[6]*s[6] + w[7]*s[7]
			dst[i] = sum >> (acrossBits - 1) & kept
		}
	default:
		for i, first := range a.start {
			sum := uint64(acrossBias)
			for t, w := range a.weights[i*a.taps : (i+1)*a.taps] {
				sum += w * src[first+t]
			}
			dst[i] = sum >> (acrossBits - 1) & kept
		}
	}
}

// downRow is the second pass for output row i.
func (a *integerAxis) downRow(sum, rows []uint64, i int) {
	width := len(sum)
	w, rows := a.weights[i*a.taps:(i+1)*a.taps], rows[a.start[i]*width:]
	if len(w) >= 4 {
		p0, p1, p2, p3 := rows[:width], rows[width:2*width], rows[2*width:3*width], rows[3*width:4*width]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for x := range sum {
			sum[x] = downBias + w0*p0[x] + w1*p1[x] + w2*p2[x] + w3*p3[x]
		}
		w, rows = w[4:], rows[4*width:]
	} else {
		for x := range sum {
			sum[x] = downBias
		}
	}
	for ; len(w) >= 2; w, rows = w[2:], rows[2*width:] {
		p0, p1, w0, w1 := rows[:width], rows[width:2*width], w[0], w[1]
		for x := range sum {
			sum[x] += w0*p0[x] + w1*p1[x]
		}
	}
	if len(w) == 1 {
		p0, w0 := rows[:width], w[0]
		for x := range sum {
			sum[x] += w0 * p0[x]
		}
	}
}
