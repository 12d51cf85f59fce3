package preprocess

import (
	"encoding/binary"
	"errors"
	"testing"
)

// sameSquare checks Square against Fit of the whole image: to the bit, or to one level where it
// is turned or mirrored.
func sameSquare(t *testing.T, data []byte, im *Image) {
	t.Helper()
	tolerance := 0
	if Orientation(data) > 1 {
		tolerance = 1
	}
	got, err := Square(data, 0, 16, nil)
	if err != nil {
		t.Fatal(err)
	}
	var f Fitter
	want := f.Fit(im, 16)
	for i, v := range want {
		if d := int(got.Pix[i]) - int(v); len(got.Pix) != len(want) || max(d, -d) > tolerance {
			t.Fatalf("%d x %d, orientation %d: value %d is %d, of the whole image %d", im.W, im.H, Orientation(data), i, got.Pix[i], v)
		}
	}
}

// TestSquare: a file that is read row by row gives the square of the whole image, in every
// orientation; where it is turned by a quarter, one level may differ.
func TestSquare(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 4}, {41, 64}, {200, 133}, {16, 16}} {
		file := encodeJPEG(t, pattern(size[0], size[1]), 90)
		for o := range uint16(9) {
			data := file
			if o > 0 {
				data = withExifJPEG(file, exifBlock(binary.LittleEndian, o))
			}
			sameSquare(t, data, decode(t, data))
		}
	}
	stop := errors.New("stop")
	for after := range 2 {
		calls := 0
		if _, err := Square(encodePNG(t, pattern(300, 300)), 0, 16, func(float64) error {
			if calls++; calls > after*100 {
				return stop
			}
			return nil
		}); !errors.Is(err, stop) {
			t.Errorf("stopped after %d calls: %v", after*100, err)
		}
	}
	if _, err := Square([]byte("text"), 0, 16, nil); err == nil {
		t.Error("a text is an image")
	}
}
