package test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// photo writes a JPEG of soft shapes, not square and bigger than any resolution.
func photo(t *testing.T, w, h int) string {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			c := func(a, b, p float64) uint8 { return uint8(127 + 120*math.Sin(a*u+b*v+p)*math.Cos(b*u-a*v)) }
			im.SetRGBA(x, y, color.RGBA{c(9, 4, 0), c(5, 11, 1), c(3, 7, 2), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// truncated is the first half of a JPEG.
func truncated(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(photo(t, 400, 300))
	if err != nil {
		t.Fatal(err)
	}
	return data[:len(data)/2]
}

// hugePNG is the header of an image of 20,000 x 20,000 pixels: a few bytes that
// would become 1.6 GB.
func hugePNG() []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := append([]byte("IHDR"), 0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0)
	b = append(b, 0, 0, 0, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func toInts(data []byte) []int {
	v := make([]int, len(data))
	for i, b := range data {
		v[i] = int(b)
	}
	return v
}
