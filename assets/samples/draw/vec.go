package main

import "math"

// vec is a point, a direction or a linear RGB colour.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(b vec) vec            { return vec{a.x * b.x, a.y * b.y, a.z * b.z} }
func (a vec) times(s float64) vec      { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) length() float64          { return math.Sqrt(a.dot(a)) }
func (a vec) unit() vec                { return a.times(1 / a.length()) }
func (a vec) mix(b vec, t float64) vec { return a.times(1 - t).add(b.times(t)) }
func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

// rgb is an sRGB colour 0xRRGGBB in linear light.
func rgb(hex int) vec {
	c := func(shift int) float64 { return math.Pow(float64(hex>>shift&255)/255, 2.2) }
	return vec{c(16), c(8), c(0)}
}

func clamp(x, lo, hi float64) float64 { return math.Min(hi, math.Max(lo, x)) }

// smooth is 0 up to lo, 1 from hi on, and a smooth step between.
func smooth(lo, hi, x float64) float64 {
	t := clamp((x-lo)/(hi-lo), 0, 1)
	return t * t * (3 - 2*t)
}

// turn rotates p about the y axis.
func turn(p vec, angle float64) vec {
	s, c := math.Sincos(angle)
	return vec{c*p.x + s*p.z, p.y, c*p.z - s*p.x}
}

// Signed distances, negative inside. Sizes are half sizes.

func sphere(p vec, r float64) float64 { return p.length() - r }

func box(p, size vec, round float64) float64 {
	q := vec{math.Abs(p.x) - size.x + round, math.Abs(p.y) - size.y + round, math.Abs(p.z) - size.z + round}
	out := vec{math.Max(q.x, 0), math.Max(q.y, 0), math.Max(q.z, 0)}
	return out.length() + math.Min(math.Max(q.x, math.Max(q.y, q.z)), 0) - round
}

// capsule is a line from a to b of radius r.
func capsule(p, a, b vec, r float64) float64 {
	pa, ba := p.sub(a), b.sub(a)
	h := clamp(pa.dot(ba)/ba.dot(ba), 0, 1)
	return pa.sub(ba.times(h)).length() - r
}

// cylinder stands along y.
func cylinder(p vec, r, h float64) float64 {
	dx, dy := math.Hypot(p.x, p.z)-r, math.Abs(p.y)-h
	return math.Min(math.Max(dx, dy), 0) + math.Hypot(math.Max(dx, 0), math.Max(dy, 0))
}

// torus lies in the x-y plane.
func torus(p vec, r, thick float64) float64 {
	return math.Hypot(math.Hypot(p.x, p.y)-r, p.z) - thick
}

// pyramid with a square foot of half size w at y = 0 and its tip at y = h; a bound, not exact.
func pyramid(p vec, w, h float64) float64 {
	slope := math.Hypot(w, h)
	side := ((math.Max(math.Abs(p.x), math.Abs(p.z))-w)*h + p.y*w) / slope
	return math.Max(side, -p.y)
}

// roof is a prism along z: foot half width w at y = 0, ridge at y = h, half length l.
func roof(p vec, w, h, l float64) float64 {
	side := ((math.Abs(p.x)-w)*h + p.y*w) / math.Hypot(w, h)
	return math.Max(math.Max(side, -p.y), math.Abs(p.z)-l)
}

// Noise.

func hash(x, y, z int) float64 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ uint32(z)*0xcb1ab31f
	h = (h ^ h>>13) * 0x5bd1e995
	h = (h ^ h>>15) * 0x27d4eb2d
	return float64((h^h>>16)&0xffffff) / 0xffffff
}

// noise is smooth value noise, 0 to 1, of cells of size 1.
func noise(p vec) float64 {
	fx, fy, fz := math.Floor(p.x), math.Floor(p.y), math.Floor(p.z)
	x, y, z := int(fx), int(fy), int(fz)
	u, v, w := smooth(0, 1, p.x-fx), smooth(0, 1, p.y-fy), smooth(0, 1, p.z-fz)
	mix := func(a, b, t float64) float64 { return a + (b-a)*t }
	plane := func(z int) float64 {
		return mix(mix(hash(x, y, z), hash(x+1, y, z), u), mix(hash(x, y+1, z), hash(x+1, y+1, z), u), v)
	}
	return mix(plane(z), plane(z+1), w)
}

// fractal is noise summed over octaves, about 0 to 1.
func fractal(p vec, octaves int) float64 {
	sum, weight, total := 0.0, 0.5, 0.0
	for range octaves {
		sum += weight * noise(p)
		total += weight
		weight /= 2
		p = p.times(2.03).add(vec{17.1, 3.7, 9.2})
	}
	return sum / total
}
