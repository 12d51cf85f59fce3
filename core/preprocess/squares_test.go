package preprocess

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"testing"
)

// sameSquares checks Open and ApplySquares against Decode and Apply, bit for bit.
func sameSquares(t *testing.T, s Spec, data []byte, im *Image) {
	t.Helper()
	resolutions := []int{3, 16, 5}
	q, err := s.Open(data, 0, resolutions, nil)
	if err != nil {
		t.Fatal(err)
	}
	if q.W != im.W || q.H != im.H {
		t.Fatalf("the image is %d x %d, Decode says %d x %d", q.W, q.H, im.W, im.H)
	}
	for _, r := range resolutions {
		got, want := make([]float32, 3*r*r), apply(s, im, r)
		s.ApplySquares(got, q, r)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%d x %d at %d: value %d is %v, Apply has %v", im.W, im.H, r, i, got[i], want[i])
			}
		}
	}
}

// TestSquares: an image that was read row by row, without ever being held, gives
// the input of Apply, in every orientation, at odd sizes and crops.
func TestSquares(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 4}, {41, 64}, {200, 133}, {131, 258}} {
		file := encodeJPEG(t, pattern(size[0], size[1]), 90)
		for o := range uint16(9) {
			data := file
			if o > 0 {
				data = withExifJPEG(file, exifBlock(binary.LittleEndian, o))
			}
			for _, crop := range []float64{1, 0.875, 0.51} {
				s := someSpec
				s.Crop = crop
				sameSquares(t, s, data, decode(t, data))
			}
		}
	}
}

// TestSquaresOfOthers: what the image was not opened for is refused.
func TestSquaresOfOthers(t *testing.T) {
	q, err := someSpec.Open(encodePNG(t, pattern(300, 300)), 0, []int{16}, nil)
	if err != nil {
		t.Fatal(err)
	}
	other := someSpec
	other.Crop = 0.5
	for name, f := range map[string]func(){
		"resolution": func() { someSpec.ApplySquares(make([]float32, 3*64*64), q, 64) },
		"crop":       func() { other.ApplySquares(make([]float32, 3*16*16), q, 16) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("another %s is accepted", name)
				}
			}()
			f()
		}()
	}
}

// TestSquaresAreSmall: a photograph of 12 megapixels needs what its decoder needs,
// 1.5 bytes a pixel, and little more.
func TestSquaresAreSmall(t *testing.T) {
	im := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range im.Y {
		im.Y[i] = uint8(i / 4000)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	r := testing.Benchmark(func(tb *testing.B) {
		tb.ReportAllocs()
		for tb.Loop() {
			if _, err := someSpec.Open(b.Bytes(), 0, []int{96, 128, 160, 192}, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got := r.AllocedBytesPerOp(); got > 28e6 {
		t.Errorf("opening it takes %.1f MB", float64(got)/1e6)
	}
}
