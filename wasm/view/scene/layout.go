package scene

import (
	"math"

	"bignas/core/arch"
)

// block is a layer of the biggest network. Its sides are the square roots of its
// channels, so that the share of it that a child fills is the child's share of
// the weights. It stands on base, in world units: pixels where nothing is zoomed.
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

// columns are the relative widths of the columns, as in the page's drawing: the
// picture and the stem, one a stage, the head.
func columns(space *arch.Space) []float64 {
	widest := 0
	for i := range space.Stages {
		widest = max(widest, mostInputs(space, i))
	}
	parts := []float64{1.75}
	for i := range space.Stages {
		parts = append(parts, max(0.85, 1.2*math.Sqrt(float64(mostInputs(space, i))/float64(widest))))
	}
	return append(parts, 1.3)
}

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
	if f.narrow {
		tall := min(0.42*s.height, 250)
		f.h -= tall
		f.panel = box{0, f.h, s.width, tall}
	} else {
		wide := min(300, 0.32*s.width)
		f.w -= wide
		f.panel = box{f.w, 0, wide, s.height}
	}
	margin := 20.0
	if f.narrow {
		margin = 8
	}
	parts, total := columns(s.space), 0.0
	for _, p := range parts {
		total += p
	}
	left, unit := margin, (f.w-2*margin)/total
	for _, p := range parts {
		f.columns = append(f.columns, box{left, 0, p * unit, f.h})
		left += p * unit
	}
	f.end, f.ground = left, f.h-labels
	side := min(max(0.21*f.h, 44), 1.5*unit, 124)
	f.line = margin + side/2
	s.layoutMaps(side, margin)
	s.layoutBlocks(side + margin)
}

// layoutMaps hangs the maps on the flow line, where they shrink.
func (s *Scene) layoutMaps(side, margin float64) {
	biggest := sizes(s.space, last(s.space.Resolutions))
	scale := side / math.Sqrt(float64(biggest[0]))
	s.maps = []flow{{x: margin + side/2, full: side}}
	for i := range s.space.Stages {
		c := s.frame.columns[i+1]
		s.maps = append(s.maps, flow{x: c.x + c.w/2, full: math.Sqrt(float64(biggest[i+1])) * scale})
	}
}

// layoutBlocks stands the blocks on the ground, where they grow.
func (s *Scene) layoutBlocks(top float64) {
	f, biggest := &s.frame, s.space.Max()
	f.unit = math.Inf(1)
	for i, st := range s.space.Stages {
		deepest := float64(last(st.Depths))
		room := f.ground - top - 28 - deepest*gap
		f.unit = min(f.unit, room/(deepest*math.Sqrt(float64(last(st.Widths)))), 0.86*f.columns[i+1].w/math.Sqrt(float64(mostInputs(s.space, i))))
	}
	f.unit = max(0.5, f.unit)
	s.blocks = s.blocks[:0]
	add := func(l Layer, centre, base float64, kernel int) float64 {
		in, out := channels(biggest, l)
		w, h := math.Sqrt(float64(in))*f.unit, math.Sqrt(float64(out))*f.unit
		s.blocks = append(s.blocks, block{Layer: l, x: centre - w/2, base: base, w: w, h: h, in: in, out: out, kernel: kernel})
		return base - h - gap
	}
	stem := f.columns[0]
	add(Layer{-1, 0}, stem.x+stem.w-max(12, 0.14*stem.w), f.ground, 0)
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
