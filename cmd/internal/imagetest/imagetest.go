// Package imagetest makes image files of every kind that core/preprocess reads, none of them
// copied, and decodes them with the reference decoders of the formats (libwebp's dwebp,
// libjpeg-turbo's djpeg, netpbm with libpng and libtiff). The same seed makes the same files.
package imagetest

import (
	"bytes"
	"encoding/binary"
	"image"
	"math/rand/v2"

	"bignas/core/preprocess"
)

// File is an image file and how to learn what it shows.
type File struct {
	Kind string // a row of the table: "WebP, lossy"
	Name string // what is particular about it
	Data []byte
	// Truth is what it shows, with its EXIF orientation applied; nil where that is not known.
	Truth *preprocess.Image
	// Reference is the command that decodes it, reading a file of the name "%", to
	// PNM or PAM; nil where Truth is enough.
	Reference []string
	// Orientation is the EXIF orientation, which reference decoders do not apply; 0 is the same
	// as 1.
	Orientation int
}

// Paint draws w x h pixels: smooth ramps, saturated patches with hard edges, black,
// white and noise. Without alpha everything is opaque.
func Paint(w, h int, seed uint64, alpha bool) *image.NRGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	im := image.NewNRGBA(image.Rect(0, 0, w, h))
	patches := [8][4]uint8{{0, 0, 0, 255}, {255, 255, 255, 0}, {255, 0, 0, 255}, {0, 255, 0, 200}, {0, 0, 255, 255}, {255, 255, 0, 30}, {255, 0, 255, 255}, {0, 255, 255, 128}}
	side := 3 + r.IntN(9)
	for y := range h {
		for x := range w {
			p := im.Pix[im.PixOffset(x, y):][:4]
			p[0], p[1], p[2], p[3] = uint8(255*x/max(1, w-1)), uint8(255*y/max(1, h-1)), uint8(255-255*x/max(1, w-1)), uint8(128+127*y/max(1, h-1))
			switch block := x/side + 5*(y/side); {
			case block%3 == 1:
				copy(p, patches[block/3%8][:])
			case block%7 == 3:
				p[0], p[1], p[2] = uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32())
			}
			if !alpha {
				p[3] = 255
			}
		}
	}
	return im
}

// pnm is an image for the encoders that read PPM.
func pnm(im *image.NRGBA) []byte {
	var b bytes.Buffer
	b.WriteString(header("P6", im.Rect.Dx(), im.Rect.Dy()))
	for i := 0; i < len(im.Pix); i += 4 {
		b.Write(im.Pix[i : i+3])
	}
	return b.Bytes()
}

// chunk returns a chunk of a RIFF file, padded to an even size.
func chunk(id string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	out := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(all)))
	return append(append(out, all...), make([]byte, len(all)&1)...)
}

// riff returns a WebP file of chunks.
func riff(chunks ...[]byte) []byte {
	return chunk("RIFF", append([][]byte{[]byte("WEBP")}, chunks...)...)
}
