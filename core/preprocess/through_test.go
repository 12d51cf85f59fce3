package preprocess

import (
	"math"
	"strings"
	"testing"

	"bignas/core/plainjson"
)

// TestInterpolate: numbers of torch 1.13.1, interpolate(x, size, mode="bicubic",
// align_corners=False) of x = arange(n*n)**2 % 11 as n x n in float64.
func TestInterpolate(t *testing.T) {
	golden := []struct {
		from, to int
		first    []float64
		last     float64
	}{
		{5, 8, []float64{-0.3799561, -0.0585376, 0.9990267, 2.4937999, 5.9354604, 8.9164396, 7.1834155, 4.7301148, 1.3904981, 1.5166458, 2.2476170, 3.4953349}, 3.8057128},
		{8, 5, []float64{2.4890496, 2.6907940, 5.2228047, 3.5382501, 5.2432689, 3.1911278, 4.2519353, 6.8041250, 0.7710210, 0.8539835}, 5.4312424},
		{16, 16, []float64{0.0000000, 1.0000000, 4.0000000, 9.0000000, 5.0000000, 3.0000000, 3.0000000, 5.0000000, 9.0000000, 4.0000000, 1.0000000, 0.0000000}, 4.0000000},
		{9, 31, []float64{-0.6029400, -0.5041944, -0.2537519, -0.0282166, 0.4301527, 1.3234420, 2.0691572, 2.8711413, 4.2349183, 6.2654870, 8.2358609, 9.5956505}, 10.3043814},
		{24, 7, []float64{8.2691209, 4.5458680, -0.1391850, 7.1821047, 4.0319543, 1.4156725, 3.9398453, 0.2305087, 6.0095207, 4.3248345, 2.5166243, 6.7648486}, 0.7650205},
	}
	for _, g := range golden {
		x := make([]float32, g.from*g.from)
		for i := range x {
			x[i] = float32(i * i % 11)
		}
		y := make([]float32, g.to*g.to)
		interpolator(g.from, g.to).Resize(y, x, 1, 1)
		for i, want := range g.first {
			if math.Abs(float64(y[i])-want) > 1e-5 {
				t.Errorf("%d to %d: value %d is %v, want %v", g.from, g.to, i, y[i], want)
			}
		}
		if got := float64(y[len(y)-1]); math.Abs(got-g.last) > 1e-5 {
			t.Errorf("%d to %d: the last value is %v, want %v", g.from, g.to, got, g.last)
		}
	}
	ramp, y := make([]float32, 16), make([]float32, 9)
	for i := range ramp {
		ramp[i] = float32(i)
	}
	interpolator(4, 3).Resize(y, ramp, 1, 1)
	for i, want := range []float64{0.6308, 2.0046, 3.3785} {
		if math.Abs(float64(y[i])-want) > 5e-5 {
			t.Errorf("4 to 3: value %d of the ramp is %v, want %v", i, y[i], want)
		}
	}
}

// TestThrough: the crop is shrunk and normalised at one size, whatever the resolution,
// and files say so only where it is so.
func TestThrough(t *testing.T) {
	s := Spec{Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.2, 0.3, 0.4}, Crop: 0.5, Filter: CatmullRom}
	im := &Image{W: 90, H: 80, Pix: make([]uint8, 3*90*80)}
	for i := range im.Pix {
		im.Pix[i] = uint8(i * 7 % 251)
	}
	plain := make([]float32, 3*32*32)
	s.Apply(plain, im, 32)
	before, err := plainjson.Append(nil, s.Record())
	if err != nil || strings.Contains(string(before), "through") {
		t.Errorf("%s, %v", before, err)
	}
	s.Through = 32
	for _, r := range []int{32, 24, 48} {
		got, want := make([]float32, 3*r*r), plain
		if r != 32 {
			want = make([]float32, 3*r*r)
			interpolator(32, r).Resize(want, plain, 1, 3)
		}
		s.Apply(got, im, r)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("resolution %d: value %d is %v, want %v", r, i, got[i], want[i])
			}
		}
	}
	text, err := plainjson.Append(nil, s.Record())
	if err != nil {
		t.Fatal(err)
	}
	v, err := plainjson.Parse(text)
	var again Spec
	if err != nil || again.Fill(v) != nil || again != s {
		t.Errorf("%s is read as %+v, %v", text, again, err)
	}
	for _, through := range []int{-1, 15, 1025} {
		s.Through = through
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "through is") {
			t.Errorf("through %d: %v", through, err)
		}
	}
}
