package scene

import "slices"

// Key is a key that was pressed, by the name that browsers give it. It reports
// whether the scene has a use for it.
//
// The arrows choose a layer; with Shift they change the width and depth of its
// stage. K is the next filter of the layer, R the next resolution, M the next of
// the layer's maps over the image, with Shift the one before; plus, minus and 0
// zoom, W, A, S and D move an enlarged network, Escape takes the choice back and
// then leaves.
func (s *Scene) Key(name string, shift bool) bool {
	const step = 60.0
	switch name {
	case "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown":
		s.hovered = Nowhere
		s.arrow(name, shift)
	case "k", "K":
		s.nextFilter()
	case "r", "R":
		of := s.space.Resolutions
		next := s.child.Clone()
		next.Resolution = of[(slices.Index(of, next.Resolution)+1)%len(of)]
		s.move(next)
	case "m", "M":
		by := 1
		if shift {
			by = -1
		}
		s.nextChannel(by)
	case "+", "=":
		s.ZoomBy(1.5)
	case "-", "_":
		s.ZoomBy(1 / 1.5)
	case "0":
		s.ZoomFit()
	case "w", "W":
		s.camera.pan(0, step)
	case "s", "S":
		s.camera.pan(0, -step)
	case "a", "A":
		s.camera.pan(step, 0)
	case "d", "D":
		s.camera.pan(-step, 0)
	case "Escape":
		if s.chosen == Nowhere {
			s.events = append(s.events, Event{Type: "leave"})
		}
		s.hovered = Nowhere
		s.choose(Nowhere)
	default:
		return false
	}
	return true
}

// arrow moves the choice, or the chosen stage's width and depth.
func (s *Scene) arrow(name string, change bool) {
	right := map[string]int{"ArrowLeft": -1, "ArrowRight": 1}[name]
	up := map[string]int{"ArrowDown": -1, "ArrowUp": 1}[name]
	l := s.chosen
	if l == Nowhere { // the first press only chooses
		s.enter(s.top(len(s.space.Stages) / 2))
		return
	}
	if change {
		if right != 0 {
			s.move(s.wider(s.child, l.Stage, right))
		} else {
			s.move(s.deeper(s.child, l.Stage, up))
		}
		return
	}
	if up != 0 {
		if to := (Layer{l.Stage, l.Index + up}); s.block(to) != nil {
			s.enter(to)
		}
		return
	}
	if stage := l.Stage + right; stage >= -1 && stage <= len(s.space.Stages) {
		to := Layer{stage, l.Index}
		for to.Index > 0 && !s.active(to) {
			to.Index--
		}
		s.enter(to)
	}
}

// enter chooses a layer and brings it into the view.
func (s *Scene) enter(l Layer) {
	s.choose(l)
	if b := s.block(l); b != nil && s.camera.wzoom > 1 {
		s.camera.reveal(b.whole())
	}
}

func (s *Scene) nextFilter() {
	l := s.chosen
	if l.Stage < 0 || l.Stage >= len(s.space.Stages) || !s.active(l) {
		return
	}
	of := s.space.Stages[l.Stage].Kernels
	now := s.child.Stages[l.Stage].Kernels[l.Index]
	s.move(s.filtered(s.child, l, of[(slices.Index(of, now)+1)%len(of)]))
}
