package scene

import "image/color"

// Kind says what a Shape is.
type Kind uint8

// The kinds of shapes.
const (
	Fill  Kind = iota // a rectangle, with corners of Radius
	Disc              // a circle that fills the box
	Dash              // the dashed outline of the box
	Text              // Text at X, Y, the middle of its height; Align says which end X is
	Image             // the part Source of the image, in the box
)

// Align says what X is to a text.
type Align uint8

// The alignments.
const (
	Start Align = iota
	Middle
	End
)

// Shape is one thing to draw, in pixels of the view. Later ones cover earlier ones.
type Shape struct {
	Kind       Kind
	X, Y, W, H float64
	Radius     float64
	Colour     color.RGBA // premultiplied; an image's A is its opacity
	Text       string
	Size       float64 // height of the text
	Bold       bool
	Align      Align
	Bitmap     *Bitmap
	Source     [4]int // x, y, width, height in the image
}

// Bitmap is an image that shapes use: RGBA, premultiplied. Version changes with
// the pixels.
type Bitmap struct {
	W, H    int
	Pix     []byte
	Version int
}

// sheet collects shapes.
type sheet struct{ all []Shape }

func (s *sheet) fill(b box, radius float64, c color.RGBA) {
	if b.w > 0 && b.h > 0 {
		s.all = append(s.all, Shape{Kind: Fill, X: b.x, Y: b.y, W: b.w, H: b.h, Radius: min(radius, b.w/2, b.h/2), Colour: c})
	}
}

// outlined is a filled box with a line of one pixel inside its edge.
func (s *sheet) outlined(b box, radius float64, line, inside color.RGBA) {
	s.fill(b, radius, line)
	s.fill(inset(b, 1), radius-1, inside)
}

// ring is a line around a box; what is in the box is drawn after it.
func (s *sheet) ring(b box, space, width, radius float64, line, ground color.RGBA) {
	s.fill(inset(b, -space-width), radius+space+width, line)
	s.fill(inset(b, -space), radius+space, ground)
}

func (s *sheet) disc(x, y, r float64, c color.RGBA) {
	s.all = append(s.all, Shape{Kind: Disc, X: x - r, Y: y - r, W: 2 * r, H: 2 * r, Colour: c})
}

func (s *sheet) dash(b box, c color.RGBA) {
	s.all = append(s.all, Shape{Kind: Dash, X: b.x, Y: b.y, W: b.w, H: b.h, Colour: c})
}

func (s *sheet) text(x, y, size float64, bold bool, align Align, c color.RGBA, text string) {
	s.all = append(s.all, Shape{Kind: Text, X: x, Y: y, Size: size, Bold: bold, Align: align, Colour: c, Text: text})
}

func (s *sheet) image(b box, p *Bitmap, alpha float64, source [4]int) {
	s.all = append(s.all, Shape{Kind: Image, X: b.x, Y: b.y, W: b.w, H: b.h, Bitmap: p, Source: source, Colour: faded(color.RGBA{255, 255, 255, 255}, alpha)})
}

func inset(b box, by float64) box { return box{b.x + by, b.y + by, b.w - 2*by, b.h - 2*by} }
