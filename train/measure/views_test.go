package measure

import (
	"slices"
	"testing"

	"bignas/core/preprocess"
)

// TestViews: a view is the crop at another place: the same as that place in the
// middle of a smaller image; without room all views are whole images.
func TestViews(t *testing.T) {
	const side, crop = 40, 32 // 4 pixels of room on either side
	im := &preprocess.Image{W: side, H: side, Pix: make([]uint8, 3*side*side)}
	for i := range im.Pix {
		im.Pix[i] = uint8(i * 7 % 251)
	}
	spec := preprocess.Spec{Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.2, 0.3, 0.4}, Crop: float64(crop) / side, Filter: preprocess.CatmullRom}
	got, want := make([]float32, 3*16*16), make([]float32, 3*16*16)
	view{right: -0.5, down: 0.5}.apply(got, im, spec, 16)
	part := &preprocess.Image{W: crop, H: crop}
	for y := range crop {
		part.Pix = append(part.Pix, im.Pix[3*((6+y)*side+2):][:3*crop]...)
	}
	whole := spec
	whole.Crop = 1
	whole.Apply(want, part, 16)
	if !slices.Equal(got, want) {
		t.Error("a moved view is not the crop two pixels to the left and two down")
	}
	spec.Apply(want, im, 16)
	view{}.apply(got, im, spec, 16)
	if !slices.Equal(got, want) {
		t.Error("the plain view is not what inference sees")
	}
	whole.Apply(want, im, 16)
	view{right: 0.5, down: 0.5}.apply(got, im, whole, 16)
	if !slices.Equal(got, want) {
		t.Error("without room a view is another")
	}
}

// TestMirror: columns change places, colours do not.
func TestMirror(t *testing.T) {
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, // one image of 3 x 3
		11, 12, 13, 14, 15, 16, 17, 18, 19,
		21, 22, 23, 24, 25, 26, 27, 28, 29}
	want := []float32{7, 8, 9, 4, 5, 6, 1, 2, 3,
		17, 18, 19, 14, 15, 16, 11, 12, 13,
		27, 28, 29, 24, 25, 26, 21, 22, 23}
	mirror(x, 3)
	if !slices.Equal(x, want) {
		t.Errorf("mirrored %v, want %v", x, want)
	}
}
