package main

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"sync"
)

// scene is what an image shows. Distances are in metres or so, y is up.
type scene struct {
	name        string
	eye, target vec
	zoom        float64 // half the height of the image over the distance
	far         float64
	sun         vec // towards it
	sunlight    vec
	skylight    vec
	haze        float64 // how much of the sky's colour lies over things, per unit of distance
	distance    func(p vec) (d float64, material int)
	surface     func(material int, p, n vec) surface
	sky         func(dir vec) vec
}

// surface is what the light falls on.
type surface struct {
	colour vec
	gloss  float64 // strength of the highlight and of the mirror image, 0 to 1
	metal  bool    // the mirror image takes the colour
	glow   vec     // light of its own
}

const samplesPerSide = 3 // rays for a pixel, squared

func render(s scene, side int) *image.RGBA {
	im := image.NewRGBA(image.Rect(0, 0, side, side))
	forward := s.target.sub(s.eye).unit()
	right := forward.cross(vec{0, 1, 0}).unit()
	up := right.cross(forward)
	var rows sync.WaitGroup
	for y := range side {
		rows.Add(1)
		go func() {
			defer rows.Done()
			grain := rand.New(rand.NewPCG(uint64(y), 7))
			for x := range side {
				var sum vec
				for i := range samplesPerSide * samplesPerSide {
					u := (float64(x) + (float64(i%samplesPerSide)+0.5)/samplesPerSide) / float64(side)
					v := (float64(y) + (float64(i/samplesPerSide)+0.5)/samplesPerSide) / float64(side)
					dir := forward.add(right.times((2*u - 1) * s.zoom)).add(up.times((1 - 2*v) * s.zoom)).unit()
					sum = sum.add(tone(s.trace(s.eye, dir, 1)))
				}
				sum = sum.times(1.0 / (samplesPerSide * samplesPerSide))
				// A lens darkens the corners, a sensor adds noise.
				dx, dy := float64(x)/float64(side)-0.5, float64(y)/float64(side)-0.5
				shade := 1 - 0.35*(dx*dx+dy*dy)
				g := 0.009 * grain.NormFloat64()
				c := func(v float64) uint8 { return uint8(255*clamp(math.Pow(clamp(v*shade, 0, 1), 1/2.2)+g, 0, 1) + 0.5) }
				im.SetRGBA(x, y, color.RGBA{c(sum.x), c(sum.y), c(sum.z), 255})
			}
		}()
	}
	rows.Wait()
	return im
}

// tone compresses highlights as film does.
func tone(c vec) vec {
	f := func(v float64) float64 { return clamp(v*(1+v*0.15)/(1+v*0.45)*1.25, 0, 1) }
	return vec{f(c.x), f(c.y), f(c.z)}
}

// trace returns the light that comes from dir to p; mirrors is how often a ray
// may still bounce.
func (s *scene) trace(p, dir vec, mirrors int) vec {
	t, m := s.march(p, dir)
	if m < 0 {
		return s.sky(dir)
	}
	at := p.add(dir.times(t))
	n := s.normal(at, t)
	f := s.surface(m, at, n)
	lit := math.Max(0, n.dot(s.sun))
	if lit > 0 {
		lit *= s.shadow(at.add(n.times(2e-3 * math.Max(1, t))))
	}
	open := s.openness(at, n)
	bounce := 0.5 + 0.5*n.y
	light := s.sunlight.times(lit).add(s.skylight.times(open * (0.35 + 0.65*bounce)))
	colour := f.colour.mul(light).add(f.glow)
	if f.gloss > 0 {
		mirror := dir.sub(n.times(2 * n.dot(dir)))
		image := s.sky(mirror)
		if mirrors > 0 && f.gloss > 0.3 {
			image = s.trace(at.add(n.times(5e-3)), mirror, mirrors-1)
		}
		spark := math.Pow(math.Max(0, mirror.dot(s.sun)), 60) * 3 * math.Min(1, lit*3)
		edge := f.gloss * (0.25 + 0.75*math.Pow(1-math.Max(0, -n.dot(dir)), 5))
		if f.metal {
			colour = colour.times(0.3).add(f.colour.mul(image.times(0.9).add(s.sunlight.times(spark))))
		} else {
			colour = colour.times(1 - edge).add(image.times(edge * open)).add(s.sunlight.times(spark * f.gloss))
		}
	}
	if s.haze > 0 {
		colour = colour.mix(s.sky(vec{dir.x, math.Max(dir.y, 0.02), dir.z}.unit()), 1-math.Exp(-s.haze*t))
	}
	return colour
}

func (s *scene) march(p, dir vec) (t float64, material int) {
	t = 0.02
	for range 220 {
		d, m := s.distance(p.add(dir.times(t)))
		if d < 4e-4*math.Max(1, t) {
			return t, m
		}
		t += d * 0.9
		if t > s.far {
			break
		}
	}
	return t, -1
}

func (s *scene) normal(p vec, t float64) vec {
	e := 5e-4 * math.Max(1, t)
	f := func(d vec) float64 { v, _ := s.distance(p.add(d)); return v }
	return vec{f(vec{e, 0, 0}) - f(vec{-e, 0, 0}), f(vec{0, e, 0}) - f(vec{0, -e, 0}), f(vec{0, 0, e}) - f(vec{0, 0, -e})}.unit()
}

// shadow is 1 in the sun, 0 in the dark, between at the edge.
func (s *scene) shadow(p vec) float64 {
	light, t := 1.0, 0.01
	for range 48 {
		d, _ := s.distance(p.add(s.sun.times(t)))
		light = math.Min(light, 14*d/t)
		if light < 0.01 {
			return 0
		}
		t += clamp(d, 0.01, 1)
		if t > s.far/2 {
			break
		}
	}
	return clamp(light, 0, 1)
}

// openness is how much of the sky a point sees, 0 to 1 (ambient occlusion).
func (s *scene) openness(p, n vec) float64 {
	hidden, weight := 0.0, 1.0
	for i := 1; i <= 5; i++ {
		h := 0.06 * float64(i*i) / 3
		d, _ := s.distance(p.add(n.times(h)))
		hidden += weight * math.Max(0, h-d) / h
		weight *= 0.6
	}
	return clamp(1-0.42*hidden, 0.05, 1)
}

// nearest keeps the smaller of two distances and its material.
func nearest(d *float64, m *int, d2 float64, m2 int) {
	if d2 < *d {
		*d, *m = d2, m2
	}
}

// daySky is blue with clouds: cover 0 to 1.
func daySky(zenith, horizon vec, cover, scale float64) func(vec) vec {
	return func(dir vec) vec {
		up := clamp(dir.y, 0, 1)
		c := horizon.mix(zenith, math.Pow(up, 0.6))
		if cover > 0 && dir.y > -0.05 {
			p := vec{dir.x, 0, dir.z}.times(scale / (dir.y + 0.35))
			f := smooth(1-cover, 1.25-cover, fractal(p.add(vec{3, 1, 5}), 6))
			shade := 0.75 + 0.25*noise(p.times(2.3))
			c = c.mix(vec{1, 1, 1.02}.times(shade), f*0.9)
		}
		return c
	}
}
