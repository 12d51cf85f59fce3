//go:build js || view

package paint

import (
	"image"
	"image/color"
	"math"

	"github.com/hajimehoshi/ebiten/v2"

	"bignas/core/scene"
)

// brush turns shapes into triangles.
type brush struct {
	atlas   atlas
	bitmaps map[*scene.Bitmap]*texture

	screen   *ebiten.Image
	scale    float64
	source   *ebiten.Image // of the triangles that wait
	vertices []ebiten.Vertex
	indices  []uint32
	frame    int
}

// texture is a bitmap as ebiten has it.
type texture struct {
	image   *ebiten.Image
	version int
	used    int // frame
}

// draw draws shapes, in logical pixels, with scale pixels of the screen for each.
func (b *brush) draw(screen *ebiten.Image, shapes []scene.Shape, scale float64) {
	if b.bitmaps == nil || b.scale != scale {
		b.atlas.clear()
	}
	if b.bitmaps == nil {
		b.bitmaps = map[*scene.Bitmap]*texture{}
		b.atlas.full = b.flush
	}
	b.screen, b.scale = screen, scale
	b.frame++
	for i := range shapes {
		b.shape(&shapes[i])
	}
	b.flush()
	for key, t := range b.bitmaps {
		if t.used != b.frame {
			t.image.Deallocate()
			delete(b.bitmaps, key)
		}
	}
}

func (b *brush) shape(s *scene.Shape) {
	switch s.Kind {
	case scene.Fill:
		b.fill(s)
	case scene.Disc:
		b.disc((s.X+s.W/2)*b.scale, (s.Y+s.H/2)*b.scale, s.W*b.scale, s.Colour)
	case scene.Dash:
		b.dash(s)
	case scene.Text:
		b.text(s)
	case scene.Image:
		b.bitmap(s)
	}
}

// flush draws the triangles that wait.
func (b *brush) flush() {
	if len(b.indices) > 0 {
		filter := ebiten.FilterLinear
		if b.source != b.atlas.image {
			filter = ebiten.FilterNearest // pixels of maps are seen as they are
		}
		b.screen.DrawTriangles32(b.vertices, b.indices, b.source, &ebiten.DrawTrianglesOptions{Filter: filter, DisableMipmaps: true, ColorScaleMode: ebiten.ColorScaleModePremultipliedAlpha})
	}
	b.vertices, b.indices = b.vertices[:0], b.indices[:0]
}

// quad draws a part of an image into a box of the screen, times a colour.
func (b *brush) quad(source *ebiten.Image, x0, y0, x1, y1 float64, from image.Rectangle, c color.RGBA) {
	if source != b.source || len(b.vertices) > 1<<15 {
		b.flush()
		b.source = source
	}
	n := uint32(len(b.vertices))
	corner := func(x, y float64, u, v int) {
		b.vertices = append(b.vertices, ebiten.Vertex{DstX: float32(x), DstY: float32(y), SrcX: float32(u), SrcY: float32(v),
			ColorR: float32(c.R) / 255, ColorG: float32(c.G) / 255, ColorB: float32(c.B) / 255, ColorA: float32(c.A) / 255})
	}
	corner(x0, y0, from.Min.X, from.Min.Y)
	corner(x1, y0, from.Max.X, from.Min.Y)
	corner(x0, y1, from.Min.X, from.Max.Y)
	corner(x1, y1, from.Max.X, from.Max.Y)
	b.indices = append(b.indices, n, n+1, n+2, n+1, n+3, n+2)
}

// white is inside the white pixels of the atlas, away from their edge.
var white = image.Rect(2, 2, 4, 4)

func (b *brush) rectangle(x0, y0, x1, y1 float64, c color.RGBA) {
	if x1 > x0 && y1 > y0 {
		b.quad(b.atlas.image, x0, y0, x1, y1, white, c)
	}
}

// fill draws a rectangle on whole pixels: its edges are sharp.
func (b *brush) fill(s *scene.Shape) {
	x0, y0 := math.Round(s.X*b.scale), math.Round(s.Y*b.scale)
	x1, y1 := max(x0+1, math.Round((s.X+s.W)*b.scale)), max(y0+1, math.Round((s.Y+s.H)*b.scale))
	r := math.Round(min(s.Radius*b.scale, (x1-x0)/2, (y1-y0)/2))
	if r < 1 {
		b.rectangle(x0, y0, x1, y1, s.Colour)
		return
	}
	b.rectangle(x0+r, y0, x1-r, y1, s.Colour)
	b.rectangle(x0, y0+r, x0+r, y1-r, s.Colour)
	b.rectangle(x1-r, y0+r, x1, y1-r, s.Colour)
	at := b.atlas.disc(int(8 * r))
	m, side := (at.Min.X+at.Max.X)/2, int(r)
	v := (at.Min.Y + at.Max.Y) / 2
	corner := func(x, y float64, u, v int) {
		b.quad(b.atlas.image, x, y, x+r, y+r, image.Rect(u, v, u+side, v+side), s.Colour)
	}
	corner(x0, y0, m-side, v-side)
	corner(x1-r, y0, m, v-side)
	corner(x0, y1-r, m-side, v)
	corner(x1-r, y1-r, m, v)
}

// disc draws a circle with its centre anywhere.
func (b *brush) disc(cx, cy, diameter float64, c color.RGBA) {
	quarters := max(2, int(math.Round(4*diameter)))
	if quarters > 512 { // bigger ones take a quarter of the precision
		quarters = min(3000, quarters/16*16)
	}
	at := b.atlas.disc(quarters)
	w, h := float64(at.Dx())/2, float64(at.Dy())/2
	b.quad(b.atlas.image, cx-w, cy-h, cx+w, cy+h, at, c)
}

// dash draws the outline of a box in dashes of 3 and gaps of 3 logical pixels.
func (b *brush) dash(s *scene.Shape) {
	x0, y0 := math.Round(s.X*b.scale), math.Round(s.Y*b.scale)
	x1, y1 := math.Round((s.X+s.W)*b.scale), math.Round((s.Y+s.H)*b.scale)
	line, period := max(1, math.Round(b.scale)), math.Round(6*b.scale)
	for x := x0; x < x1; x += period {
		end := min(x1, x+period/2)
		b.rectangle(x, y0, end, y0+line, s.Colour)
		b.rectangle(x, y1-line, end, y1, s.Colour)
	}
	for y := y0; y < y1; y += period {
		end := min(y1, y+period/2)
		b.rectangle(x0, y, x0+line, end, s.Colour)
		b.rectangle(x1-line, y, x1, end, s.Colour)
	}
}

// text draws letters on whole pixels.
func (b *brush) text(s *scene.Shape) {
	f, pen := face{s.Size * b.scale, s.Bold}, s.X*b.scale
	width := 0.0
	for _, r := range s.Text {
		width += b.atlas.glyph(letter{f, r}).advance
	}
	switch s.Align {
	case scene.Middle:
		pen -= width / 2
	case scene.End:
		pen -= width
	}
	base := math.Round((s.Y + 0.36*s.Size) * b.scale) // capitals are 0.72 high
	for _, r := range s.Text {
		g := b.atlas.glyph(letter{f, r})
		if !g.at.Empty() {
			x, y := math.Round(pen)+float64(g.dx), base+float64(g.dy)
			b.quad(b.atlas.image, x, y, x+float64(g.at.Dx()), y+float64(g.at.Dy()), g.at, s.Colour)
		}
		pen += g.advance
	}
}

// bitmap draws a part of one.
func (b *brush) bitmap(s *scene.Shape) {
	t := b.bitmaps[s.Bitmap]
	if t == nil || t.image.Bounds().Dx() != s.Bitmap.W || t.image.Bounds().Dy() != s.Bitmap.H {
		t = &texture{image: ebiten.NewImageWithOptions(image.Rect(0, 0, s.Bitmap.W, s.Bitmap.H), &ebiten.NewImageOptions{Unmanaged: true}), version: s.Bitmap.Version - 1}
		b.bitmaps[s.Bitmap] = t
	}
	if t.version != s.Bitmap.Version {
		t.image.WritePixels(s.Bitmap.Pix)
		t.version = s.Bitmap.Version
	}
	t.used = b.frame
	x0, y0 := math.Round(s.X*b.scale), math.Round(s.Y*b.scale)
	x1, y1 := math.Round((s.X+s.W)*b.scale), math.Round((s.Y+s.H)*b.scale)
	from := image.Rect(s.Source[0], s.Source[1], s.Source[0]+s.Source[2], s.Source[1]+s.Source[3])
	b.quad(t.image, x0, y0, x1, y1, from, s.Colour)
}
