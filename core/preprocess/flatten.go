package preprocess

import (
	"image"
	"image/color"
)

// flatten copies the part size of im into an upright RGB Image over white. It applies the
// orientation while copying, so that a large photograph is in memory only once.
func flatten(im image.Image, size image.Rectangle, orientation int) *Image {
	w, h := size.Dx(), size.Dy()
	out := &Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
	if orientation >= 5 {
		out.W, out.H = h, w
	}
	start, dx, dy := steps(orientation, w, h)
	row := make([]uint8, 3*w)
	read := rowReader(im, size)
	for y := range h {
		read(row, y)
		at := 3 * (start + y*dy)
		if dx == 1 {
			copy(out.Pix[at:at+3*w], row)
			continue
		}
		for x := 0; x < len(row); x += 3 {
			p, q := out.Pix[at:at+3:at+3], row[x:x+3:x+3]
			p[0], p[1], p[2] = q[0], q[1], q[2]
			at += 3 * dx
		}
	}
	return out
}

// steps returns, in pixels of the upright image, the place of the stored pixel (0,0) and the
// distances to the next stored column and row. Of the EXIF orientations 1 to 8, 2, 4, 5 and 7
// are mirrored, and 5 to 8 swap width and height.
func steps(orientation, w, h int) (start, dx, dy int) {
	switch orientation {
	case 2: // row 0 top, column 0 right
		return w - 1, -1, w
	case 3: // bottom, right
		return w*h - 1, -1, -w
	case 4: // bottom, left
		return w * (h - 1), 1, -w
	case 5: // left, top
		return 0, h, 1
	case 6: // right, top
		return h - 1, h, -1
	case 7: // right, bottom
		return w*h - 1, -h, -1
	case 8: // left, bottom
		return h * (w - 1), -h, 1
	}
	return 0, 1, w
}

// rowReader returns a function that writes row y of size as RGB triples. It has a case for each
// type that the decoders return; all agree with color.Color.RGBA over white, rounded to 8 bits.
func rowReader(im image.Image, size image.Rectangle) func(row []uint8, y int) {
	if m, ok := im.(*limited); ok {
		read, at := m.reader(), m.Rect.Min.Sub(size.Min)
		if m.Rect == size {
			return read
		}
		return func(row []uint8, y int) { // a frame on a canvas
			for i := range row {
				row[i] = 255
			}
			if y -= at.Y; y >= 0 && y < m.Rect.Dy() {
				read(row[3*at.X:3*(at.X+m.Rect.Dx())], y)
			}
		}
	}
	if im.Bounds() == size {
		switch m := im.(type) {
		case *image.YCbCr:
			return func(row []uint8, y int) { yCbCrRow(row, m, y) }
		case *image.Gray:
			return func(row []uint8, y int) {
				src := m.Pix[y*m.Stride:]
				for x := range len(row) / 3 {
					row[3*x], row[3*x+1], row[3*x+2] = src[x], src[x], src[x]
				}
			}
		case *image.NRGBA:
			return func(row []uint8, y int) {
				src := m.Pix[y*m.Stride:]
				for x := range len(row) / 3 {
					a := uint32(src[4*x+3])
					for c := range 3 {
						row[3*x+c] = overWhite(src[4*x+c], a)
					}
				}
			}
		case *image.RGBA: // premultiplied
			return func(row []uint8, y int) {
				src := m.Pix[y*m.Stride:]
				for x := range len(row) / 3 {
					rest := 255 - src[4*x+3]
					for c := range 3 {
						row[3*x+c] = src[4*x+c] + rest
					}
				}
			}
		case *image.CMYK:
			return func(row []uint8, y int) {
				src := m.Pix[y*m.Stride:]
				for x := range len(row) / 3 {
					row[3*x], row[3*x+1], row[3*x+2] = color.CMYKToRGB(src[4*x], src[4*x+1], src[4*x+2], src[4*x+3])
				}
			}
		}
	}
	return func(row []uint8, y int) { anyRow(row, im, size, y) }
}

// overWhite composites a value with alpha a over white.
func overWhite(v uint8, a uint32) uint8 { return uint8((uint32(v)*a + 255*(255-a) + 127) / 255) }

// yCbCrRow converts one row with the integer arithmetic of JFIF.
func yCbCrRow(row []uint8, m *image.YCbCr, y int) {
	y += m.Rect.Min.Y
	luma := m.Y[m.YOffset(m.Rect.Min.X, y):]
	chroma := m.COffset(m.Rect.Min.X, y)
	half := m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio422
	if m.Rect.Min.X == 0 && (half || m.SubsampleRatio == image.YCbCrSubsampleRatio444) {
		shift := uint(0)
		if half {
			shift = 1
		}
		cb, cr := m.Cb[chroma:], m.Cr[chroma:]
		for x := range len(row) / 3 {
			p := row[3*x : 3*x+3 : 3*x+3]
			p[0], p[1], p[2] = color.YCbCrToRGB(luma[x], cb[x>>shift], cr[x>>shift])
		}
		return
	}
	for x := range len(row) / 3 {
		c := m.COffset(m.Rect.Min.X+x, y)
		row[3*x], row[3*x+1], row[3*x+2] = color.YCbCrToRGB(luma[x], m.Cb[c], m.Cr[c])
	}
}

// anyRow is the slow case for all other types: 16 bits a channel, premultiplied.
func anyRow(row []uint8, im image.Image, size image.Rectangle, y int) {
	inside := im.Bounds()
	deep, fast := im.(image.RGBA64Image) // all types of the standard library: no allocation for each pixel
	for x := range len(row) / 3 {
		at := image.Pt(size.Min.X+x, size.Min.Y+y)
		if !at.In(inside) {
			row[3*x], row[3*x+1], row[3*x+2] = 255, 255, 255
			continue
		}
		var r, g, b, a uint32
		if fast {
			p := deep.RGBA64At(at.X, at.Y)
			r, g, b, a = uint32(p.R), uint32(p.G), uint32(p.B), uint32(p.A)
		} else {
			r, g, b, a = im.At(at.X, at.Y).RGBA()
		}
		rest := 65535 - a
		for c, v := range [3]uint32{r, g, b} {
			row[3*x+c] = uint8((min(v+rest, 65535) + 128) / 257)
		}
	}
}
