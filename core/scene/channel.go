package scene

import "strconv"

// A channel of the chosen layer lies over the image: the one under the mouse,
// or else the one that was pressed. So a map is seen where it belongs.

// noChannel is the index of none.
const noChannel = -1

// channel is the map that lies over the image, or noChannel.
func (s *Scene) channel() int {
	a := &s.answers
	switch {
	case !s.mapped():
		return noChannel
	case a.pointed >= 0 && a.pointed < a.tiles.count:
		return a.pointed
	case a.pressed < a.tiles.count:
		return a.pressed
	}
	return noChannel
}

// mapped reports whether the chosen layer's maps are there to be seen.
func (s *Scene) mapped() bool {
	return s.active(s.chosen) && s.answers.tiles != nil && s.answers.problem == ""
}

// tileBox is where the chosen layer's map of a channel is in the panel.
func (s *Scene) tileBox(channel int) box {
	area := s.panelMaps()
	area.y += captionHeight
	side, columns := tile(area.w, area.h-captionHeight, s.answers.tiles.count)
	return box{area.x + float64(channel%columns)*(side+tileGap), area.y + float64(channel/columns)*(side+tileGap), side, side}
}

// tileAt is the channel whose map is at a point of the view, or noChannel. The
// gaps belong to the maps before them.
func (s *Scene) tileAt(x, y float64) int {
	if !s.mapped() || s.shown() != s.chosen {
		return noChannel
	}
	for i := range s.answers.tiles.count {
		b := s.tileBox(i)
		if (box{b.x, b.y, b.w + tileGap, b.h + tileGap}).contains(x, y) {
			return i
		}
	}
	return noChannel
}

// press lays a channel over the image, or takes it away where it lies there.
func (s *Scene) press(channel int) {
	a := &s.answers
	if a.pressed == channel {
		a.pressed, a.pointed = noChannel, noChannel
		return
	}
	a.pressed = channel
	s.events = append(s.events, Event{Type: "say", Text: a.tiles.say(channel)})
}

// nextChannel presses the map after the pressed one, or the one before it; beyond
// the ends there is none.
func (s *Scene) nextChannel(by int) {
	a := &s.answers
	if !s.mapped() {
		return
	}
	n := a.tiles.count + 1 // with none
	a.pointed = noChannel
	if next := (a.pressed+1+by+n)%n - 1; next == noChannel {
		a.pressed = noChannel
	} else {
		s.press(next)
	}
}

// drawChannel lays the map over the image's box.
func (s *Scene) drawChannel(d *sheet, at box) {
	if c := s.channel(); c != noChannel {
		t := s.answers.tiles
		d.image(at, &t.sheet, 0.75*t.alpha, t.source(c))
	}
}

// title names a channel of those that are shown.
func (t *layerMaps) title(channel int) string {
	return "Map " + strconv.Itoa(channel+1) + " of " + strconv.Itoa(t.count)
}

// say tells a screen reader where the channel's map is strongest.
func (t *layerMaps) say(channel int) string {
	values := t.values[channel*t.w*t.h : (channel+1)*t.w*t.h]
	at := 0
	for i, v := range values {
		if v > values[at] {
			at = i
		}
	}
	if values[at] == 0 {
		return t.title(channel) + ": nothing in this image."
	}
	third := func(i, n int) int { return min(2, 3*i/n) }
	row := [3]string{"top ", "", "bottom "}[third(at/t.w, t.h)]
	column := [3]string{"left", "middle", "right"}[third(at%t.w, t.w)]
	return t.title(channel) + ": strongest at the " + row + column + " of the image."
}
