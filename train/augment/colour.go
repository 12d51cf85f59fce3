package augment

import "math"

// Weights of grey (ITU-R BT.601).
const greyR, greyG, greyB = 0.299, 0.587, 0.114

// colour jitters brightness, contrast and saturation, in this order, clamps to 0..1 and
// normalises. Because nothing is clamped in between, the three are one linear map: v' = a*v +
// b*grey + c.
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

// clamp is min(max(v, 0), 1) without the handling of NaN, which would be slower than two rarely
// taken branches.
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

// factor draws from 1-v to 1+v. It draws also where v is 0, so that switching one part off does
// not change the others.
func (p *painter) factor(v float64) float32 { return float32(p.between(1-v, 1+v)) }

// hueTurn returns the matrix that rotates the colour circle by a fraction of a turn: conversion to
// YIQ, a rotation of I and Q, and conversion back (the FCC's matrix of 1953). Grey and luma are
// unchanged.
func hueTurn(turn float64) (m [3][3]float64) {
	to := [3][3]float64{{greyR, greyG, greyB}, {0.596, -0.274, -0.322}, {0.211, -0.523, 0.312}}
	back := [3][3]float64{{1, 0.956, 0.621}, {1, -0.272, -0.647}, {1, -1.107, 1.705}}
	sin, cos := math.Sincos(2 * math.Pi * turn)
	for j := range 3 {
		y, i, q := to[0][j], to[1][j], to[2][j]
		i, q = cos*i-sin*q, sin*i+cos*q
		for r := range 3 {
			m[r][j] = back[r][0]*y + back[r][1]*i + back[r][2]*q
		}
	}
	return m
}

// colourBytes is colour for bytes and with hue, which comes after the other three in one linear
// map, v' = M v + c. It clamps after the normalisation, between the normalised 0 and 1.
func (p *painter) colourBytes(dst []float32, src []uint8, seed, stream uint64) {
	bright, contrast, saturate := p.factor(p.config.Brightness), p.factor(p.config.Contrast), p.factor(p.config.Saturation)
	a, b, c := bright*contrast*saturate, bright*contrast*(1-saturate), float32(0)
	if contrast != 1 {
		c = bright * (1 - contrast) * meanGreyBytes(src)
	}
	m, s := p.spec.Mean, p.spec.Std
	var low, high, scale, shift [3]float32
	for k := range 3 {
		low[k], high[k] = -m[k]/s[k], (1-m[k])/s[k]
		scale[k], shift[k] = a/s[k]/255, (c-m[k])/s[k]
	}
	if p.config.Hue > 0 {
		p.colourMatrix(dst, src, a, b, shift, low, high, hueTurn((2*p.part(partHue, seed, stream).Float64()-1)*p.config.Hue))
		return
	}
	// Tables of the term of each channel; that of grey is b times it.
	var own [3][256]float32
	for k := range 3 {
		for v := range own[k] {
			own[k][v] = float32(v)*scale[k] + shift[k]
		}
	}
	gr, gg, gb := b*greyR/255, b*greyG/255, b*greyB/255
	i0, i1, i2 := 1/s[0], 1/s[1], 1/s[2]
	dst = dst[:len(src)]
	for i := 0; i+3 <= len(src); i += 3 {
		v, d := (*[3]uint8)(src[i:]), (*[3]float32)(dst[i:])
		grey := gr*float32(v[0]) + gg*float32(v[1]) + gb*float32(v[2])
		d[0] = within(own[0][v[0]]+grey*i0, low[0], high[0])
		d[1] = within(own[1][v[1]]+grey*i1, low[1], high[1])
		d[2] = within(own[2][v[2]]+grey*i2, low[2], high[2])
	}
}

// colourMatrix is colourBytes with hue.
func (p *painter) colourMatrix(dst []float32, src []uint8, a, b float32, shift, low, high [3]float32, turn [3][3]float64) {
	// (a I + b 1 grey) rotated; the constant is grey, which a rotation does not change.
	grey := [3]float64{greyR, greyG, greyB}
	var m [3][3]float32
	for r := range 3 {
		for j := range 3 {
			var row float64
			for k := range 3 {
				row += turn[r][k] * float64(b) * grey[j]
			}
			m[r][j] = float32((float64(a)*turn[r][j]+row)/255) / p.spec.Std[r]
		}
	}
	dst = dst[:len(src)]
	for i := 0; i+3 <= len(src); i += 3 {
		v, d := (*[3]uint8)(src[i:]), (*[3]float32)(dst[i:])
		x, y, z := float32(v[0]), float32(v[1]), float32(v[2])
		d[0] = within(m[0][0]*x+m[0][1]*y+m[0][2]*z+shift[0], low[0], high[0])
		d[1] = within(m[1][0]*x+m[1][1]*y+m[1][2]*z+shift[1], low[1], high[1])
		d[2] = within(m[2][0]*x+m[2][1]*y+m[2][2]*z+shift[2], low[2], high[2])
	}
}

// within returns v clamped to low to high.
func within(v, low, high float32) float32 {
	if v < low {
		return low
	}
	if v > high {
		return high
	}
	return v
}

// meanGreyBytes returns the mean grey of RGB bytes, in 0..1.
func meanGreyBytes(src []uint8) float32 {
	n := len(src) / 3
	var r, g, b int
	for ; len(src) >= 3; src = src[3:] {
		r += int(src[0])
		g += int(src[1])
		b += int(src[2])
	}
	return float32((greyR*float64(r) + greyG*float64(g) + greyB*float64(b)) / float64(255*n))
}
