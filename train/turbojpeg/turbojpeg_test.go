package turbojpeg

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"bignas/core/preprocess"
)

// scene is an image with smooth parts, edges and colour.
func scene(w, h int) image.Image {
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := float64(i%w), float64(i/w)
		r, g, b := 128+90*math.Sin(x/17), 128+90*math.Cos(y/23+x/31), 128+60*math.Sin((x+y)/41)
		if math.Hypot(x-float64(w)/3, y-float64(h)/2) < float64(h)/5 {
			r, g = 255-r, 40
		}
		im.Set(i%w, i/w, color.RGBA{uint8(r), uint8(g), uint8(b), 255})
	}
	return im
}

func encode(t *testing.T, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load(t *testing.T) *Library {
	l, err := Load()
	if err != nil {
		t.Skip(err)
	}
	return l
}

// TestCloseToGo: at full size hardly a byte differs by more than the roundings of
// the transform and of the colours.
func TestCloseToGo(t *testing.T) {
	decode := load(t).New()
	for _, c := range []struct {
		name string
		data []byte
	}{{"colour", encode(t, scene(500, 375))}, {"odd sides", encode(t, scene(333, 251))}, {"grey", encode(t, image.NewGray(image.Rect(0, 0, 40, 30)))}} {
		want, err := preprocess.Decode(c.data, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(c.data, 300, 0)
		if err != nil || got.W != want.W || got.H != want.H {
			t.Fatalf("%s: %v", c.name, err)
		}
		worst, sum := 0.0, 0.0
		for i, v := range got.Pix {
			d := math.Abs(float64(v) - float64(want.Pix[i]))
			worst, sum = max(worst, d), sum+d
		}
		mean := sum / float64(len(got.Pix))
		t.Logf("%s: mean difference %.3f levels, worst %.0f", c.name, mean, worst)
		if mean > 0.5 || worst > 6 {
			t.Errorf("%s: differs by %.3f levels in the mean, %.0f at worst", c.name, mean, worst)
		}
	}
}

// TestBigImagesDecodeSmaller: the size that comes back, and that its pixels are
// the means of the full image's blocks.
func TestBigImagesDecodeSmaller(t *testing.T) {
	decode := load(t).New()
	data := encode(t, scene(1600, 1200))
	full, err := preprocess.Decode(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ side, w, h int }{{1000, 1600, 1200}, {401, 1600, 1200}, {400, 800, 600}, {200, 400, 300}, {100, 200, 150}, {10, 200, 150}} {
		im, err := decode(data, c.side, 0)
		if err != nil || im.W != c.w || im.H != c.h {
			t.Fatalf("side %d: %v, got %d x %d, want %d x %d", c.side, err, im.W, im.H, c.w, c.h)
		}
		n := 1600 / c.w
		sum := 0.0
		for i, v := range im.Pix {
			x, y, k := i/3%c.w, i/3/c.w, i%3
			block := 0
			for j := range n * n {
				block += int(full.Pix[3*((y*n+j/n)*1600+x*n+j%n)+k])
			}
			sum += math.Abs(float64(v) - float64(block)/float64(n*n))
		}
		if mean := sum / float64(len(im.Pix)); mean > 1 {
			t.Errorf("1/%d: differs by %.2f levels from the means of blocks", n, mean)
		}
	}
}

// TestSmallerIsCloseAfterResizing: what is stored hardly depends on whether the
// image was decoded smaller.
func TestSmallerIsCloseAfterResizing(t *testing.T) {
	decode := load(t).New()
	data := encode(t, scene(1600, 1200))
	square := func(side, to int) []float32 {
		im, err := decode(data, side, 0)
		if err != nil {
			t.Fatal(err)
		}
		crop, left := make([]float32, 0, 3*im.H*im.H), (im.W-im.H)/2
		for y := range im.H {
			for _, v := range im.Pix[3*(y*im.W+left) : 3*(y*im.W+left+im.H)] {
				crop = append(crop, float32(v))
			}
		}
		out := make([]float32, 3*to*to)
		preprocess.NewResampler(im.H, to).Resize(out, crop, 1, 3)
		return out
	}
	for _, side := range []int{400, 224, 200, 100} {
		whole, smaller := square(1200, side), square(side, side)
		sum, squares := 0.0, 0.0
		for i, v := range whole {
			d := math.Abs(float64(v - smaller[i]))
			sum, squares = sum+d, squares+d*d
		}
		n := float64(len(whole))
		mean, psnr := sum/n, 10*math.Log10(255*255/(squares/n))
		t.Logf("side %d: mean difference %.2f levels, PSNR %.1f dB", side, mean, psnr)
		if mean > 1 || psnr < 38 {
			t.Errorf("side %d: differs by %.2f levels in the mean, PSNR %.1f dB", side, mean, psnr)
		}
	}
}

// TestGoDecides about what is refused.
func TestGoDecides(t *testing.T) {
	decode := load(t).New()
	whole := encode(t, scene(200, 200))
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("no image"), "cut off": whole[:len(whole)/2], "head only": whole[:20]} {
		_, want := preprocess.Decode(data, 0)
		_, err := decode(data, 100, 0)
		if want == nil || err == nil || err.Error() != want.Error() {
			t.Errorf("%s: %v, Go says %v", name, err, want)
		}
	}
	if _, err := decode(whole, 100, 39_999); err == nil {
		t.Error("an image beyond the limit of pixels was decoded")
	}
}

func BenchmarkDecode500x375(b *testing.B) {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, scene(500, 375), &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	b.Run("go", func(b *testing.B) {
		for b.Loop() {
			if _, err := preprocess.Decode(buf.Bytes(), 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	if l, err := Load(); err == nil {
		decode := l.New()
		b.Run("turbo", func(b *testing.B) {
			for b.Loop() {
				if _, err := decode(buf.Bytes(), 224, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
