package preprocess

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// pattern is an image in which every pixel differs from its mirror images.
func pattern(w, h int) *image.NRGBA {
	im := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / max(1, w-1)), uint8(y * 255 / max(1, h-1)), uint8((x*7 + y*13) % 256), 255})
		}
	}
	return im
}

func encodePNG(t testing.TB, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, im image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exifBlock is a TIFF block with a directory of three entries, orientation last.
func exifBlock(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 12) // the directory does not follow the header at once
	b = append(b, 0, 0, 0, 0)
	b = order.AppendUint16(b, 3)
	for _, e := range [][2]uint16{{0x0100, 640}, {0x0101, 480}, {0x0112, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3) // SHORT
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = append(b, 0, 0)
	}
	return append(b, 0, 0, 0, 0)
}

// withExifJPEG puts an APP1 segment behind the start marker, after an APP0 one.
func withExifJPEG(data, block []byte) []byte {
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xe0, 0, 4, 1, 2)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(2+6+len(block)))
	out = append(append(out, "Exif\x00\x00"...), block...)
	return append(out, data[2:]...)
}

// withExifPNG puts an eXIf chunk behind the header chunk.
func withExifPNG(data, block []byte) []byte {
	const afterHeader = 8 + 12 + 13
	out := append([]byte{}, data[:afterHeader]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(block)))
	body := append([]byte("eXIf"), block...)
	out = append(out, body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	return append(out, data[afterHeader:]...)
}

// cmykJPEG is a baseline JPEG of one 8x8 block a component, each of one value.
// Go's encoder writes no CMYK, so it is put together here (ITU T.81 annex B):
// quantisers of 1, a DC table of the categories 0-11 in 4 bits each, and an AC
// table with "end of block" only. adobe adds the marker that real programs
// write, with which the values are stored inverted.
func cmykJPEG(values [4]uint8, adobe bool) []byte {
	b := []byte{0xff, 0xd8}
	if adobe {
		b = append(b, 0xff, 0xee, 0, 14)
		b = append(b, "Adobe\x00\x64\x00\x00\x00\x00\x00"...) // transform 0: CMYK
	}
	b = append(b, 0xff, 0xdb, 0, 67, 0)
	for range 64 {
		b = append(b, 1)
	}
	b = append(b, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4)
	for c := range byte(4) {
		b = append(b, c+1, 0x11, 0)
	}
	b = append(b, 0xff, 0xc4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for category := range byte(12) {
		b = append(b, category)
	}
	b = append(b, 0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00)
	b = append(b, 0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	bits, n := uint64(0), 0
	put := func(v, count int) { bits, n = bits<<count|uint64(v), n+count }
	flush := func() {
		for ; n >= 8; n -= 8 {
			v := byte(bits >> (n - 8))
			if b = append(b, v); v == 0xff {
				b = append(b, 0)
			}
		}
	}
	for _, v := range values {
		dc := 8 * (int(v) - 128) // DC coefficient: 8 times the level-shifted mean
		category := 0
		for m := max(dc, -dc); m > 0; m >>= 1 {
			category++
		}
		put(category, 4)
		if dc < 0 {
			dc += 1<<category - 1
		}
		put(dc, category)
		put(0, 1) // end of block
		flush()
	}
	put(0x7f, 7)
	flush()
	return append(b, 0xff, 0xd9)
}

// at returns the pixel of column x and row y.
func (im *Image) at(x, y int) [3]uint8 {
	return [3]uint8(im.Pix[3*(y*im.W+x):])
}

func near(a, b [3]uint8, tolerance int) bool {
	for c := range 3 {
		if d := int(a[c]) - int(b[c]); d > tolerance || -d > tolerance {
			return false
		}
	}
	return true
}
