package imagetest

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"

	"bignas/core/preprocess"
)

// gifFile writes a raster with a palette as a GIF. Interlaced, its rows are stored in
// the order of GIF89a, appendix E. On a bigger screen it stands at (3, 2).
func (r *raster) gifFile(interlaced, screen bool) ([]byte, *preprocess.Image, error) {
	palette := make(color.Palette, len(r.palette))
	for i, c := range r.palette {
		if palette[i] = (color.RGBA{c[0], c[1], c[2], 255}); c[3] < 128 && i == len(palette)-1 {
			palette[i] = color.RGBA{}
			r.palette[i] = [4]uint8{}
		} else {
			r.palette[i][3] = 255
		}
	}
	order := make([]int, 0, r.h)
	for _, p := range [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
		for y := p[0]; y < r.h; y += p[1] {
			order = append(order, y)
		}
	}
	at := image.Point{}
	config := image.Config{ColorModel: palette, Width: r.w, Height: r.h}
	if screen {
		at, config.Width, config.Height = image.Pt(3, 2), r.w+7, r.h+5
	}
	m := image.NewPaletted(image.Rect(0, 0, r.w, r.h).Add(at), palette)
	for i, v := range r.v {
		m.Pix[i] = uint8(v)
	}
	if interlaced {
		for y, from := range order {
			for x := range r.w {
				m.Pix[y*m.Stride+x] = uint8(r.v[from*r.w+x])
			}
		}
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{m}, Delay: []int{0}, Config: config}); err != nil {
		return nil, nil, err
	}
	out := b.Bytes()
	if interlaced {
		i := 13 + 3*len(palette) // behind the global palette; then extensions
		for out[i] == 0x21 {
			for i += 2; out[i] != 0; i += int(out[i]) + 1 {
			}
			i++
		}
		out[i+9] |= 0x40
	}
	seen := r.truth(false)
	if !screen {
		return out, seen, nil
	}
	whole := &preprocess.Image{W: config.Width, H: config.Height, Pix: bytes.Repeat([]byte{255}, 3*config.Width*config.Height)}
	for y := range r.h {
		copy(whole.Pix[3*((y+at.Y)*whole.W+at.X):], seen.Pix[3*y*r.w:3*(y+1)*r.w])
	}
	return out, whole, nil
}
