// Package preview draws contact sheets of augmented images with the labels that the training sees.
package preview

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"bignas/core/preprocess"
	"bignas/train/augment"
)

// gap and caption are the pixels between images and of the line below them.
const (
	gap     = 6
	caption = 30
	line    = 13
)

// Sheet draws the images of batches [N, Side, Side, 3] in columns, each with its class and, where it is mixed, the
// other class and the shares. labels are the names of the classes, spec is the normalisation of the batches. All
// batches have the same Side.
func Sheet(batches []*augment.Batch, labels []string, spec preprocess.Spec, columns int) *image.RGBA {
	side, n := 1, 0
	for _, b := range batches {
		side = b.Side
		n += b.N
	}
	columns = max(1, min(columns, n))
	rows := (n + columns - 1) / columns
	cell := image.Pt(max(side, 96)+gap, side+caption+gap)
	sheet := image.NewRGBA(image.Rect(0, 0, columns*cell.X+gap, rows*cell.Y+gap))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	at := 0
	for _, b := range batches {
		for i := range b.N {
			x, y := gap+at%columns*cell.X, gap+at/columns*cell.Y
			paste(sheet, x, y, b.Images[i*side*side*3:(i+1)*side*side*3], side, spec)
			own, other := Caption(b, i, labels)
			write(sheet, x, y+side+line-1, cell.X-gap, own)
			write(sheet, x, y+side+2*line-1, cell.X-gap, other)
			at++
		}
	}
	return sheet
}

// Caption returns the two lines below image i of b: its class, with its share where the image is mixed, and the class
// that is mixed in or nothing.
func Caption(b *augment.Batch, i int, labels []string) (own, other string) {
	own = labels[b.Labels[i]]
	if b.Mixed == nil || b.Weight[i] == 1 {
		return own, ""
	}
	return fmt.Sprintf("%.0f %% %s", 100*b.Weight[i], own), fmt.Sprintf("%.0f %% %s", 100*(1-b.Weight[i]), labels[b.Mixed[i]])
}

// paste draws a normalised image.
func paste(sheet *image.RGBA, x, y int, pix []float32, side int, spec preprocess.Spec) {
	for i := range side * side {
		var c [3]uint8
		for k := range c {
			v := pix[3*i+k]*spec.Std[k] + spec.Mean[k]
			c[k] = uint8(min(max(v, 0), 1)*255 + 0.5)
		}
		sheet.SetRGBA(x+i%side, y+i/side, color.RGBA{c[0], c[1], c[2], 255})
	}
}

// write draws text of at most width pixels.
func write(sheet *image.RGBA, x, y, width int, text string) {
	face := basicfont.Face7x13
	if most := width / face.Advance; len(text) > most {
		text = text[:max(0, most-2)] + ".."
	}
	d := font.Drawer{Dst: sheet, Src: image.Black, Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
