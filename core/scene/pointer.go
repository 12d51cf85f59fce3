package scene

import (
	"math"

	"bignas/core/arch"
)

// slack is how far a pointer may go before a press becomes a drag, in pixels.
const slack = 5.0

type pointer struct{ x, y float64 }

// drag is what one pressed pointer does.
type drag struct {
	id     int
	target target
	layer  Layer // of the target, or Nowhere
	x, y   float64
	child  arch.Arch // when it began
	axis   part      // onWidth or onDepth, once it is decided
	moved  bool
}

// Draggable reports whether a finger there would move something, so that the
// page must not scroll: a handle, the chosen stage, the image, or anything
// while the network is enlarged.
func (s *Scene) Draggable(x, y float64) bool {
	s.touch = true
	t := s.at(x, y)
	switch t.part {
	case onWidth, onDepth, onImage:
		return true
	case onBlock:
		return s.chosen.Stage == t.layer.Stage || s.camera.wzoom > 1
	}
	return t.part == nothing && s.camera.wzoom > 1
}

// Press begins with a pointer: the mouse's is 0, fingers have others.
func (s *Scene) Press(id int, x, y float64, touch bool) {
	s.touch = touch
	s.pointers[id] = &pointer{x, y}
	if len(s.pointers) > 1 { // two fingers zoom
		s.drag = nil
		return
	}
	t := s.at(x, y)
	if touch {
		s.hovered = Nowhere
		s.answers.pointed = noChannel
	}
	s.drag = &drag{id: id, target: t, layer: t.layer, x: x, y: y, child: s.child.Clone()}
	if t.part == onWidth || t.part == onDepth {
		s.drag.axis = t.part
	}
}

// Move is a pointer that moves, pressed or not.
func (s *Scene) Move(id int, x, y float64) {
	p := s.pointers[id]
	if p == nil {
		t := s.at(x, y)
		s.hovered, s.answers.pointed = t.layer, noChannel
		if t.part == onTile {
			s.answers.pointed = t.index
		}
		return
	}
	if len(s.pointers) == 2 {
		s.pinch(id, x, y)
		return
	}
	dx, dy := x-p.x, y-p.y
	p.x, p.y = x, y
	if s.drag == nil || s.drag.id != id {
		return
	}
	s.drag.moved = s.drag.moved || math.Hypot(x-s.drag.x, y-s.drag.y) > slack
	if s.drag.moved {
		s.pull(x, y, dx, dy)
	}
}

// pinch moves one of two fingers: the world follows both.
func (s *Scene) pinch(id int, x, y float64) {
	var other *pointer
	for i, p := range s.pointers {
		if i != id {
			other = p
		}
	}
	p := s.pointers[id]
	before, after := math.Hypot(p.x-other.x, p.y-other.y), math.Hypot(x-other.x, y-other.y)
	if before > 1 && after > 1 {
		s.camera.by(after/before, (p.x+other.x)/2, (p.y+other.y)/2)
	}
	s.camera.pan((x-p.x)/2, (y-p.y)/2)
	p.x, p.y = x, y
	s.camera.settle()
}

// pull does what the drag is for.
func (s *Scene) pull(x, y, dx, dy float64) {
	d := s.drag
	switch d.target.part {
	case nothing:
		s.camera.pan(dx, dy)
		s.camera.settle()
	case onImage:
		s.move(s.sharper(d.child, int(math.Round((x-d.x)/28))))
	case onBlock, onWidth, onDepth:
		s.stretch(x-d.x, d.y-y)
	}
}

// stretch changes the width or the depth of the drag's stage, whichever way the
// pointer went first; both are counted from where the drag began.
func (s *Scene) stretch(right, up float64) {
	d := s.drag
	inStage := d.layer.Stage >= 0 && d.layer.Stage < len(s.space.Stages)
	if d.axis == nothing {
		d.axis = onWidth
		if math.Abs(up) > math.Abs(right) {
			d.axis = onDepth
		}
	}
	if d.axis == onWidth || !inStage {
		if !inStage && math.Abs(up) > math.Abs(right) { // stem and head have no depth: both ways are width
			right = up
		}
		s.move(s.wider(d.child, d.layer.Stage, int(math.Round(right/s.widthStep(d.layer)))))
	} else {
		s.move(s.deeper(d.child, d.layer.Stage, int(math.Round(up/s.depthStep(d.layer)))))
	}
	if inStage && !s.active(d.layer) {
		d.layer = s.top(d.layer.Stage)
	}
}

// widthStep is how far a pointer goes for one more choice of width: as far as
// the slice's edge does, or 14 pixels where that would be too fine for a hand.
func (s *Scene) widthStep(l Layer) float64 {
	of, _ := s.widths(&s.child, l.Stage)
	b := s.block(l)
	if len(of) < 2 || b == nil {
		return 14
	}
	travel := b.w * s.camera.wzoom * (1 - math.Sqrt(float64(of[0])/float64(last(of))))
	return max(14, travel/float64(len(of)-1))
}

// depthStep is the height of a layer, within what a hand can do.
func (s *Scene) depthStep(l Layer) float64 {
	if b := s.block(l); b != nil {
		return min(90, max(30, (b.h+gap)*s.camera.wzoom))
	}
	return 40
}

// Release ends with a pointer. Where it did not move it was a click.
func (s *Scene) Release(id int, x, y float64) {
	delete(s.pointers, id)
	d := s.drag
	if d == nil || d.id != id {
		return
	}
	s.drag = nil
	if !d.moved {
		s.click(d.target)
		return
	}
	if d.layer != Nowhere {
		s.hovered = Nowhere
		s.events = append(s.events, Event{Type: "say", Text: s.describe(d.layer)})
	}
}

// Cancel ends with a pointer that the browser took over; what it moved goes back.
func (s *Scene) Cancel(id int) {
	delete(s.pointers, id)
	if s.drag != nil && s.drag.id == id {
		if s.drag.moved {
			s.move(s.drag.child)
		}
		s.drag = nil
	}
}

// Leave is the mouse that left the view.
func (s *Scene) Leave() {
	if s.drag == nil {
		s.hovered, s.answers.pointed = Nowhere, noChannel
	}
}

func (s *Scene) click(t target) {
	switch t.part {
	case onFilter:
		s.move(s.filtered(s.child, t.layer, s.space.Stages[t.layer.Stage].Kernels[t.index]))
	case onTile:
		if s.mapped() && t.index < s.answers.tiles.count {
			s.press(t.index)
		}
	case onBlock, onWidth, onDepth:
		if t.layer == s.chosen {
			t.layer = Nowhere
			s.hovered = Nowhere
		}
		s.choose(t.layer)
	case nothing:
		s.choose(Nowhere)
	}
}

// Cursor is the shape of the mouse at a place.
type Cursor uint8

// The shapes of the mouse.
const (
	Arrow    Cursor = iota
	Hand            // something to press
	Sideways        // drag left and right
	Upright         // drag up and down
	Move            // drag both ways
)

// Cursor is the shape that says what the mouse does where it is.
func (s *Scene) Cursor(x, y float64) Cursor {
	t := s.at(x, y)
	if s.drag != nil && s.drag.moved {
		if t.part = s.drag.target.part; s.drag.axis != nothing {
			t.part = s.drag.axis
		}
	}
	switch t.part {
	case onWidth, onImage:
		return Sideways
	case onDepth:
		return Upright
	case onBlock:
		return Move
	case onFilter, onTile:
		return Hand
	case nothing:
		if s.camera.wzoom > 1 {
			return Move
		}
	}
	return Arrow
}
