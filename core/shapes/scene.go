package shapes

import (
	"math"
	"math/rand/v2"
)

// Names lists the classes in alphabetical order.
func Names() []string {
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
	}
	return names
}

// Draw draws an image of the class Names()[class]: RGB bytes, [side, side, 3]. What is random in it comes from r.
func Draw(r *rand.Rand, class, side int) []uint8 { return newScene(r, figures[class]).draw(r, side) }

// colour is RGB in 0..1.
type colour [3]float64

// scene describes an image to draw. Lengths are shares of the side.
type scene struct {
	figure     figure
	x, y, size float64 // centre and radius of the figure
	sin, cos   float64 // its rotation
	body, spot colour  // its colour and that of its pattern
	ground     [4]colour
	clutter    []stroke
	noise      float64
}

// stroke is a distracting line.
type stroke struct {
	x, y, dx, dy, length, width float64
	colour                      colour
}

// newScene returns a random scene: a light figure, rotated by up to 20 degrees, on a dark ground with a few lines and some noise.
// Colours do not depend on the class. The data set can be learnt in minutes on two cores.
func newScene(r *rand.Rand, f figure) *scene {
	s := &scene{figure: f, size: between(r, 0.26, 0.42), noise: between(r, 0, 0.06)}
	s.x, s.y = between(r, 0.4, 0.6), between(r, 0.4, 0.6)
	s.sin, s.cos = math.Sincos(between(r, -math.Pi/9, math.Pi/9))
	base := colourIn(r, 0, 0.3)
	for i := range s.ground {
		for c := range 3 {
			s.ground[i][c] = clamp01(base[c] + between(r, -0.08, 0.08))
		}
	}
	s.body = colourIn(r, 0.65, 1)
	s.spot = colourIn(r, 0, 0.3)
	for range r.IntN(4) {
		sin, cos := math.Sincos(between(r, 0, 2*math.Pi))
		s.clutter = append(s.clutter, stroke{x: r.Float64(), y: r.Float64(), dx: cos, dy: sin,
			length: between(r, 0.1, 0.4), width: between(r, 0.004, 0.012), colour: colourIn(r, 0.2, 0.6)})
	}
	return s
}

// draw renders the scene: ground, lines, figure, noise. Edges are antialiased over one pixel.
func (s *scene) draw(r *rand.Rand, side int) []uint8 {
	pix := make([]uint8, side*side*3)
	n := float64(side)
	for py := range side {
		for px := range side {
			x, y := (float64(px)+0.5)/n, (float64(py)+0.5)/n
			p := mix(mix(s.ground[0], s.ground[1], x), mix(s.ground[2], s.ground[3], x), y)
			for _, k := range s.clutter {
				p = mix(p, k.colour, cover(k.distance(x, y)*n))
			}
			u := ((x-s.x)*s.cos + (y-s.y)*s.sin) / s.size
			v := ((x-s.x)*s.sin - (y-s.y)*s.cos) / s.size // upwards, as in the figures
			if math.Abs(u) < 1.2 && math.Abs(v) < 1.2 {
				scale := s.size * n
				in := s.body
				if s.figure.second != nil {
					in = mix(in, s.spot, cover(s.figure.second(u, v)*scale))
				}
				p = mix(p, in, cover(s.figure.inside(u, v)*scale))
			}
			at := (py*side + px) * 3
			for c := range 3 {
				// Triangular noise: the sum of two uniform numbers.
				e := (r.Float64() + r.Float64() - 1) * s.noise
				pix[at+c] = uint8(clamp01(p[c]+e)*255 + 0.5)
			}
		}
	}
	return pix
}

// distance returns the distance from a point to the edge of the stroke, negative inside.
func (k stroke) distance(x, y float64) float64 {
	x, y = x-k.x, y-k.y
	along := min(max(x*k.dx+y*k.dy, 0), k.length)
	return math.Hypot(x-along*k.dx, y-along*k.dy) - k.width
}

// cover returns the share of a pixel inside an edge at that distance in pixels.
func cover(distance float64) float64 { return clamp01(0.5 - distance) }

func mix(a, b colour, t float64) colour {
	for c := range a {
		a[c] += (b[c] - a[c]) * t
	}
	return a
}

func clamp01(v float64) float64 { return min(max(v, 0), 1) }

func between(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// colourIn returns a random colour with channels from lo to hi.
func colourIn(r *rand.Rand, lo, hi float64) colour {
	return colour{between(r, lo, hi), between(r, lo, hi), between(r, lo, hi)}
}
