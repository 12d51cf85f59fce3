package scene

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"bignas/core/arch"
)

func open(t testing.TB, name string) *Scene {
	t.Helper()
	space, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run lets time pass until nothing moves; it returns the frames that took.
func run(t testing.TB, s *Scene) int {
	t.Helper()
	for i := range 1000 {
		if !s.Step(1.0 / 60) {
			return i
		}
	}
	t.Fatal("the scene never comes to rest")
	return 0
}

// kinds lists the types of events.
func kinds(events []Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.Type)
	}
	return strings.Join(all, " ")
}

// TestTrueDrawing: areas are channels, the mean of those in and out: a child fills
// its share of a block, and blocks compare with each other, at every size of the
// view and in every space.
func TestTrueDrawing(t *testing.T) {
	for _, name := range arch.Spaces() {
		for _, size := range [][2]float64{{1200, 600}, {800, 500}, {375, 620}, {320, 480}, {3840, 2000}} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				s := open(t, name)
				s.Resize(size[0], size[1])
				for i := range s.blocks {
					b := &s.blocks[i]
					if !s.active(b.Layer) {
						continue
					}
					in, out := s.channels(b.Layer)
					want := math.Sqrt(float64(in * out))
					if got := b.part().w * b.part().h / (s.frame.unit * s.frame.unit); math.Abs(got/want-1) > 1e-9 {
						t.Errorf("the slice of %v has the area of %.3f channels, the child has %.3f", b.Layer, got, want)
					}
				}
			})
		}
	}
}

// TestLayout: blocks and maps lie in the view, beside each other and under the
// flow line.
func TestLayout(t *testing.T) {
	for _, name := range arch.Spaces() {
		for _, size := range [][2]float64{{1200, 600}, {1440, 900}, {800, 500}, {375, 620}, {320, 480}} {
			s := open(t, name)
			s.Resize(size[0], size[1])
			f := s.frame
			for i, b := range s.blocks {
				whole := b.whole()
				if whole.x < 0 || whole.x+whole.w > f.w+0.5 || whole.y+whole.h > f.ground+0.5 || whole.y < f.line {
					t.Errorf("%s %v: %v is outside: %+v", name, size, b.Layer, whole)
				}
				for _, other := range s.blocks[:i] {
					o := other.whole()
					if whole.x < o.x+o.w && o.x < whole.x+whole.w && whole.y < o.y+o.h && o.y < whole.y+whole.h {
						t.Errorf("%s %v: %v covers %v", name, size, b.Layer, other.Layer)
					}
				}
			}
			for i := 1; i < len(s.maps); i++ {
				if a, b := s.maps[i-1], s.maps[i]; a.x+a.full/2 > b.x-b.full/2+0.5 {
					t.Errorf("%s %v: map %d covers the next", name, size, i-1)
				}
			}
		}
	}
}

// TestMotion: a change moves the slices on the way, ends exactly at the child, and
// then nothing moves; where motion is unwanted it is there at once.
func TestMotion(t *testing.T) {
	s := open(t, "nette")
	run(t, s)
	before := s.block(Layer{5, 3}).now
	if err := s.SetChild(s.space.Max()); err != nil {
		t.Fatal(err)
	}
	s.Step(1.0 / 60)
	if b := s.block(Layer{5, 3}); b.now == before || b.now == b.want {
		t.Errorf("after one frame a slice that appears is %+v", b.now)
	}
	if frames := run(t, s); frames < 3 || frames > 60 {
		t.Errorf("it moved for %d frames", frames)
	}
	for _, b := range s.blocks {
		if b.now != b.want || b.now.on != 1 || b.now.in != 1 || b.now.out != 1 {
			t.Errorf("%v of the biggest child rests at %+v", b.Layer, b.now)
		}
	}
	s.SetMotion(false)
	if err := s.SetChild(s.space.Min()); err != nil {
		t.Fatal(err)
	}
	if s.Step(1.0/60) || s.block(Layer{5, 3}).now.on != 0 {
		t.Error("without motion a change takes more than a frame")
	}
}

// TestRefused: what is no child of the space changes nothing.
func TestRefused(t *testing.T) {
	s := open(t, "nette")
	before := s.Child()
	bad := s.Child()
	bad.Stages[3].Width = 33
	if err := s.SetChild(bad); err == nil || !strings.Contains(err.Error(), "S4 width is 33") {
		t.Errorf("a width of 33 gives %v", err)
	}
	short := s.Child()
	short.Stages = short.Stages[:2]
	if s.SetChild(short) == nil || s.SetChild(arch.Arch{}) == nil {
		t.Error("a child without stages is shown")
	}
	if !s.Child().Equal(before) {
		t.Error("a refused child changed the scene")
	}
	for name, space := range map[string]*arch.Space{"none": nil, "empty": {}, "no widths": {Resolutions: []int{96}, Stem: []int{8}, Head: []int{8},
		Stages: []arch.Stage{{Depths: []int{1}, Kernels: []int{3}, Expansions: []int{1}, Stride: 1}}}} {
		if _, err := New(space, 10); err == nil {
			t.Errorf("a space with %s is shown", name)
		}
	}
}

// TestTokens: the colours are those of the page.
func TestTokens(t *testing.T) {
	text, err := os.ReadFile("../../site/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+):light-dark\((#[0-9a-f]+),(#[0-9a-f]+)\)`).FindAllStringSubmatch(string(text), -1) {
		tokens[m[1]] = [2]string{m[2], m[3]}
	}
	hex := func(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
	for i, p := range []Palette{Light, Dark} {
		for name, c := range map[string]color.RGBA{"bg": p.Ground, "panel": p.Panel, "ink": p.Ink, "ink2": p.Ink2, "ink3": p.Ink3, "line": p.Line, "edge": p.Edge,
			"rest": p.Rest, "rest2": p.RestEdge, "child": p.Child, "child-ink": p.ChildInk, "child-soft": p.ChildSoft, "on-child": p.OnChild} {
			want := tokens[name][i]
			if len(want) == 4 {
				want = "#" + strings.Repeat(want[1:2], 2) + strings.Repeat(want[2:3], 2) + strings.Repeat(want[3:4], 2)
			}
			if hex(c) != want {
				t.Errorf("%s is %s, the page has %q", name, hex(c), want)
			}
		}
	}
}

// TestDrawn: every layer's numbers can be shown, the shapes lie where they can be
// drawn, and the accent is there for every child.
func TestDrawn(t *testing.T) {
	for _, name := range arch.Spaces() {
		s := open(t, name)
		for _, a := range []arch.Arch{s.space.Min(), s.space.Max(), s.space.At(0.5)} {
			if err := s.SetChild(a); err != nil {
				t.Fatal(err)
			}
			run(t, s)
			var all []Layer
			for _, b := range s.blocks {
				all = append(all, b.Layer)
			}
			for _, l := range append(all, Nowhere) {
				s.choose(l)
				accent := 0
				for _, shape := range s.Draw() {
					if math.IsNaN(shape.X+shape.Y+shape.W+shape.H) || shape.W < 0 || shape.H < 0 {
						t.Fatalf("%s: with %v chosen a shape is %+v", name, l, shape)
					}
					if shape.Kind == Fill && shape.Colour == s.palette.Child {
						accent++
					}
				}
				if accent < s.depth()+2 {
					t.Errorf("%s: %d fills in the accent for %d layers", name, accent, s.depth()+2)
				}
			}
		}
	}
}
