package scene

import (
	"math"
	"strconv"
)

// Draw is the view as it is now, as shapes.
func (s *Scene) Draw() []Shape {
	d := &sheet{}
	d.fill(box{0, 0, s.width, s.height}, 0, s.palette.Ground)
	s.drawBand(d)
	s.drawFlow(d)
	s.drawBlocks(d)
	s.drawHandles(d)
	s.drawLegend(d)
	s.drawPanel(d)
	return d.all
}

// drawBand marks the stage that the sliders move.
func (s *Scene) drawBand(d *sheet) {
	if s.stage < 0 {
		return
	}
	c := s.frame.columns[s.stage+1]
	b := s.camera.box(c)
	d.fill(box{b.x, -6, b.w, s.frame.h + 12}, 6, s.palette.Panel)
}

// drawFlow is the image, the maps that it becomes and the line through them.
func (s *Scene) drawFlow(d *sheet) {
	p, f := s.palette, s.frame
	x0, y := s.camera.screen(s.maps[0].x, f.line)
	x1, _ := s.camera.screen(f.end-4, f.line)
	d.fill(box{x0, y - 0.5, x1 - x0, 1}, 0, p.Edge)
	for i := range 5 { // the arrow's head
		d.fill(box{x1 - 1.5*float64(i), y - 0.5 - float64(i), 1.5, 1 + 2*float64(i)}, 0, p.Edge)
	}
	for i, m := range s.maps {
		cx, cy := s.camera.screen(m.x, f.line)
		ghost, side := m.full*s.camera.zoom, m.now*s.camera.zoom
		if ghost-side > 1.5 {
			d.dash(box{cx - ghost/2, cy - ghost/2, ghost, ghost}, p.Edge)
		}
		b := box{cx - side/2, cy - side/2, side, side}
		s.drawMap(d, i, b)
		if !f.narrow && (i < 2 || s.maps[i].pixels != s.maps[i-1].pixels) {
			d.text(cx, cy+ghost/2+11, 12, false, Middle, p.Ink3, strconv.Itoa(m.pixels))
		}
	}
}

func (s *Scene) drawMap(d *sheet, i int, b box) {
	a := &s.answers
	if i == 0 {
		if a.image != nil {
			d.image(b, a.image, 1, [4]int{0, 0, a.image.W, a.image.H})
			s.drawChannel(d, b)
		} else {
			d.outlined(b, 0, s.palette.Edge, s.palette.Panel)
		}
		return
	}
	d.outlined(b, 0, s.palette.Child, s.palette.ChildSoft)
	if i <= len(a.stages) && a.stages[i-1] != nil {
		t := a.stages[i-1]
		d.image(inset(b, 1), &t.sheet, t.alpha, t.source(0))
	}
}

func (s *Scene) drawBlocks(d *sheet) {
	p, f := s.palette, s.frame
	ground := box{f.columns[0].x + 0.6*f.columns[0].w, f.ground, f.end - f.columns[0].x - 0.6*f.columns[0].w, 0}
	line := s.camera.box(ground)
	d.fill(box{line.x, line.y, line.w, 1}, 0, p.Line)
	if b := s.block(s.shown()); b != nil {
		line := p.Edge
		if b.Layer == s.chosen {
			line = p.Ink
		}
		ground := p.Ground
		if b.Stage == s.stage {
			ground = p.Panel
		}
		d.ring(s.camera.box(b.whole()), 1.5, 2, 2, line, ground)
	}
	for i := range s.blocks {
		s.drawBlock(d, &s.blocks[i])
	}
	s.drawNames(d)
}

func (s *Scene) drawBlock(d *sheet, b *block) {
	p := s.palette
	whole, part := s.camera.box(b.whole()), s.camera.box(b.part())
	if !s.onView(whole) {
		return
	}
	radius := min(3, whole.w/6)
	if b.now.on < 1 {
		d.dash(whole, faded(p.Edge, 1-b.now.on))
	}
	if b.now.on <= 0 {
		return
	}
	d.outlined(whole, radius, faded(p.RestEdge, b.now.on), faded(p.Rest, b.now.on))
	d.fill(part, radius, faded(p.Child, b.now.on))
	if b.kernel > 0 {
		s.drawFilter(d, b, part)
	}
	s.drawInside(d, b, part)
}

// drawFilter draws the kernel as the centre of the biggest one's dots.
func (s *Scene) drawFilter(d *sheet, b *block, part box) {
	c, side := s.palette.OnChild, min(part.w, part.h)
	step := min(side/(float64(b.kernel)+1.2), 7+0.05*side)
	cx, cy, r := part.x+part.w/2, part.y+part.h/2, b.kernel/2
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			// 1 where the filter covers the dot, 0 beyond; between while it changes
			in := min(1, max(0, b.now.kernel/2+0.5-float64(max(x, -x, y, -y))))
			d.disc(cx+float64(x)*step, cy+float64(y)*step, step*(0.2+0.06*in), faded(c, b.now.on*(0.32+0.68*in)))
		}
	}
}

// drawInside writes the slice's channels into it where there is room.
func (s *Scene) drawInside(d *sheet, b *block, part box) {
	if part.w < 96 || part.h < 96 || !s.active(b.Layer) {
		return
	}
	in, out := s.channels(b.Layer)
	d.text(part.x+8, part.y+part.h-13, 12, false, Start, s.palette.OnChild, strconv.Itoa(in)+" → "+strconv.Itoa(out))
}

// drawNames writes the stages and their channels under the ground. They stay in
// the view when the network is enlarged.
func (s *Scene) drawNames(d *sheet) {
	p, f := s.palette, s.frame
	_, y := s.camera.screen(0, f.ground)
	y = min(y, f.h-labels)
	if s.camera.zoom > 1 {
		d.fill(box{0, y + 1, f.w, f.h - y - 1}, 0, p.Ground)
	}
	for i, c := range f.columns {
		stage := i - 1
		b := s.camera.box(c)
		x := b.x + b.w/2
		if stage < 0 {
			stem := s.camera.box(s.blocks[0].whole())
			x = stem.x + stem.w/2
		}
		if stage == s.stage && stage >= 0 {
			d.fill(box{b.x, y + 1, b.w, f.h - y}, 0, p.Panel)
			d.fill(box{b.x, y, b.w, 2}, 0, p.Ink)
		}
		_, out := s.channels(s.top(stage))
		size := 13.0
		if f.narrow {
			size = 11
		}
		d.text(x, y+16, size, true, Middle, p.Ink2, s.name(Layer{stage, 0}))
		d.text(x, y+33, size-1, false, Middle, p.Ink3, strconv.Itoa(out))
	}
}

// drawHandles draws thumbs like those of the page's sliders.
func (s *Scene) drawHandles(d *sheet) {
	p := s.palette
	for _, h := range s.handles() {
		r := 7.0
		if s.touch {
			r = 10
		}
		d.disc(h.x, h.y, r+1, p.ChildInk)
		d.disc(h.x, h.y, r, p.Ground)
		d.disc(h.x, h.y, r-2, p.Child)
		for _, side := range []float64{-1, 1} { // a wedge on both sides says which way it goes
			for i := range 4 {
				at, half := side*(r+7-float64(i)), 0.5+float64(i)
				if h.part == onWidth {
					d.fill(box{h.x + at - 0.5, h.y - half, 1, 2 * half}, 0, p.Ink)
				} else {
					d.fill(box{h.x - half, h.y + at - 0.5, 2 * half, 1}, 0, p.Ink)
				}
			}
		}
	}
}

// drawLegend says what the colours mean, where the first column has room.
func (s *Scene) drawLegend(d *sheet) {
	p, f := s.palette, s.frame
	if f.narrow || s.camera.zoom > 1.01 {
		return
	}
	x, y := s.maps[0].x-s.maps[0].full/2, f.line+s.maps[0].full/2+52
	row := func(text string, mark func(b box)) {
		mark(box{x, y - 6, 12, 12})
		d.text(x+20, y, 12, false, Start, p.Ink2, text)
		y += 21
	}
	row("the child", func(b box) { d.fill(b, 2, p.Child) })
	row("rest of supernet", func(b box) { d.outlined(b, 2, p.RestEdge, p.Rest) })
	row("layer skipped", func(b box) { d.dash(b, p.Edge) })
	row("filter", func(b box) {
		for i := range 9 {
			d.disc(b.x+2+4*float64(i%3), b.y+2+4*float64(i/3), 1.3, p.Ink2)
		}
	})
}

func (s *Scene) onView(b box) bool {
	const beside = 20
	return b.x < s.frame.w+beside && b.y < s.frame.h+beside && b.x+b.w > -beside && b.y+b.h > -beside && !math.IsNaN(b.x)
}
