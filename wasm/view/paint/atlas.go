//go:build js || view

package paint

import (
	"image"
	"math"

	"github.com/hajimehoshi/ebiten/v2"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// atlasSide is the side of the one image that discs and letters come from: with
// one source everything between two images is drawn at once.
const atlasSide = 1024

// atlas holds masks in white, made when they are first needed.
type atlas struct {
	image   *ebiten.Image
	x, y, h int // where the next mask goes, and the height of its row
	discs   map[int]image.Rectangle
	letters map[letter]glyph
	faces   map[face]font.Face
	full    func() // is called before masks that triangles may wait for are forgotten
}

type face struct {
	size float64 // in pixels of the screen
	bold bool
}

type letter struct {
	face
	r rune
}

type glyph struct {
	at      image.Rectangle // in the atlas; empty for a space
	dx, dy  int             // of its top left from the pen
	advance float64
}

// clear forgets all masks and begins with the white pixels that filled shapes use.
func (a *atlas) clear() {
	if a.image == nil {
		a.image = ebiten.NewImage(atlasSide, atlasSide)
		a.faces = map[face]font.Face{}
	}
	a.discs, a.letters = map[int]image.Rectangle{}, map[letter]glyph{}
	a.x, a.y, a.h = 0, 0, 0
	white := image.NewAlpha(image.Rect(0, 0, 4, 4))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	a.add(white)
}

// add copies a mask to a free place, with a clear pixel around it. It clears
// everything where there is none.
func (a *atlas) add(mask *image.Alpha) image.Rectangle {
	w, h := mask.Rect.Dx(), mask.Rect.Dy()
	if a.x+w+2 > atlasSide {
		a.x, a.y, a.h = 0, a.y+a.h, 0
	}
	if a.y+h+2 > atlasSide {
		a.full()
		a.clear()
	}
	at := image.Rect(a.x, a.y, a.x+w+2, a.y+h+2)
	pixels := make([]byte, 4*at.Dx()*at.Dy())
	for y := range h {
		for x := range w {
			v := mask.Pix[y*mask.Stride+x]
			i := 4 * ((y+1)*at.Dx() + x + 1)
			pixels[i], pixels[i+1], pixels[i+2], pixels[i+3] = v, v, v, v
		}
	}
	a.image.SubImage(at).(*ebiten.Image).WritePixels(pixels)
	a.x += at.Dx()
	a.h = max(a.h, at.Dy())
	return at.Inset(1)
}

// disc is a circle whose diameter is the given number of quarter pixels.
func (a *atlas) disc(quarters int) image.Rectangle {
	at, ok := a.discs[quarters]
	if !ok {
		at = a.add(circle(float64(quarters) / 4))
		a.discs[quarters] = at
	}
	return at
}

// circle is a disc of that diameter with soft edges, in the middle of its mask.
func circle(diameter float64) *image.Alpha {
	side := (int(math.Ceil(diameter)) + 2) / 2 * 2 // even: the middle is between pixels
	m, middle, r := image.NewAlpha(image.Rect(0, 0, side, side)), float64(side)/2, diameter/2
	for y := range side {
		for x := range side {
			inside := 0
			for i := range 16 { // a sample for every sixteenth of the pixel
				dx, dy := float64(x)+(float64(i%4)+0.5)/4-middle, float64(y)+(float64(i/4)+0.5)/4-middle
				if dx*dx+dy*dy <= r*r {
					inside++
				}
			}
			m.Pix[y*m.Stride+x] = byte(255 * inside / 16)
		}
	}
	return m
}

func (a *atlas) face(f face) font.Face {
	made, ok := a.faces[f]
	if !ok {
		data := goregular.TTF
		if f.bold {
			data = gobold.TTF
		}
		parsed, err := opentype.Parse(data)
		if err != nil {
			panic("paint: the font in the program: " + err.Error())
		}
		made, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			panic("paint: the font in the program: " + err.Error())
		}
		a.faces[f] = made
	}
	return made
}

// glyph is a letter of a face; its mask is of whole pixels.
func (a *atlas) glyph(l letter) glyph {
	g, ok := a.letters[l]
	if ok {
		return g
	}
	f := a.face(l.face)
	bounds, mask, from, advance, _ := f.Glyph(fixed.Point26_6{}, l.r)
	g = glyph{advance: float64(advance) / 64, dx: bounds.Min.X, dy: bounds.Min.Y}
	if !bounds.Empty() {
		m := image.NewAlpha(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
		for y := range bounds.Dy() {
			for x := range bounds.Dx() {
				_, _, _, alpha := mask.At(from.X+x, from.Y+y).RGBA()
				m.Pix[y*m.Stride+x] = byte(alpha >> 8)
			}
		}
		g.at = a.add(m)
	}
	a.letters[l] = g
	return g
}
