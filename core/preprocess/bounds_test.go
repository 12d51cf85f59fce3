package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"bignas/core/fault"
	"bignas/core/preprocess/slowfiles"
)

// TestSlowFilesAreFiles: what the tests of slow images decode is valid, of one tone.
func TestSlowFilesAreFiles(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {37, 50}, {520, 2111}} { // the last has more blocks than one run
		for _, scans := range []int{1, 2, 7} {
			im := decode(t, slowfiles.JPEG(size[0], size[1], scans))
			if im.W != size[0] || im.H != size[1] || im.at(0, 0) != [3]uint8{128, 128, 128} || im.at(im.W-1, im.H-1) != im.at(0, 0) {
				t.Errorf("%v, %d scans: %d x %d, corners %v and %v", size, scans, im.W, im.H, im.at(0, 0), im.at(im.W-1, im.H-1))
			}
		}
	}
}

// TestSlowFilesRefused: few pixels do not make a file quick; what its header and
// markers say of the work is held against a limit before any of it.
func TestSlowFilesRefused(t *testing.T) {
	const limit = 1_000_000
	thin := image.NewGray(image.Rect(0, 0, 1, 70_000))
	for _, c := range []struct {
		name       string
		data       []byte
		says, hint string
	}{
		{"thin", encodePNG(t, thin), "70000 pixels, more than the limit of 65535", "cut"},
		{"scans", slowfiles.JPEG(1000, 1000, 300), "the 300 scans of the JPEG go over 300 million values, more than the limit of 16 million", "not progressive"},
		{"many scans of little", slowfiles.JPEG(100, 100, 2000), "the 2000 scans", "not progressive"},
	} {
		_, err := Decode(c.data, limit)
		var e *fault.Error
		if !errors.As(err, &e) || e.Code != CodeTooBig || !strings.Contains(e.Message, c.says) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %#v, want %q, hint %q", c.name, err, c.says, c.hint)
		}
	}
	for _, scans := range []int{1, 2, 16} { // as many as programs write
		if _, err := Decode(slowfiles.JPEG(1000, 1000, scans), limit); err != nil {
			t.Errorf("%d scans: %v", scans, err)
		}
	}
}

// TestJPEGWork counts the values of colour files: what a scan goes over depends on
// its components and on their sampling, not on how many bytes it has.
func TestJPEGWork(t *testing.T) {
	photo := encodeJPEG(t, pattern(50, 35), 90) // 4:2:0, one scan: 4 x 3 units of 6 blocks
	if scans, values := jpegWork(photo); scans != 1 || values != 64*4*3*6 {
		t.Errorf("a JPEG of 50 x 35: %d scans, %d values", scans, values)
	}
	if scans, values := jpegWork(withExifJPEG(photo, photo[:400])); scans != 1 || values != 64*4*3*6 { // a thumbnail has markers of its own
		t.Errorf("with a thumbnail: %d scans, %d values", scans, values)
	}
	if scans, values := jpegWork(cmykJPEG([4]uint8{}, true)); scans != 1 || values != 64*4 {
		t.Errorf("CMYK: %d scans, %d values", scans, values)
	}
	for cut := range photo {
		jpegWork(photo[:cut]) // does not panic
	}
}

// TestWatch: while an image is read, more and more of it is done; watch ends it at
// any point with its own error, and without watch the result is the same.
func TestWatch(t *testing.T) {
	src := pattern(400, 300)
	flat := image.NewPaletted(image.Rect(0, 0, 300, 200), color.Palette{color.Black, color.White})
	draw.Draw(flat, image.Rect(3, 4, 50, 60), image.NewUniform(color.White), image.Point{}, draw.Src)
	for name, data := range map[string][]byte{"JPEG": encodeJPEG(t, src, 95), "PNG": encodePNG(t, src), "progressive": slowfiles.JPEG(2000, 1000, 5), "palette": encodePNG(t, flat)} {
		var told []float64
		watch := func(done float64) error { told = append(told, done); return nil }
		q, err := someSpec.Open(data, 0, []int{16}, watch)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plain, err := someSpec.Open(data, 0, []int{16}, nil)
		if err != nil || q.W != plain.W || !bytes.Equal(floatBytes(q.parts[0].out), floatBytes(plain.parts[0].out)) {
			t.Errorf("%s: watched, it is another image (%v)", name, err)
		}
		for i := range told {
			if told[i] < 0 || told[i] > 1 || i > 0 && told[i] < told[i-1] {
				t.Fatalf("%s: after %v of it %v are done", name, told[i-1], told[i])
			}
		}
		if last := told[len(told)-1]; len(told) < q.H || told[0] != 0 || last < 0.99 {
			t.Errorf("%s: told %d times, the first time %v, the last time %v", name, len(told), told[0], last)
		}
		stop := errors.New("enough")
		for _, at := range []int{0, 1, 2, len(told) / 2, len(told) - 1} {
			n := -1
			_, err := someSpec.Open(data, 0, []int{16}, func(float64) error {
				if n++; n == at {
					return stop
				}
				return nil
			})
			if err != stop || n != at {
				t.Errorf("%s: stopped at call %d, it ends after call %d with %v", name, at, n, err)
			}
		}
	}
}

// floatBytes tells floats apart to the bit.
func floatBytes(x []float32) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
