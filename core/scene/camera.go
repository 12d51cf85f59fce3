package scene

import "math"

// maxZoom shows the smallest block of a phone's view at the size of a thumb.
const maxZoom = 12.0

// camera maps the world to the view: a point p is drawn at (p - at) * zoom.
type camera struct {
	x, y, zoom    float64 // now
	wx, wy, wzoom float64 // wanted
	w, h          float64 // of the view, and of the world at zoom 1
}

func (c *camera) resize(w, h float64) {
	c.w, c.h = w, h
	if c.wzoom == 0 {
		c.wzoom = 1
	}
	c.clamp()
	c.settle()
}

// clamp keeps the world in the view.
func (c *camera) clamp() {
	c.wzoom = min(maxZoom, max(1, c.wzoom))
	c.wx = min(c.w-c.w/c.wzoom, max(0, c.wx))
	c.wy = min(c.h-c.h/c.wzoom, max(0, c.wy))
}

func (c *camera) settle() { c.x, c.y, c.zoom = c.wx, c.wy, c.wzoom }

func (c *camera) step(k float64) bool {
	moving := approach(&c.zoom, c.wzoom, k, 0.002)
	moving = approach(&c.x, c.wx, k, 0.1/c.wzoom) || moving
	return approach(&c.y, c.wy, k, 0.1/c.wzoom) || moving
}

// screen is where a point of the world is drawn.
func (c *camera) screen(x, y float64) (float64, float64) {
	return (x - c.x) * c.zoom, (y - c.y) * c.zoom
}

// box is where a box of the world is drawn.
func (c *camera) box(b box) box {
	x, y := c.screen(b.x, b.y)
	return box{x, y, b.w * c.zoom, b.h * c.zoom}
}

// world is the point of the world at a point of the view.
func (c *camera) world(x, y float64) (float64, float64) { return x/c.zoom + c.x, y/c.zoom + c.y }

// by zooms by a factor; the point of the view stays where it is.
func (c *camera) by(factor, x, y float64) {
	wx, wy := x/c.wzoom+c.wx, y/c.wzoom+c.wy
	c.wzoom = min(maxZoom, max(1, c.wzoom*factor))
	c.wx, c.wy = wx-x/c.wzoom, wy-y/c.wzoom
	c.clamp()
}

// pan moves the world by that many pixels of the view.
func (c *camera) pan(dx, dy float64) {
	c.wx -= dx / c.wzoom
	c.wy -= dy / c.wzoom
	c.clamp()
}

// reveal pans until the box is in the view.
func (c *camera) reveal(b box) {
	margin := 24 / c.wzoom
	fit := func(at *float64, size, lo, hi float64) {
		if lo-margin < *at {
			*at = lo - margin
		}
		if hi+margin > *at+size {
			*at = hi + margin - size
		}
	}
	fit(&c.wx, c.w/c.wzoom, b.x, b.x+b.w)
	fit(&c.wy, c.h/c.wzoom, b.y, b.y+b.h)
	c.clamp()
}

// Width is that of the part that shows the network, in pixels.
func (s *Scene) Width() float64 { return s.frame.w }

// Zoom is how many times the network is enlarged, 1 where all of it is shown.
func (s *Scene) Zoom() float64 { return s.camera.wzoom }

// ZoomBy zooms by a factor around the chosen layer, or the middle of the view.
func (s *Scene) ZoomBy(factor float64) {
	x, y := s.frame.w/2, s.frame.h/2
	if b := s.block(s.chosen); b != nil {
		p := s.camera.box(b.whole())
		x, y = min(s.frame.w, max(0, p.x+p.w/2)), min(s.frame.h, max(0, p.y+p.h/2))
	}
	s.camera.by(factor, x, y)
	if b := s.block(s.chosen); b != nil && s.camera.wzoom > 1 {
		s.camera.reveal(b.whole())
	}
}

// ZoomFit shows the whole network.
func (s *Scene) ZoomFit() { s.camera.by(1/maxZoom, 0, 0) }

// Wheel zooms around a point of the view; dy is in notches, negative for nearer.
func (s *Scene) Wheel(x, y, dy float64) {
	if s.frame.panel.contains(x, y) {
		return
	}
	s.camera.by(math.Exp(-0.25*min(3, max(-3, dy))), x, y)
}
