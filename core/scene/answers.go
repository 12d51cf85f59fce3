package scene

import (
	"math"
	"slices"

	"bignas/core/fault"
)

// answers are the image and the activations that it causes: for every stage
// the mean map of its last layer, on the flow line, and all maps of the chosen
// layer, in the panel. They are asked for one layer at a time when nothing has
// changed for a while.
type answers struct {
	image   *Bitmap
	stages  []*layerMaps
	tiles   *layerMaps
	fresh   map[Layer]bool
	asked   Layer
	ticket  int     // of the question that is open
	still   float64 // seconds since the last change
	problem string  // why there are none

	pressed, pointed int // channels of tiles, or noChannel
}

// layerMaps are the activations of a layer, a byte a value, channel by channel.
type layerMaps struct {
	layer       Layer
	w, h, count int
	values      []byte
	sheet       Bitmap // the values in colours
	columns     int    // channels in a row of the sheet
	alpha       float64
}

func (a *answers) reset() {
	*a = answers{asked: Nowhere, fresh: map[Layer]bool{}, pressed: noChannel, pointed: noChannel}
}

// outdate says that the child or the image is another: everything is asked for
// again, and what there is stays until then.
func (a *answers) outdate() {
	clear(a.fresh)
	a.asked, a.still, a.problem = Nowhere, 0, ""
	a.ticket++
}

// clear takes the chosen layer's maps away: another is chosen.
func (a *answers) clear() {
	if a.tiles != nil {
		delete(a.fresh, a.tiles.layer)
	}
	a.tiles, a.still = nil, max(a.still, quiet-0.06)
	a.pressed, a.pointed = noChannel, noChannel
}

// SetImage shows a square RGBA image of that side, as the child sees it, at the
// start of the flow. From then on activations are asked for.
func (s *Scene) SetImage(side int, rgba []byte) error {
	if side < 1 || side > 4096 || len(rgba) != 4*side*side {
		return fault.New("bad_message", "", "an image of side %d has %d bytes, want %d", side, len(rgba), 4*side*side)
	}
	a := &s.answers
	version := 1
	if a.image != nil {
		version = a.image.Version + 1
	}
	a.image = &Bitmap{side, side, rgba, version}
	a.outdate()
	return nil
}

// ask emits the next question, if it is time for one. It reports whether it
// waits for that time.
func (s *Scene) ask(seconds float64) bool {
	a := &s.answers
	if a.image == nil || a.problem != "" {
		return false
	}
	if s.drag != nil && s.drag.moved {
		return false
	}
	if a.still < quiet {
		a.still += seconds
		return true
	}
	if a.asked != Nowhere {
		return false
	}
	if next := s.unanswered(); next != Nowhere {
		a.asked = next
		a.ticket++
		s.events = append(s.events, Event{Type: "want-maps", Stage: next.Stage, Layer: next.Index, Ticket: a.ticket})
	}
	return false
}

// unanswered is the next layer whose activations are shown and not known: the
// chosen one, then the last of every stage, in the order of the flow.
func (s *Scene) unanswered() Layer {
	a := &s.answers
	if l := s.chosen; s.active(l) && (!a.fresh[l] || a.tiles == nil) {
		return l
	}
	for i := range s.space.Stages {
		if l := s.top(i); !a.fresh[l] {
			return l
		}
	}
	return Nowhere
}

// SetMaps takes the answer to the question with that ticket: count maps of w x h,
// a byte a value, channel by channel. An answer to an older question is dropped.
func (s *Scene) SetMaps(ticket, w, h, count int, values []byte) error {
	a := &s.answers
	if ticket != a.ticket || a.asked == Nowhere {
		return nil
	}
	l := a.asked
	a.asked = Nowhere
	if w < 1 || h < 1 || count < 1 || w > 4096 || h > 4096 || count > 1<<16 || len(values) != w*h*count {
		a.problem = "The activations that arrived are damaged."
		return fault.New("bad_message", "", "%d bytes of activations arrived for %d maps of %d x %d", len(values), count, w, h)
	}
	a.fresh[l] = true
	if l == s.chosen {
		alpha := 0.0
		if a.tiles != nil {
			alpha = a.tiles.alpha
		}
		a.tiles = newLayerMaps(l, w, h, count, values, false, alpha, s.palette)
	}
	if l.Stage >= 0 && l.Stage < len(s.space.Stages) && l == s.top(l.Stage) {
		for len(a.stages) < len(s.space.Stages) {
			a.stages = append(a.stages, nil)
		}
		alpha := 0.0
		if t := a.stages[l.Stage]; t != nil {
			alpha = t.alpha
		}
		a.stages[l.Stage] = newLayerMaps(l, w, h, count, values, true, alpha, s.palette)
	}
	return nil
}

// RefuseMaps says why the question with that ticket has no answer.
func (s *Scene) RefuseMaps(ticket int, why string) {
	if a := &s.answers; ticket == a.ticket && a.asked != Nowhere {
		a.asked, a.problem = Nowhere, why
	}
}

func newLayerMaps(l Layer, w, h, count int, values []byte, mean bool, alpha float64, p Palette) *layerMaps {
	t := &layerMaps{layer: l, w: w, h: h, count: count, values: values, alpha: alpha}
	if mean {
		t.count, t.values = 1, average(values, w*h, count)
	}
	t.paint(p)
	return t
}

// average is the mean map, stretched to the whole range of a byte but for the
// hundredth of its pixels at either end.
func average(values []byte, area, count int) []byte {
	sums := make([]int, area)
	for c := range count {
		for i, v := range values[c*area : (c+1)*area] {
			sums[i] += int(v)
		}
	}
	sorted := slices.Sorted(slices.Values(sums))
	lo, hi := sorted[area/100], sorted[area-1-area/100]
	out := make([]byte, area)
	for i, v := range sums {
		out[i] = byte(255 * (min(hi, max(lo, v)) - lo) / max(1, hi-lo))
	}
	return out
}

// paint colours the values: nothing is the panel, the most is the child. Channels
// stand in rows of about as many as there are rows.
func (t *layerMaps) paint(p Palette) {
	var ramp [256][4]byte
	for i := range ramp {
		c := blend(p.Panel, p.Child, float64(i)/255)
		ramp[i] = [4]byte{c.R, c.G, c.B, 255}
	}
	t.columns = int(math.Ceil(math.Sqrt(float64(t.count))))
	b := &t.sheet
	b.W, b.H = t.w*t.columns, t.h*((t.count+t.columns-1)/t.columns)
	b.Pix = make([]byte, 4*b.W*b.H)
	b.Version++
	for i, v := range t.values {
		source := t.source(i / (t.w * t.h))
		x, y := source[0]+i%t.w, source[1]+i/t.w%t.h
		copy(b.Pix[4*(y*b.W+x):], ramp[v][:])
	}
}

// source is where a channel lies in the sheet.
func (t *layerMaps) source(channel int) [4]int {
	return [4]int{channel % t.columns * t.w, channel / t.columns * t.h, t.w, t.h}
}

// all are the activations that are shown.
func (a *answers) all() []*layerMaps {
	var all []*layerMaps
	for _, t := range append([]*layerMaps{a.tiles}, a.stages...) {
		if t != nil {
			all = append(all, t)
		}
	}
	return all
}

func (a *answers) paint(p Palette) {
	for _, t := range a.all() {
		t.paint(p)
	}
}

// fade lets new activations appear; it reports whether some still do.
func (a *answers) fade(by float64) bool {
	moving := false
	for _, t := range a.all() {
		t.alpha = min(1, t.alpha+by)
		moving = moving || t.alpha < 1
	}
	return moving
}
