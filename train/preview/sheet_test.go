package preview

import (
	"image/color"
	"testing"

	"bignas/core/preprocess"
	"bignas/train/augment"
)

// TestSheet: every image stands in its place with its own colours, and the
// captions say what it is made of.
func TestSheet(t *testing.T) {
	const side = 100
	spec := preprocess.Spec{Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.2, 0.3, 0.4}}
	colours := []color.RGBA{{255, 0, 0, 255}, {0, 200, 0, 255}, {10, 20, 30, 255}}
	b := &augment.Batch{N: 3, Side: side, Labels: []int{0, 1, 1}, Mixed: []int{1, 0, 1}, Weight: []float32{0.75, 0.5, 1}}
	for _, c := range colours {
		for range side * side {
			for k, v := range []uint8{c.R, c.G, c.B} {
				b.Images = append(b.Images, (float32(v)/255-spec.Mean[k])/spec.Std[k])
			}
		}
	}
	sheet := Sheet([]*augment.Batch{b}, []string{"cat", "dog"}, spec, 2)
	wide, high := side+gap, side+caption+gap
	if size := sheet.Bounds().Size(); size.X != 2*wide+gap || size.Y != 2*high+gap {
		t.Errorf("the sheet is %v", size)
	}
	for i, c := range colours {
		x, y := gap+i%2*wide, gap+i/2*high
		if got := sheet.RGBAAt(x, y); got != c {
			t.Errorf("image %d begins with %v, want %v", i, got, c)
		}
		if got := sheet.RGBAAt(x+side-1, y+side-1); got != c {
			t.Errorf("image %d ends with %v, want %v", i, got, c)
		}
		ink := 0
		for p := range wide * caption {
			if sheet.RGBAAt(x+p%wide, y+side+p/wide) == (color.RGBA{0, 0, 0, 255}) {
				ink++
			}
		}
		if ink < 20 {
			t.Errorf("image %d has no caption", i)
		}
	}
	for i, want := range [][2]string{{"75 % cat", "25 % dog"}, {"50 % dog", "50 % cat"}, {"dog", ""}} {
		if own, other := Caption(b, i, []string{"cat", "dog"}); own != want[0] || other != want[1] {
			t.Errorf("image %d: %q and %q, want %v", i, own, other, want)
		}
	}
}
