package imagetest

import (
	"encoding/binary"
	"image"
)

// bmp writes a BMP file of 24 or 32 bits a pixel, with a header of the third version
// or, with alpha, of the fourth; rows from the top or from the bottom.
func bmp(im *image.NRGBA, depth int, alpha, topDown bool) []byte {
	w, h := im.Rect.Dx(), im.Rect.Dy()
	info := 40
	if alpha {
		info = 108
	}
	out := bmpHeader(w, h, depth, info, 0, topDown)
	for y := range h {
		if !topDown {
			y = h - 1 - y
		}
		for x := range w {
			p := im.Pix[im.PixOffset(x, y):]
			out = append(out, p[2], p[1], p[0])
			if depth == 32 {
				out = append(out, p[3])
			}
		}
		for len(out)%4 != (14+info)%4 {
			out = append(out, 0)
		}
	}
	binary.LittleEndian.PutUint32(out[2:], uint32(len(out)))
	return out
}

// bmp writes a raster of one sample a pixel with its palette.
func (r *raster) bmp(topDown bool) []byte {
	out := bmpHeader(r.w, r.h, r.depth, 40, len(r.palette), topDown)
	for _, c := range r.palette {
		out = append(out, c[2], c[1], c[0], 0)
	}
	for y := range r.h {
		if !topDown {
			y = r.h - 1 - y
		}
		out = pack(out, r.v[y*r.w:(y+1)*r.w], r.depth, true)
		for len(out)%4 != 14%4 {
			out = append(out, 0)
		}
	}
	binary.LittleEndian.PutUint32(out[2:], uint32(len(out)))
	return out
}

func bmpHeader(w, h, depth, info, colours int, topDown bool) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32([]byte("BM"), 0)
	out = le.AppendUint32(le.AppendUint32(out, 0), uint32(14+info+4*colours))
	out = le.AppendUint32(le.AppendUint32(out, uint32(info)), uint32(w))
	if topDown {
		h = -h
	}
	out = le.AppendUint16(le.AppendUint16(le.AppendUint32(out, uint32(h)), 1), uint16(depth))
	compression := uint32(0)
	if info > 40 {
		compression = 3 // bit fields, below
	}
	for _, v := range []uint32{compression, 0, 2835, 2835, uint32(colours), 0} {
		out = le.AppendUint32(out, v)
	}
	if info > 40 {
		for _, v := range []uint32{0xff0000, 0xff00, 0xff, 0xff000000} {
			out = le.AppendUint32(out, v)
		}
		out = append(out, make([]byte, info-56)...)
	}
	return out
}
