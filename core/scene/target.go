package scene

import "math"

// part is what can be under a pointer.
type part uint8

const (
	nothing  part = iota
	onBlock       // a layer, or the column of its stage: drag up for depth, sideways for width
	onWidth       // the handle at the side of a slice
	onDepth       // the handle on top of a stage
	onImage       // the image: drag sideways for the resolution
	onFilter      // a choice in the panel's filter row
	onTile        // the map of a channel in the panel
	onPanel
)

type target struct {
	part  part
	layer Layer
	index int // of the filter or the channel
}

// handle is a thumb that can be dragged.
type handle struct {
	part part
	x, y float64 // its centre in the view
}

// at is what is at a point of the view.
func (s *Scene) at(x, y float64) target {
	if s.frame.panel.contains(x, y) {
		for i, b := range s.filterBoxes() {
			if b.contains(x, y) {
				return target{onFilter, s.shown(), i}
			}
		}
		if i := s.tileAt(x, y); i != noChannel {
			return target{onTile, s.chosen, i}
		}
		return target{part: onPanel, layer: Nowhere}
	}
	wx, wy := s.camera.world(x, y)
	if h := s.handleAt(x, y); h != nothing {
		return target{part: h, layer: s.shown()}
	}
	for i := range s.blocks {
		if s.blocks[i].whole().contains(wx, wy) {
			return target{part: onBlock, layer: s.blocks[i].Layer}
		}
	}
	m := s.maps[0]
	if math.Abs(wx-m.x) <= m.full/2 && math.Abs(wy-s.frame.line) <= m.full/2 {
		return target{part: onImage, layer: Nowhere}
	}
	return s.column(wx, wy)
}

// handleAt is the handle at a point of the view. A finger takes one from farther
// away, but not from inside the block, which may be smaller than a fingertip.
func (s *Scene) handleAt(x, y float64) part {
	near, far := 13.0, 13.0
	if s.touch {
		near, far = 9, 24
	}
	wx, wy := s.camera.world(x, y)
	b := s.block(s.shown())
	for _, h := range s.handles() {
		reach := far
		if b.whole().contains(wx, wy) {
			reach = near
		}
		if math.Hypot(x-h.x, y-h.y) <= reach {
			return h.part
		}
	}
	return nothing
}

// Place is where the child's slice of a layer is in the view: its left top corner
// and its size, which is 0 where there is no such layer.
func (s *Scene) Place(l Layer) (x, y, w, h float64) {
	b := s.block(l)
	if b == nil {
		return 0, 0, 0, 0
	}
	p := s.camera.box(b.part())
	return p.x, p.y, p.w, p.h
}

// column is the stage whose column holds a point of the world: small blocks are
// hard to hit, what is above and below them is not.
func (s *Scene) column(wx, wy float64) target {
	if wy < s.frame.line+s.maps[0].full/2 {
		return target{layer: Nowhere}
	}
	for i, c := range s.frame.columns {
		stage := i - 1
		if stage < 0 || stage > len(s.space.Stages) || wx < c.x || wx >= c.x+c.w {
			continue
		}
		return target{part: onBlock, layer: s.top(stage)}
	}
	return target{layer: Nowhere}
}

// shown is the layer that the panel is about: the one under the mouse, or else
// the chosen one.
func (s *Scene) shown() Layer {
	if s.drag != nil && s.drag.layer != Nowhere {
		return s.drag.layer
	}
	if s.hovered != Nowhere {
		return s.hovered
	}
	return s.chosen
}

// handles are the thumbs of the layer that is shown: one at the right of its
// slice where its width can change, one on top of its stage where the depth can.
func (s *Scene) handles() []handle {
	l := s.shown()
	b := s.block(l)
	if b == nil {
		return nil
	}
	if !s.active(l) {
		l = s.top(l.Stage)
		b = s.block(l)
	}
	var all []handle
	if of, _ := s.widths(&s.child, l.Stage); len(of) > 1 {
		p := s.camera.box(b.part())
		all = append(all, handle{onWidth, p.x + p.w, p.y + p.h/2})
	}
	if l.Stage >= 0 && l.Stage < len(s.space.Stages) && len(s.space.Stages[l.Stage].Depths) > 1 {
		p := s.camera.box(s.block(s.top(l.Stage)).part())
		all = append(all, handle{onDepth, p.x + p.w/2, p.y})
	}
	return all
}
