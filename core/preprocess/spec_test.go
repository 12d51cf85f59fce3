package preprocess

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"testing"

	"bignas/core/fault"
)

var someSpec = Spec{Mean: [3]float32{0.46, 0.45, 0.42}, Std: [3]float32{0.28, 0.27, 0.3}, Crop: 0.875, Filter: CatmullRom}

func apply(s Spec, im *Image, r int) []float32 {
	dst := make([]float32, 3*r*r)
	s.Apply(dst, im, r)
	return dst
}

// fromFunc draws an image of floats that are rounded to 8 bits.
func fromFunc(w, h int, f func(x, y, c int) float64) *Image {
	im := &Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
	for i := range im.Pix {
		im.Pix[i] = uint8(math.Round(f(i/3%w, i/3/w, i%3)))
	}
	return im
}

// slow is Apply in float64 without the box shrink: at every output pixel, the
// sum over the whole crop of filter weights.
func slow(s Spec, im *Image, r int) []float64 {
	side := int(math.Round(float64(min(im.W, im.H)) * s.Crop))
	x0, y0 := (im.W-side)/2, (im.H-side)/2
	ratio := float64(side) / float64(r)
	stretch := max(1, ratio)
	weights := make([][]float64, r)
	for i := range weights {
		weights[i] = make([]float64, side)
		var sum float64
		for j := range weights[i] {
			weights[i][j] = catmullRom((float64(j) + 0.5 - (float64(i)+0.5)*ratio) / stretch)
			sum += weights[i][j]
		}
		for j := range weights[i] {
			weights[i][j] /= sum
		}
	}
	out := make([]float64, 3*r*r)
	for i := range out {
		c, x, y := i%3, i/3%r, i/3/r
		var v float64
		for sy, wy := range weights[y] {
			if wy == 0 {
				continue
			}
			for sx, wx := range weights[x] {
				v += wy * wx * float64(im.Pix[3*((y0+sy)*im.W+x0+sx)+c])
			}
		}
		out[i] = (v/255 - float64(s.Mean[c])) / float64(s.Std[c])
	}
	return out
}

func worst(got []float32, want []float64) float64 {
	var d float64
	for i, v := range got {
		d = max(d, math.Abs(float64(v)-want[i]))
	}
	return d
}

// Without a box shrink Apply is the filter, up to float32; with one it stays
// within two of 255 levels of it on an image of moderate detail.
func TestApplyAgainstSlow(t *testing.T) {
	draw := func(x, y, c int) float64 {
		fx, fy := float64(x), float64(y)
		return 127 + 60*math.Sin(fx/19+float64(c)) + 60*math.Cos(fy/17+fx/23)
	}
	const level = 1.0 / 255 / 0.27
	for _, c := range []struct {
		w, h, r   int
		crop, tol float64
	}{
		{40, 31, 24, 0.875, 1e-5}, // shrinks a little
		{20, 33, 32, 1, 1e-5},     // enlarges
		{96, 70, 32, 0.9, 1e-5},   // shrinks by nearly 2
		{130, 127, 32, 1, 1e-5},   // by 3.97: still the filter alone
		// Boxes of 4 and of 8, sides that they divide, so that the crop is the same.
		{300, 288, 36, 1, 2 * level},
		{512, 600, 32, 1, 2 * level},
	} {
		s := someSpec
		s.Crop = c.crop
		im := fromFunc(c.w, c.h, draw)
		if d := worst(apply(s, im, c.r), slow(s, im, c.r)); d > c.tol {
			t.Errorf("%d x %d to %d: differs by %g, allowed %g", c.w, c.h, c.r, d, c.tol)
		}
	}
}

// At the same size Apply only normalises.
func TestApplyIdentity(t *testing.T) {
	s := someSpec
	s.Crop = 1
	im := fromFunc(16, 16, func(x, y, c int) float64 { return float64((x*31 + y*17 + c*101) % 256) })
	for i, v := range apply(s, im, 16) {
		want := (float64(im.Pix[i])/255 - float64(s.Mean[i%3])) / float64(s.Std[i%3])
		if math.Abs(float64(v)-want) > 1e-6 {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
}

// The crop is the centre: what lies outside has no influence, what lies inside has.
func TestApplyCrop(t *testing.T) {
	s := someSpec
	s.Crop = 0.5
	im := fromFunc(60, 40, func(x, y, c int) float64 { return 100 })
	want := apply(s, im, 10)
	for y := range 40 {
		for x := range 60 {
			if x < 20 || x >= 40 || y < 10 || y >= 30 {
				im.Pix[3*(y*60+x)] = 255
			}
		}
	}
	for i, v := range apply(s, im, 10) {
		if v != want[i] {
			t.Fatalf("a pixel outside the crop changes value %d", i)
		}
	}
	im.Pix[3*(10*60+20)] = 255
	if got := apply(s, im, 10); got[0] == want[0] {
		t.Error("the corner of the crop has no influence")
	}
}

// Tiny and thin images work and stay finite; wrong buffers panic.
func TestApplyExtremes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 500}, {500, 2}, {3, 3}} {
		im := fromFunc(size[0], size[1], func(x, y, c int) float64 { return 200 })
		for _, v := range apply(someSpec, im, 8) {
			want := (200.0/255 - 0.46) / 0.28
			if !(math.Abs(float64(v)-want) < 0.4) {
				t.Fatalf("%v: %v", size, v)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a dst that is too short does not panic")
		}
	}()
	someSpec.Apply(make([]float32, 3), &Image{W: 1, H: 1, Pix: make([]uint8, 3)}, 2)
}

// The bits are the same natively and under wasm: the digests are fixed here. The
// compilers of other processors fuse the float64 arithmetic of the filter's
// weights; there, the slow reference has to do.
func TestApplyGolden(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "wasm" {
		t.Skip("exact on amd64 and wasm only")
	}
	im := fromFunc(333, 257, func(x, y, c int) float64 { return float64((x*x + 3*y*y + 7*x*y + c*50) % 251) })
	for r, want := range map[int]string{
		320: "74d12b3e22166c05", // enlarges
		96:  "4cda9928a6c9ea3e", // the filter alone
		48:  "0d7bc61975c36453", // boxes of 2
	} {
		h := sha256.New()
		binary.Write(h, binary.LittleEndian, apply(someSpec, im, r))
		if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want {
			t.Errorf("resolution %d: digest %s, want %s", r, got, want)
		}
	}
}

func TestSpecValidate(t *testing.T) {
	text, _ := json.Marshal(someSpec)
	var back Spec
	if err := json.Unmarshal(text, &back); err != nil || back != someSpec || back.Validate() != nil {
		t.Fatalf("%s gives %+v, %v, %v", text, back, err, back.Validate())
	}
	for says, change := range map[string]func(*Spec){
		`crop is 0, allowed is above 0 to 1`:    func(s *Spec) { s.Crop = 0 },
		`crop is 1.5`:                           func(s *Spec) { s.Crop = 1.5 },
		`crop is NaN`:                           func(s *Spec) { s.Crop = math.NaN() },
		`std[1] is 0, allowed is 0.001 to 1000`: func(s *Spec) { s.Std[1] = 0 },
		`mean[2] is 127, allowed is -1 to 2`:    func(s *Spec) { s.Mean[2] = 127 },
		`filter is "lanczos", allowed are "catmull-rom" and "bilinear"`: func(s *Spec) { s.Filter = "lanczos" },
	} {
		s := someSpec
		change(&s)
		if err := s.Validate(); err == nil || fault.Of(err).Code != CodeBadSpec || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func BenchmarkDecode12MP(b *testing.B) {
	data := encodeJPEG(b, pattern(4000, 3000), 90)
	b.SetBytes(12_000_000)
	for b.Loop() {
		im, err := Decode(data, 0)
		if err != nil {
			b.Fatal(err)
		}
		apply(someSpec, im, 160)
	}
}

func BenchmarkApply12MP(b *testing.B) {
	im := &Image{W: 4000, H: 3000, Pix: make([]uint8, 36_000_000)}
	for b.Loop() {
		apply(someSpec, im, 160)
	}
}
