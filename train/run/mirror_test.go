package run

import (
	"slices"
	"testing"
)

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
