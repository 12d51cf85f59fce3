package imagetest

import (
	"image"
	"math/rand/v2"

	"bignas/core/preprocess"
)

// raster is what is stored in a PNG or TIFF file: samples of a depth in bits, some a
// pixel, and what colours they stand for.
type raster struct {
	w, h, depth, channels int
	v                     []uint16
	palette               [][4]uint8 // of one sample a pixel, else nil
	extra                 int        // of four samples: 0 if the fourth is no alpha
	key                   []uint16   // the colour that is transparent in PNG, else nil
}

func newRaster(w, h, depth, channels int, seed uint64) *raster {
	r := &raster{w: w, h: h, depth: depth, channels: channels, extra: 2}
	paint, random := Paint(w, h, seed, true), rand.New(rand.NewPCG(seed, 3))
	for i := 0; i < len(paint.Pix); i += 4 {
		p := paint.Pix[i : i+4]
		if channels <= 2 {
			p = []uint8{uint8((int(p[0]) + 2*int(p[1]) + int(p[2])) / 4), p[3]}
		}
		for c := range channels {
			v := uint16(p[c]) * 257
			if depth == 16 && v%5 == 0 { // the low byte is another
				v ^= uint16(random.Uint32N(256))
			}
			r.v = append(r.v, v>>(16-depth))
		}
	}
	return r
}

// paletted makes the one sample an index of a palette of 2^depth random colours.
func (r *raster) paletted(seed uint64, alpha bool) *raster {
	random := rand.New(rand.NewPCG(seed, 4))
	for range 1 << r.depth {
		c := random.Uint32()
		if !alpha {
			c |= 255
		}
		r.palette = append(r.palette, [4]uint8{uint8(c >> 24), uint8(c >> 16), uint8(c >> 8), uint8(c)})
	}
	return r
}

// keyed makes the colour in the middle transparent.
func (r *raster) keyed() *raster {
	r.key = r.at(r.w/2, r.h/2)
	return r
}

func (r *raster) at(x, y int) []uint16 { return r.v[(y*r.w+x)*r.channels:][:r.channels] }

// truth lays the colours over white in floating point, rounded to the nearest byte.
func (r *raster) truth(premultiplied bool) *preprocess.Image {
	im := &preprocess.Image{W: r.w, H: r.h, Pix: make([]uint8, 0, 3*r.w*r.h)}
	top := float64(int(1)<<r.depth - 1)
	for y := range r.h {
		for x := range r.w {
			p := r.at(x, y)
			var v [4]float64
			for c := range 4 {
				switch {
				case r.palette != nil:
					v[c] = float64(r.palette[p[0]][c]) / 255
				case c == 3 && (r.channels%2 == 1 || r.extra == 0):
					v[c] = 1
				case c == 3:
					v[c] = float64(p[r.channels-1]) / top
				case r.channels <= 2:
					v[c] = float64(p[0]) / top
				default:
					v[c] = float64(p[c]) / top
				}
			}
			same := r.key != nil
			for c := range r.key {
				same = same && p[c] == r.key[c]
			}
			if same {
				v[3] = 0
			}
			for c := range 3 {
				s := v[c]*v[3] + 1 - v[3]
				if premultiplied {
					s = v[c] + 1 - v[3]
				}
				im.Pix = append(im.Pix, uint8(min(s, 1)*255+0.5))
			}
		}
	}
	return im
}

// pack appends a row of samples, the first in the highest bits, padded to whole bytes. Samples of
// 16 bits are stored with the high byte first if big is set.
func pack(out []byte, row []uint16, depth int, big bool) []byte {
	if depth == 16 {
		for _, v := range row {
			if big {
				out = append(out, byte(v>>8), byte(v))
			} else {
				out = append(out, byte(v), byte(v>>8))
			}
		}
		return out
	}
	bits, n := uint32(0), 0
	for _, v := range row {
		bits, n = bits<<depth|uint32(v), n+depth
		if n == 8 {
			out, bits, n = append(out, byte(bits)), 0, 0
		}
	}
	if n > 0 {
		out = append(out, byte(bits<<(8-n)))
	}
	return out
}

// opaque is an NRGBA image over white.
func opaque(im *image.NRGBA) *preprocess.Image {
	out := &preprocess.Image{W: im.Rect.Dx(), H: im.Rect.Dy()}
	for i := 0; i < len(im.Pix); i += 4 {
		a := int(im.Pix[i+3])
		for c := range 3 {
			out.Pix = append(out.Pix, uint8((int(im.Pix[i+c])*a+255*(255-a)+127)/255))
		}
	}
	return out
}
