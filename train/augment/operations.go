package augment

import "slices"

// The operations of policies on RGB bytes, as in Pillow's ImageOps and ImageEnhance.

// table returns a table of byte values, clamped and truncated as in Pillow.
func table(f func(v int) float32) *[256]uint8 {
	var t [256]uint8
	for v := range t {
		t[v] = uint8(min(max(f(v), 0), 255))
	}
	return &t
}

// mapAll maps all bytes by t.
func mapAll(pix []uint8, t *[256]uint8) {
	for i, v := range pix {
		pix[i] = t[v]
	}
}

// mapEach maps each channel by its own table.
func mapEach(pix []uint8, t *[3][256]uint8) {
	for i := 0; i+3 <= len(pix); i += 3 {
		v := (*[3]uint8)(pix[i:])
		v[0], v[1], v[2] = t[0][v[0]], t[1][v[1]], t[2][v[2]]
	}
}

// counts returns how often each value occurs in each channel.
func counts(pix []uint8) *[3][256]int {
	var n [3][256]int
	for i := 0; i+3 <= len(pix); i += 3 {
		v := (*[3]uint8)(pix[i:])
		n[0][v[0]]++
		n[1][v[1]]++
		n[2][v[2]]++
	}
	return &n
}

// stretched returns the tables that map each channel's smallest value to 0 and its largest to 255.
func stretched(pix []uint8) *[3][256]uint8 {
	var t [3][256]uint8
	for c, n := range counts(pix) {
		low, high := 0, 255
		for low < 255 && n[low] == 0 {
			low++
		}
		for high > 0 && n[high] == 0 {
			high--
		}
		for v := range t[c] {
			t[c][v] = uint8(v)
			if high > low {
				t[c][v] = uint8(min(max(float64(v-low)*255/float64(high-low), 0), 255))
			}
		}
	}
	return &t
}

// equalised returns the tables that equalise the histogram of each channel. A channel with too few
// values is unchanged.
func equalised(pix []uint8) *[3][256]uint8 {
	var t [3][256]uint8
	for c, n := range counts(pix) {
		last := 255
		for last > 0 && n[last] == 0 {
			last--
		}
		step := (len(pix)/3 - n[last]) / 255
		below := step / 2
		for v := range t[c] {
			t[c][v] = uint8(v)
			if step > 0 {
				t[c][v] = uint8(min(below/step, 255))
			}
			below += n[v]
		}
	}
	return &t
}

// saturate moves each pixel away from its grey by factor, or towards it where that is below 1.
func saturate(pix []uint8, factor float32) {
	k := int(factor*(1<<12) + 0.5)
	for i := 0; i+3 <= len(pix); i += 3 {
		v := (*[3]uint8)(pix[i:])
		// Pillow's grey: ITU-R BT.601 in 16 bits, rounded.
		grey := (int(v[0])*19595 + int(v[1])*38470 + int(v[2])*7471 + 1<<15) >> 16
		for c := range v {
			v[c] = uint8(min(max((grey<<12+k*(int(v[c])-grey))>>12, 0), 255))
		}
	}
}

// sharpen moves each pixel away from its smoothed value by factor, or towards it where that is below
// 1. The filter is Pillow's SMOOTH, (1 1 1, 1 5 1, 1 1 1)/13. The border is unchanged.
func (p *painter) sharpen(pix []uint8, side int, factor float32) {
	wide := 3 * side
	old := append(p.scratch[:0], pix...)
	p.scratch = old
	k := int(factor*(1<<12) + 0.5)
	for y := 1; y+1 < side; y++ {
		up, at, down := old[(y-1)*wide:y*wide], old[y*wide:(y+1)*wide], old[(y+1)*wide:(y+2)*wide]
		row := pix[y*wide : (y+1)*wide]
		up, down, row = up[:len(at)], down[:len(at)], row[:len(at)]
		for x := 3; x+3 < len(at); x++ {
			own := int(at[x])
			sum := int(up[x-3]) + int(up[x]) + int(up[x+3]) + int(at[x-3]) + 5*own + int(at[x+3]) + int(down[x-3]) + int(down[x]) + int(down[x+3])
			smooth := (sum + 6) / 13
			row[x] = uint8(min(max((smooth<<12+k*(own-smooth))>>12, 0), 255))
		}
	}
}

// grey fills the area that a warp uncovers, as in AutoAugment's own program.
const grey = 128

// warp applies an affine transform: the pixel at (x, y) of the result is the one at (m0 x + m1 y +
// m2, m3 x + m4 y + m5), taken at its centre. There is no interpolation, as in AutoAugment's own
// program, torchvision and Pillow's transform.
func (p *painter) warp(pix []uint8, side int, m [6]float64) {
	old := append(p.scratch[:0], pix...)
	p.scratch = slices.Clip(old)
	const bits = 16
	fixed := func(v float64) int { return int(v * (1 << bits)) }
	dx, dy := fixed(m[0]), fixed(m[3])
	for y := range side {
		sx, sy := fixed(m[0]/2+m[1]*(float64(y)+0.5)+m[2]), fixed(m[3]/2+m[4]*(float64(y)+0.5)+m[5])
		row := pix[3*y*side : 3*(y+1)*side]
		for i := 0; i+3 <= len(row); i += 3 {
			d := (*[3]uint8)(row[i:])
			if u, v := sx>>bits, sy>>bits; uint(u) < uint(side) && uint(v) < uint(side) {
				*d = *(*[3]uint8)(old[3*(v*side+u):])
			} else {
				*d = [3]uint8{grey, grey, grey}
			}
			sx += dx
			sy += dy
		}
	}
}
