// Package shapes draws images to train on where there are none: light figures of ten classes on dark grounds with lines and noise.
package shapes

import "math"

// figure is a class of drawn images. inside is the signed distance to its edge, negative inside, in units of its radius,
// roughly within [-1, 1]^2. Where second is not nil the figure has a pattern of two colours, and second is negative in the
// other colour.
type figure struct {
	name   string
	inside func(x, y float64) float64
	second func(x, y float64) float64
}

// The distances follow I. Quilez, "2D distance functions"
// (iquilezles.org/articles/distfunctions2d), simplified where only the sign and
// the slope near the edge matter.
var figures = []figure{ // by name
	{name: "checks", inside: func(x, y float64) float64 { return math.Hypot(x, y) - 0.9 },
		second: func(x, y float64) float64 { return math.Sin(x*8) * math.Sin(y*8) / 8 }},
	{name: "crescent", inside: func(x, y float64) float64 {
		return max(math.Hypot(x, y)-0.9, 0.75-math.Hypot(x-0.45, y))
	}},
	{name: "cross", inside: func(x, y float64) float64 { return min(box(x, y, 0.92, 0.28), box(x, y, 0.28, 0.92)) }},
	{name: "disc", inside: func(x, y float64) float64 { return math.Hypot(x, y) - 0.85 }},
	{name: "heart", inside: heart},
	{name: "ring", inside: func(x, y float64) float64 { return math.Abs(math.Hypot(x, y)-0.7) - 0.19 }},
	{name: "square", inside: func(x, y float64) float64 { return box(x, y, 0.75, 0.75) }},
	{name: "star", inside: star},
	{name: "stripes", inside: func(x, y float64) float64 { return math.Hypot(x, y) - 0.9 },
		second: func(x, _ float64) float64 { return math.Sin(x*11) / 11 }},
	{name: "triangle", inside: triangle},
}

func box(x, y, w, h float64) float64 { return max(math.Abs(x)-w, math.Abs(y)-h) }

// triangle is equilateral: the intersection of three half planes.
func triangle(x, y float64) float64 {
	const apothem = 0.48
	half, tall := 0.5*y, math.Sqrt(3)/2*x
	return max(-y, half+tall, half-tall) - apothem
}

// star has five points. The plane is folded into a tenth, in which the edge is a line from a point to a notch.
func star(x, y float64) float64 {
	const tenth = math.Pi / 5
	const outer, notch = 1.0, 0.42
	angle := math.Mod(math.Atan2(x, y)+2*math.Pi, 2*tenth)
	angle = min(angle, 2*tenth-angle)
	r := math.Hypot(x, y)
	u, v := r*math.Cos(angle), r*math.Sin(angle)
	nu, nv := notch*math.Cos(tenth), notch*math.Sin(tenth)
	// The outward normal of the line from (outer, 0) to (nu, nv).
	a, b := nv, outer-nu
	return ((u-outer)*a + v*b) / math.Hypot(a, b)
}

// heart is a square on a corner with discs on two edges.
func heart(x, y float64) float64 {
	const side = 0.48
	y += 0.2
	u, v := (x+y)*math.Sqrt2/2, (y-x)*math.Sqrt2/2
	return min(box(u, v, side, side), math.Hypot(u-side, v)-side, math.Hypot(u, v-side)-side)
}
