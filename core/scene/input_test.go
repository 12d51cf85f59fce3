package scene

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"bignas/core/cost"
)

// centre is the middle of a layer's slice in the view.
func centre(s *Scene, l Layer) (x, y float64) {
	x, y, w, h := s.Place(l)
	return x + w/2, y + h/2
}

// pull presses at x, y and moves by dx, dy in steps.
func pull(s *Scene, x, y, dx, dy float64) {
	s.Press(0, x, y, false)
	for i := 1; i <= 10; i++ {
		s.Move(0, x+dx*float64(i)/10, y+dy*float64(i)/10)
	}
	s.Release(0, x+dx, y+dy)
}

// TestHits: the middle of every block is that block, and between is nothing.
func TestHits(t *testing.T) {
	s := open(t, "nette")
	for _, zoom := range []float64{1, 3} {
		s.camera.by(zoom, 500, 400)
		s.settle()
		for i := range s.blocks {
			p := s.camera.box(s.blocks[i].whole())
			x, y := p.x+p.w/2, p.y+p.h/2
			if x < 0 || y < 0 || x >= s.frame.w || y >= s.frame.h {
				continue // beside the view
			}
			if got := s.at(x, y); got.part != onBlock || got.layer != s.blocks[i].Layer {
				t.Errorf("at zoom %v the middle of %v is %+v", zoom, s.blocks[i].Layer, got)
			}
		}
	}
	s.ZoomFit()
	s.settle()
	if got := s.at(s.frame.w-3, s.frame.line); got.part != nothing {
		t.Errorf("beside everything there is %+v", got)
	}
	if got := s.at(s.frame.panel.x+5, s.frame.panel.y+5); got.part != onPanel {
		t.Errorf("in the panel there is %+v", got)
	}
}

// TestDrags: up is depth, sideways is width, the image is the resolution; they
// stop at the ends of what the space has, and a drag that is taken back ends
// where it began.
func TestDrags(t *testing.T) {
	s := open(t, "nette")
	l := Layer{5, 1}
	x, y := centre(s, l)
	begin := s.Child()
	pull(s, x, y, 0, -200)
	if got := s.Child().Stages[5].Depth; got != 4 {
		t.Errorf("dragged up S6 has %d layers", got)
	}
	pull(s, x, y, 0, 400)
	if got := s.Child().Stages[5].Depth; got != 2 {
		t.Errorf("dragged down S6 has %d layers", got)
	}
	pull(s, x, y, 300, 10)
	if got := s.Child().Stages[5]; got.Width != 136 || got.Depth != 2 {
		t.Errorf("dragged right S6 is %+v", got)
	}
	s.Events()
	s.Press(0, x, y, false)
	s.Move(0, x-100, y)
	if got := s.Child().Stages[5].Width; got >= 136 {
		t.Errorf("while dragged left S6 has %d channels", got)
	}
	if got := kinds(s.Events()); !strings.Contains(got, "move") {
		t.Errorf("while dragged the events are %q", got)
	}
	s.Move(0, x, y)
	s.Release(0, x, y)
	if got := s.Child().Stages[5].Width; got != 136 {
		t.Errorf("dragged back S6 has %d channels", got)
	}
	for i, st := range s.Child().Stages {
		if i != 5 && !slices.Equal(st.Kernels, begin.Stages[i].Kernels) || i != 5 && st.Width != begin.Stages[i].Width {
			t.Errorf("stage %d changed too: %+v", i, st)
		}
	}
	pull(s, s.maps[0].x, s.frame.line, 300, 0)
	if got := s.Child().Resolution; got != 192 {
		t.Errorf("the dragged image has %d pixels", got)
	}
	x, y = centre(s, Layer{7, 0})
	pull(s, x, y, 0, -300)
	if got := s.Child().Head; got != 640 {
		t.Errorf("the dragged head has %d channels", got)
	}
}

// TestHandles: the chosen layer's thumbs are where they can be seen, and move
// what they are for.
func TestHandles(t *testing.T) {
	s := open(t, "nette")
	s.choose(Layer{4, 0})
	handles := s.handles()
	if len(handles) != 2 || handles[0].part != onWidth || handles[1].part != onDepth {
		t.Fatalf("the handles are %+v", handles)
	}
	for _, h := range handles {
		if got := s.at(h.x+3, h.y-3); got.part != h.part || got.layer.Stage != 4 {
			t.Errorf("on a handle there is %+v", got)
		}
	}
	before := s.Child().Stages[4]
	pull(s, handles[1].x, handles[1].y, 0, 200)
	if got := s.Child().Stages[4]; got.Depth != 2 || got.Width != before.Width {
		t.Errorf("after the upper handle went down S5 is %+v", got)
	}
	h := s.handles()[0]
	pull(s, h.x, h.y, -200, 0)
	if got := s.Child().Stages[4]; got.Width != 48 {
		t.Errorf("after the right handle went left S5 is %+v", got)
	}
}

// TestClicks: a click chooses a layer and tells the page its stage, another takes
// that back; the panel's filter row changes the kernel of one layer.
func TestClicks(t *testing.T) {
	s := open(t, "nette")
	x, y := centre(s, Layer{3, 0})
	pull(s, x, y, 0, 0)
	events := s.Events()
	if s.Chosen() != (Layer{3, 0}) || kinds(events) != "stage say" || events[0].Stage != 3 {
		t.Errorf("a click chose %v and told %+v", s.Chosen(), events)
	}
	if !strings.HasPrefix(events[1].Text, "S4, layer 1 of 3:") || !strings.Contains(events[1].Text, "multiply-accumulates") {
		t.Errorf("a screen reader is told %q", events[1].Text)
	}
	boxes := s.filterBoxes()
	if len(boxes) != 2 {
		t.Fatalf("the filter row has %d choices", len(boxes))
	}
	pull(s, boxes[0].x+5, boxes[0].y+5, 0, 0)
	if got := s.Child().Stages[3].Kernels; got[0] != 3 || got[1] != 5 {
		t.Errorf("the kernels of S4 are %v", got)
	}
	pull(s, x, y, 0, 0)
	if got := kinds(s.Events()); s.Chosen() != Nowhere || !strings.HasSuffix(got, "stage say") {
		t.Errorf("a second click leaves %v and tells %q", s.Chosen(), got)
	}
	s.SetStage(2) // the page's radio button
	if s.Chosen().Stage != 2 || strings.Contains(kinds(s.Events()), "stage") {
		t.Errorf("the page's choice of S3 chose %v and came back", s.Chosen())
	}
}

// TestFingers: two zoom around their middle and do not drag a block; the browser
// taking one over takes back what it moved.
func TestFingers(t *testing.T) {
	s := open(t, "nette")
	before := s.Child()
	x, y := centre(s, Layer{5, 1})
	s.Press(7, x-20, y, true)
	s.Press(8, x+20, y, true)
	wx, wy := s.camera.world(x, y)
	for i := 1; i <= 10; i++ {
		s.Move(7, x-20-4*float64(i), y)
		s.Move(8, x+20+4*float64(i), y)
	}
	if z := s.Zoom(); math.Abs(z-3) > 0.05 {
		t.Errorf("fingers three times as far apart zoom by %v", z)
	}
	if gx, gy := s.camera.screen(wx, wy); math.Abs(gx-x) > 2 || math.Abs(gy-y) > 2 {
		t.Errorf("what was between the fingers went from %v, %v to %v, %v", x, y, gx, gy)
	}
	s.Release(7, 0, 0)
	s.Release(8, 0, 0)
	s.ZoomFit()
	s.settle()
	s.choose(Layer{5, 1})
	s.Press(9, x, y, true)
	s.Move(9, x+200, y)
	s.Cancel(9)
	if !s.Child().Equal(before) {
		t.Error("a finger that the browser took over changed the child")
	}
	if s.Draggable(3, s.frame.h-3) || !s.Draggable(x, y) {
		t.Error("the page scrolls where it must not, or the other way round")
	}
}

// TestKeys: the whole task by keyboard.
func TestKeys(t *testing.T) {
	s := open(t, "nette")
	press := func(shift bool, names ...string) {
		for _, n := range names {
			if !s.Key(n, shift) {
				t.Errorf("the scene has no use for %s", n)
			}
		}
	}
	press(false, "ArrowRight")
	if s.Chosen().Stage != 3 {
		t.Fatalf("the first arrow chose %v", s.Chosen())
	}
	press(false, "ArrowRight", "ArrowRight", "ArrowDown")
	if got := s.Chosen(); got.Stage != 5 || s.Events() == nil {
		t.Errorf("the arrows went to %v", got)
	}
	before := s.Child()
	press(true, "ArrowUp", "ArrowLeft")
	if got := s.Child().Stages[5]; got.Depth != before.Stages[5].Depth+1 || got.Width != before.Stages[5].Width-16 {
		t.Errorf("S6 went from %+v to %+v", before.Stages[5], got)
	}
	press(false, "k", "r", "+", "d", "s")
	after := s.Child()
	if after.Stages[5].Kernels[s.Chosen().Index] == before.Stages[5].Kernels[0] || after.Resolution == before.Resolution || s.Zoom() <= 1 {
		t.Errorf("filter, resolution or zoom did not change: %+v, zoom %v", after, s.Zoom())
	}
	press(false, "0", "Escape", "Escape")
	if got := kinds(s.Events()); s.Zoom() != 1 || s.Chosen() != Nowhere || !strings.HasSuffix(got, "leave") {
		t.Errorf("in the end zoom is %v, chosen %v, events %q", s.Zoom(), s.Chosen(), got)
	}
	if s.Key("Tab", false) || s.Key("F5", false) {
		t.Error("keys of the browser are kept")
	}
	for range 20 { // to the stem and no further
		s.Key("ArrowLeft", false)
	}
	if s.Chosen() != (Layer{-1, 0}) {
		t.Errorf("the leftmost layer is %v", s.Chosen())
	}
}

// TestNumbers: the layers' numbers add up to the child's.
func TestNumbers(t *testing.T) {
	s := open(t, "nette")
	want, sum := cost.ForClasses(s.Child(), 10), counted{}
	for _, b := range s.blocks {
		c := s.costOf(b.Layer)
		if active := s.active(b.Layer); (c.macs > 0) != active {
			t.Errorf("%v: active is %v, %d MACs", b.Layer, active, c.macs)
		}
		sum.macs += c.macs
		sum.params += c.params
	}
	if sum.macs != want.MACs || sum.params != want.Params {
		t.Errorf("layers have %+v, the child %d MACs and %d parameters", sum, want.MACs, want.Params)
	}
	for n, text := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != text {
			t.Errorf("%d is written %q", n, got)
		}
	}
}

// FuzzInput: whatever a person does, the child is one of the space, and the
// scene comes to rest and can be drawn.
func FuzzInput(f *testing.F) {
	f.Add([]byte{0, 100, 0, 100, 0, 1, 120, 0, 50, 0, 2, 120, 0, 50, 0})
	f.Add([]byte{3, 1, 0, 0, 0, 5, 30, 0, 30, 0}) // a view of 30 x 30
	f.Add([]byte{3, 1, 0, 0, 0, 3, 7, 0, 0, 0, 4, 0, 1, 0, 1, 5, 9, 9, 9, 9})
	keys := []string{"ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "k", "r", "+", "-", "0", "w", "a", "s", "d", "Escape", "Tab", "m"}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := open(t, []string{"nette", "attentivenas"}[len(data)%2])
		if err := s.SetImage(1, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		for data = data[:min(len(data), 300)]; len(data) >= 5; data = data[5:] {
			x, y := float64(int16(binary.LittleEndian.Uint16(data[1:]))), float64(int16(binary.LittleEndian.Uint16(data[3:])))
			id := int(data[0]>>4) % 3
			switch data[0] % 9 {
			case 0:
				s.Press(id, x, y, id > 0)
			case 1:
				s.Move(id, x, y)
			case 2:
				s.Release(id, x, y)
			case 3:
				s.Key(keys[int(data[1])%len(keys)], data[2]%2 == 1)
			case 4:
				s.Wheel(x, y, float64(int8(data[2])))
			case 5:
				s.Resize(math.Abs(x), math.Abs(y))
			case 6:
				s.Cancel(id)
			case 7:
				s.SetStage(int(int8(data[1])))
			case 8:
				s.Step(1)
				for _, e := range s.Events() {
					count := 1 + int(data[1])%70
					if err := s.SetMaps(e.Ticket, 2, 2, count, make([]byte, 4*count)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.space.Validate(s.child); err != nil {
				t.Fatal(err)
			}
		}
		run(t, s)
		s.RefuseMaps(s.answers.ticket, "There is nothing to be seen, and that in one sentence.")
		for _, shape := range s.Draw() {
			if math.IsNaN(shape.X + shape.Y + shape.W + shape.H) {
				t.Fatalf("a shape is %+v", shape)
			}
		}
	})
}
