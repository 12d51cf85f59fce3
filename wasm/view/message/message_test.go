package message

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/scene"
)

func open(t testing.TB) *scene.Scene {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scene.New(space, 10)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestChild: a child that comes is shown, one that is moved goes out in the form
// in which it came.
func TestChild(t *testing.T) {
	s := open(t)
	min, err := json.Marshal(s.Child().Space.Min())
	if err != nil {
		t.Fatal(err)
	}
	if err := Receive(s, fmt.Sprintf(`{"type":"child","child":%s,"stage":5}`, min), nil); err != nil {
		t.Fatal(err)
	}
	if !s.Child().Equal(s.Child().Space.Min()) || s.Chosen().Stage != 5 {
		t.Errorf("the child is %v, chosen is %v", s.Child(), s.Chosen())
	}
	s.Events()
	s.Key("ArrowUp", true)
	var out []string
	for _, e := range s.Events() {
		out = append(out, Encode(Of(e)))
	}
	if len(out) != 2 || !strings.HasPrefix(out[0], `{"type":"move","child":{"resolution":96,`) || !strings.Contains(out[0], `{"width":72,"depth":3,"expansion":6,"kernels":[3,3,3]}`) || !strings.HasPrefix(out[1], `{"type":"say","text":"S6, layer 2 of 4`) {
		t.Errorf("sent %s", out)
	}
}

// TestOutgoing: stage 0 and layer 0 are said, what a type lacks is not.
func TestOutgoing(t *testing.T) {
	for want, e := range map[string]scene.Event{
		`{"type":"stage","stage":0}`:                         {Type: "stage"},
		`{"type":"want-maps","stage":0,"layer":0,"ask":3}`:   {Type: "want-maps", Ticket: 3},
		`{"type":"leave"}`:                                   {Type: "leave"},
		`{"type":"say","text":"S1, layer 1 of 2: skipped."}`: {Type: "say", Text: "S1, layer 1 of 2: skipped."},
	} {
		if got := Encode(Of(e)); got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
}

// TestImages: an image and activations arrive as bytes; zoom and colours are set.
func TestImages(t *testing.T) {
	s := open(t)
	for _, text := range []string{`{"type":"image","width":2}`, `{"type":"theme","dark":true,"still":true}`, `{"type":"zoom","by":2}`} {
		if err := Receive(s, text, make([]byte, 16)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s.Zoom() != 2 || s.Draw()[0].Colour != scene.Dark.Ground {
		t.Errorf("zoom is %v, the ground %v", s.Zoom(), s.Draw()[0].Colour)
	}
	s.Step(1)
	s.Step(1)
	e := s.Events()
	if len(e) != 1 || e[0].Type != "want-maps" {
		t.Fatalf("events are %+v", e)
	}
	if err := Receive(s, fmt.Sprintf(`{"type":"maps","ask":%d,"width":2,"height":1,"channels":3}`, e[0].Ticket), make([]byte, 6)); err != nil {
		t.Error(err)
	}
	s.Step(1)
	if again := s.Events(); len(again) != 1 || again[0].Stage != 1 {
		t.Errorf("after the first stage it asks %+v", again)
	}
	if err := Receive(s, `{"type":"zoom","by":0}`, nil); err != nil || s.Zoom() != 1 {
		t.Errorf("zoom is %v, %v", s.Zoom(), err)
	}
}

// FuzzReceive: a wrong message is refused with a sentence and changes no child.
func FuzzReceive(f *testing.F) {
	for _, text := range []string{`{"type":"child"}`, `{"type":"child","child":{"stages":[{}]}}`, `{"type":"maps","ask":1,"width":-1}`, `{"type":"image","width":3}`, `{"type":"zoom","by":-1e308}`, `[]`, `{"type":"x"}`} {
		f.Add(text, []byte("1234"))
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		s := open(t)
		space := s.Child().Space
		if err := Receive(s, text, data); err != nil && err.Error() == "" {
			t.Error("an error says nothing")
		}
		if err := space.Validate(s.Child()); err != nil {
			t.Error(err)
		}
		for range 200 {
			if !s.Step(0.05) {
				s.Draw()
				return
			}
		}
		t.Error("the scene does not come to rest")
	})
}
