package scene

import (
	"math"
	"slices"
	"testing"
)

// TestActivations: they are asked for one at a time once nothing changes, for the
// chosen layer first; late answers are dropped, wrong ones refused.
func TestActivations(t *testing.T) {
	s := open(t, "nette")
	if err := s.SetImage(2, make([]byte, 15)); err == nil {
		t.Error("15 bytes are an image of 2 x 2")
	}
	if err := s.SetImage(2, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	s.choose(Layer{4, 0})
	s.Events()
	var asked []Layer
	for range 40 {
		run(t, s)
		e := s.Events()
		if len(e) == 0 {
			break
		}
		if len(e) != 1 || e[0].Type != "want-maps" {
			t.Fatalf("events are %+v", e)
		}
		asked = append(asked, Layer{e[0].Stage, e[0].Layer})
		if err := s.SetMaps(e[0].Ticket-1, 1, 1, 1, []byte{1}); err != nil || s.answers.asked == Nowhere {
			t.Error("an answer to an older question is taken")
		}
		if err := s.SetMaps(e[0].Ticket, 2, 2, 3, []byte{0, 0, 0, 9, 0, 0, 0, 90, 0, 0, 0, 200}); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) != 8 || asked[0] != (Layer{4, 0}) || asked[1] != s.top(0) || asked[7] != s.top(6) {
		t.Errorf("asked for %v", asked)
	}
	if tiles := s.answers.tiles; tiles.count != 3 || len(tiles.sheet.Pix) != 4*4*4 {
		t.Errorf("the tiles are %d in %d bytes", tiles.count, len(tiles.sheet.Pix))
	}
	if got := s.answers.stages[6].values; !slices.Equal(got, []byte{0, 0, 0, 255}) {
		t.Errorf("the mean map is %v", got)
	}
	s.move(s.deeper(s.child, 2, -1))
	run(t, s)
	e := s.Events()
	ticket := e[len(e)-1].Ticket
	if err := s.SetMaps(ticket, 2, 2, 3, make([]byte, 11)); err == nil {
		t.Error("11 bytes are 3 maps of 2 x 2")
	}
	run(t, s)
	if len(s.Events()) > 0 {
		t.Error("after a damaged answer it asks again and again")
	}
}

// TestChannel: the map under the mouse lies over the image, a pressed one stays
// there, keys go through all of them, and another layer or fewer maps take it away.
func TestChannel(t *testing.T) {
	s := open(t, "nette")
	if err := s.SetImage(2, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	answer := func(count int) {
		t.Helper()
		run(t, s)
		for e := s.Events(); len(e) > 0; e = s.Events() {
			values := make([]byte, 9*count)
			for c := range count {
				values[9*c+c%9] = byte(40 * c) // the first has none
			}
			if err := s.SetMaps(e[len(e)-1].Ticket, 3, 3, count, values); err != nil {
				t.Fatal(err)
			}
			run(t, s)
		}
	}
	over := func() int { // the channel of the last image in the image's place
		at, found := s.camera.box(box{s.maps[0].x - s.maps[0].now/2, s.frame.line - s.maps[0].now/2, s.maps[0].now, s.maps[0].now}), noChannel
		for _, shape := range s.Draw() {
			if t := s.answers.tiles; t != nil && shape.Bitmap == &t.sheet && shape.X == at.x && shape.W == at.w {
				found = shape.Source[1]/3*t.columns + shape.Source[0]/3
			}
		}
		return found
	}
	s.choose(Layer{4, 0})
	answer(6)
	if got := over(); got != noChannel {
		t.Errorf("at first map %d lies over the image", got)
	}
	b := s.tileBox(4)
	s.Move(0, b.x+1, b.y+1)
	if got := over(); got != 4 || s.Cursor(b.x+1, b.y+1) != Hand {
		t.Errorf("under the mouse is map %d", got)
	}
	pull(s, b.x+1, b.y+1, 0, 0)
	e := s.Events()
	if len(e) != 1 || e[0].Text != "Map 5 of 6: strongest at the middle of the image." {
		t.Errorf("a pressed map tells %+v", e)
	}
	s.Leave()
	if got := over(); got != 4 {
		t.Errorf("without the mouse map %d is left", got)
	}
	for _, want := range []string{"Map 6 of 6: strongest at the right of the image.", "", "Map 1 of 6: nothing in this image.", "Map 2 of 6: strongest at the top middle of the image."} {
		s.Key("m", false)
		text := ""
		if e := s.Events(); len(e) > 0 {
			text = e[0].Text
		}
		if text != want {
			t.Errorf("the next map tells %q, want %q", text, want)
		}
	}
	s.Key("M", true)
	s.Key("M", true)
	s.Key("M", true)
	if got := over(); got != 5 {
		t.Errorf("three maps back is map %d", got)
	}
	s.move(s.deeper(s.child, 2, -1))
	answer(4)
	if got := over(); got != noChannel {
		t.Errorf("of four maps the one at %d lies over the image", got)
	}
	s.Key("m", false)
	s.choose(Layer{3, 0})
	answer(6)
	if got := over(); got != noChannel {
		t.Errorf("another layer begins with map %d", got)
	}
}

// TestTiles: the tiles of a layer fit into the panel, whatever their number.
func TestTiles(t *testing.T) {
	for count := 1; count < 2000; count += 7 {
		for _, area := range [][2]float64{{256, 340}, {163, 200}, {90, 40}} {
			side, columns := tile(area[0], area[1], count)
			rows := math.Ceil(float64(count) / float64(columns))
			if w := float64(columns)*(side+tileGap) - tileGap; side > 1 && (w > area[0] || rows*(side+tileGap)-tileGap > area[1]) {
				t.Errorf("%d tiles of %v in rows of %d do not fit into %v", count, side, columns, area)
			}
		}
	}
}
