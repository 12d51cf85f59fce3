package scene

import (
	"math"

	"bignas/core/arch"
)

// block is a layer of the biggest network. Its sides are the square roots of its
// input and output channels, so that its area is their (geometric) mean, and the
// child's slice fills the share of the channels that it has. It stands on base, in world units: pixels where nothing is zoomed.
type block struct {
	Layer
	x, base, w, h   float64 // left, bottom, width (input channels), height (output channels)
	in, out, kernel int     // of the biggest network
	now, want       slice
}

// slice is the child's part of a block.
type slice struct {
	in, out float64 // sides, as shares of the block's
	on      float64 // 1 where the child has the layer, 0 where not
	kernel  float64 // side of the filter
}

// flow is a map on the flow line: its side is the square root of its pixels'.
type flow struct {
	x         float64 // of its centre
	full      float64 // side for the biggest child
	now, want float64
	pixels    int // of the child
}

// frame is where things stand, in pixels.
type frame struct {
	w, h    float64 // of the part that shows the network
	panel   box
	narrow  bool
	line    float64 // y of the flow line
	end     float64 // x where the flow line ends
	ground  float64
	unit    float64 // pixels for a square root of channels
	columns []box   // the stem, one a stage, the head
}

type box struct{ x, y, w, h float64 }

func (b box) contains(x, y float64) bool {
	return x >= b.x && x < b.x+b.w && y >= b.y && y < b.y+b.h
}

const (
	gap    = 3.0  // between the blocks of a stage
	labels = 46.0 // under the ground: two lines of text
)

// mostInputs is the most input channels that a layer of the stage has.
func mostInputs(space *arch.Space, i int) int {
	before := last(space.Stem)
	if i > 0 {
		before = last(space.Stages[i-1].Widths)
	}
	if last(space.Stages[i].Depths) > 1 {
		return max(before, last(space.Stages[i].Widths))
	}
	return before
}

// layout places the biggest network in the part of the view beside the panel.
func (s *Scene) layout() {
	f := &s.frame
	*f = frame{w: s.width, h: s.height, narrow: s.width < 720}
	margin, between, side := 20.0, 14.0, min(max(0.19*f.h, 72), 112)
	if f.narrow {
		tall := min(0.42*s.height, 250)
		f.h -= tall
		f.panel = box{0, f.h, s.width, tall}
		margin, between, side = 8, 3, 52
	} else {
		wide := min(300, 0.32*s.width)
		f.w -= wide
		f.panel = box{f.w, 0, wide, s.height}
	}
	f.line, f.ground = margin+side/2, f.h-labels
	s.layoutMaps(side, margin)
	s.layoutColumns(margin, between, f.ground-side-margin-34)
	s.layoutBlocks()
}

// layoutMaps hangs the maps on the flow line, where they shrink.
func (s *Scene) layoutMaps(side, margin float64) {
	biggest := sizes(s.space, last(s.space.Resolutions))
	scale := side / math.Sqrt(float64(biggest[0]))
	s.maps = []flow{{x: margin + side/2, full: side}}
	for i := range s.space.Stages {
		s.maps = append(s.maps, flow{full: math.Sqrt(float64(biggest[i+1])) * scale})
	}
}

// layoutColumns finds the biggest unit with which all columns fit beside each
// other and the highest under the flow line, and places the columns.
func (s *Scene) layoutColumns(margin, between, room float64) {
	f, stages := &s.frame, s.space.Stages
	widths := func(unit float64) (all []float64, total float64) {
		all = append(all, s.maps[0].full+3*between)
		if !f.narrow {
			all[0] = max(all[0], 150) // the legend stands there
		}
		for i := range stages {
			all = append(all, max(24, s.maps[i+1].full, unit*math.Sqrt(float64(mostInputs(s.space, i))))+between)
		}
		all = append(all, max(30, unit*math.Sqrt(float64(last(stages[len(stages)-1].Widths))))+between)
		for _, w := range all {
			total += w
		}
		return all, total
	}
	lo, hi := 0.3, max(0.3, room/math.Sqrt(float64(last(s.space.Head))))
	for _, st := range stages {
		deepest := float64(last(st.Depths))
		hi = max(lo, min(hi, (room-deepest*gap)/(deepest*math.Sqrt(float64(last(st.Widths))))))
	}
	for range 40 {
		mid := (lo + hi) / 2
		if _, total := widths(mid); total <= f.w-2*margin {
			lo = mid
		} else {
			hi = mid
		}
	}
	f.unit = lo
	all, total := widths(f.unit)
	spare, left := max(0, f.w-2*margin-total)/float64(len(all)), margin
	for i, w := range all {
		f.columns = append(f.columns, box{left, 0, w + spare, f.h})
		if i > 0 && i <= len(stages) {
			s.maps[i].x = left + (w+spare)/2
		}
		left += w + spare
	}
	f.end = left
}

// layoutBlocks stands the blocks on the ground, where they grow.
func (s *Scene) layoutBlocks() {
	f, biggest := &s.frame, s.space.Max()
	s.blocks = s.blocks[:0]
	add := func(l Layer, centre, base float64, kernel int) float64 {
		in, out := channels(biggest, l)
		w, h := math.Sqrt(float64(in))*f.unit, math.Sqrt(float64(out))*f.unit
		s.blocks = append(s.blocks, block{Layer: l, x: centre - w/2, base: base, w: w, h: h, in: in, out: out, kernel: kernel})
		return base - h - gap
	}
	stem := f.columns[0]
	add(Layer{-1, 0}, stem.x+stem.w-max(14, 0.14*stem.w), f.ground, 0)
	for i, st := range s.space.Stages {
		base, c := f.ground, f.columns[i+1]
		for j := range last(st.Depths) {
			base = add(Layer{i, j}, c.x+c.w/2, base, last(st.Kernels))
		}
	}
	head := f.columns[len(f.columns)-1]
	add(Layer{len(s.space.Stages), 0}, head.x+head.w/2, f.ground, 0)
}

// block is the block of a layer, or nil.
func (s *Scene) block(l Layer) *block {
	for i := range s.blocks {
		if s.blocks[i].Layer == l {
			return &s.blocks[i]
		}
	}
	return nil
}

// whole is the block's box in world units.
func (b *block) whole() box { return box{b.x, b.base - b.h, b.w, b.h} }

// part is the box of the child's slice as it is shown now. Slices share the
// bottom left corner; one that comes or goes grows out of it.
func (b *block) part() box {
	grow := 0.5 + 0.5*b.now.on
	w, h := b.w*b.now.in*grow, b.h*b.now.out*grow
	return box{b.x, b.base - h, w, h}
}
