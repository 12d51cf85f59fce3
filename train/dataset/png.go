package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// PNG returns a PNG file of a square image of RGB bytes, as Dataset.Image returns it.
func PNG(pix []uint8, side int) ([]byte, error) {
	im := image.NewRGBA(image.Rect(0, 0, side, side))
	for p := range side * side {
		im.SetRGBA(p%side, p/side, color.RGBA{pix[3*p], pix[3*p+1], pix[3*p+2], 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, im)
	return b.Bytes(), err
}
