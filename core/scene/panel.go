package scene

import (
	"math"
	"slices"
	"strconv"
)

// The panel tells about one layer, or about the whole child: numbers first, then
// the maps that the image makes of it.

const rowHeight = 22.0

// panelRows is the box of the title and the numbers, panelMaps of the maps.
func (s *Scene) panelRows() box {
	b := s.frame.panel
	if s.frame.narrow {
		return box{b.x + 16, b.y + 10, 0.5*b.w - 24, b.h - 20}
	}
	return box{b.x + 22, b.y + 20, b.w - 44, 190}
}

func (s *Scene) panelMaps() box {
	b := s.frame.panel
	if s.frame.narrow {
		return box{b.x + 0.5*b.w + 8, b.y + 10, 0.5*b.w - 24, b.h - 20}
	}
	return box{b.x + 22, b.y + 218, b.w - 44, b.h - 218 - 20}
}

func (s *Scene) drawPanel(d *sheet) {
	d.fill(s.frame.panel, 0, s.palette.Panel)
	if l := s.shown(); s.block(l) != nil {
		s.drawLayer(d, l)
		return
	}
	s.drawChild(d)
}

// drawRow writes a name and its value into the row of that number.
func (s *Scene) drawRow(d *sheet, i int, name, value string) {
	b := s.panelRows()
	y := b.y + 44 + rowHeight*float64(i)
	d.text(b.x, y, 13, false, Start, s.palette.Ink3, name)
	d.text(b.x+b.w, y, 13, true, End, s.palette.Ink, value)
}

func (s *Scene) drawTitle(d *sheet, name, which string) {
	b := s.panelRows()
	d.text(b.x, b.y+12, 20, true, Start, s.palette.Ink, name)
	d.text(b.x+b.w, b.y+14, 13, false, End, s.palette.Ink3, which)
}

func (s *Scene) drawChild(d *sheet) {
	s.drawTitle(d, "The child", "")
	s.drawRow(d, 0, "Layers", strconv.Itoa(s.depth())+" of "+strconv.Itoa(s.deepest()))
	s.drawRow(d, 1, "Image", strconv.Itoa(s.child.Resolution)+" px")
	s.drawRow(d, 2, "MMACs", millions(s.report.MACs, 1))
	s.drawRow(d, 3, "Parameters", millions(s.report.Params, 2)+" M")
	s.drawRow(d, 4, "Of the supernet", percent(s.report.Params, s.full.Params))
	b := s.panelMaps()
	hints := []string{"Drag a block:", "up is depth,", "sideways is width.", "", "Choose a block to see", "its numbers and what it", "makes of the image."}
	for i, text := range hints {
		d.text(b.x, b.y+10+19*float64(i), 13, i < 3, Start, s.palette.Ink2, text)
	}
}

func (s *Scene) drawLayer(d *sheet, l Layer) {
	name, which := s.title(l)
	s.drawTitle(d, name, which)
	b := s.block(l)
	if !s.active(l) {
		s.drawRow(d, 0, "Skipped by this child", "")
		s.drawRow(d, 1, "Drag the stage up", "")
		s.drawRow(d, 2, "to use it", "")
		return
	}
	in, out := s.channels(l)
	c := s.costOf(l)
	s.drawRow(d, 0, "Channels in", strconv.Itoa(in)+" of "+strconv.Itoa(b.in))
	s.drawRow(d, 1, "Channels out", strconv.Itoa(out)+" of "+strconv.Itoa(b.out))
	macs, params := millions(c.macs, 2), thousands(c.params)
	if !s.frame.narrow {
		macs += " · " + percent(c.macs, s.report.MACs)
		params += " · " + percent(c.params, s.report.Params)
	}
	s.drawRow(d, 2, "MMACs", macs)
	s.drawRow(d, 3, "Parameters", params)
	s.drawRow(d, 4, "Map", square(s.mapSide(l))+" px")
	if b.kernel > 0 {
		s.drawFilterRow(d, l)
	}
	s.drawTiles(d, l)
}

// filterBoxes are the choices of the filter row of the layer that is shown.
func (s *Scene) filterBoxes() []box {
	l := s.shown()
	if !s.active(l) || l.Stage < 0 || l.Stage >= len(s.space.Stages) || len(s.space.Stages[l.Stage].Kernels) < 2 {
		return nil
	}
	n, r := len(s.space.Stages[l.Stage].Kernels), s.panelRows()
	const w, h = 48.0, 26.0
	var all []box
	for i := range n {
		all = append(all, box{r.x + r.w - w*float64(n-i), r.y + 44 + 5*rowHeight - h/2 + 4, w, h})
	}
	return all
}

func (s *Scene) drawFilterRow(d *sheet, l Layer) {
	p, now := s.palette, s.child.Stages[l.Stage].Kernels[l.Index]
	boxes := s.filterBoxes()
	if boxes == nil {
		s.drawRow(d, 5, "Filter", square(now))
		return
	}
	r := s.panelRows()
	d.text(r.x, boxes[0].y+boxes[0].h/2, 13, false, Start, p.Ink3, "Filter")
	first, end := boxes[0], boxes[len(boxes)-1]
	d.fill(inset(box{first.x, first.y, end.x + end.w - first.x, first.h}, -2), 7, p.ChoiceOther)
	for i, k := range s.space.Stages[l.Stage].Kernels {
		ink := p.Ink2
		if k == now {
			d.outlined(boxes[i], 5, p.Edge, p.Choice)
			ink = p.Ink
		}
		d.text(boxes[i].x+boxes[i].w/2, boxes[i].y+boxes[i].h/2, 13, k == now, Middle, ink, square(k))
	}
}

// drawTiles draws the maps of the chosen layer, all of them, as big as they fit.
func (s *Scene) drawTiles(d *sheet, l Layer) {
	p, area, a := s.palette, s.panelMaps(), &s.answers
	caption := func(text string) { d.text(area.x, area.y+8, 13, false, Start, p.Ink3, text) }
	switch {
	case l != s.chosen:
		if a.image != nil {
			caption("Press to see its maps")
		}
		return
	case a.problem != "":
		for i, text := range lines(a.problem, max(8, int(area.w/6.5))) {
			d.text(area.x, area.y+8+18*float64(i), 13, false, Start, p.Ink2, text)
		}
		return
	case a.tiles == nil:
		if a.image != nil {
			caption("Maps of the image …")
		}
		return
	}
	t := a.tiles
	text := strconv.Itoa(t.count) + " maps of the image"
	if _, out := s.channels(l); out > t.count {
		text = "First " + strconv.Itoa(t.count) + " of " + strconv.Itoa(out) + " maps"
	}
	over := s.channel()
	switch {
	case over != noChannel && s.frame.narrow:
		text = t.title(over)
	case over != noChannel:
		text = t.title(over) + ", over the image"
	case !s.frame.narrow:
		text += ": press one"
	}
	caption(text)
	if over != noChannel {
		d.fill(inset(s.tileBox(over), -tileGap), 0, p.Ink)
	}
	for i := range t.count {
		d.image(s.tileBox(i), &t.sheet, t.alpha, t.source(i))
	}
}

const (
	tileGap       = 2.0
	captionHeight = 24.0 // of the line above the tiles
)

// tile is the side of count squares that fill w x h, and how many there are in a
// row: nearly as big as they can be, with as full a last row as that leaves.
func tile(w, h float64, count int) (side float64, columns int) {
	fit := func(c int) float64 {
		rows := math.Ceil(float64(count) / float64(c))
		return max(1, math.Floor(min((w+tileGap)/float64(c), (h+tileGap)/rows)-tileGap))
	}
	for c := 1; c <= count; c++ {
		side = max(side, fit(c))
	}
	most := 0.9 * side
	missing := count
	for c := 1; c <= count; c++ {
		if empty := (c - count%c) % c; fit(c) >= most && empty < missing {
			missing, columns, side = empty, c, fit(c)
		}
	}
	return min(side, 84), max(1, columns)
}

// lines breaks a text into lines of at most that many letters, 1 or more.
func lines(text string, most int) []string {
	var all []string
	for line := []rune(text); len(line) > 0; {
		if len(line) <= most {
			return append(all, string(line))
		}
		at := most
		if space := lastSpace(line[:most]); space > 0 {
			at = space
		}
		all = append(all, string(line[:at]))
		line = slices.Clip(line[at:])
		for len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
	}
	return all
}

func lastSpace(line []rune) int {
	for i := len(line) - 1; i > 0; i-- {
		if line[i] == ' ' {
			return i
		}
	}
	return 0
}
