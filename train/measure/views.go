package measure

import (
	"math"

	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/train/dataset"
)

// view is a variant of the crop that inference takes of an image: moved by shares of the
// room on either side of it, -1 to 1, and mirrored or not.
type view struct {
	right, down float64
	mirrored    bool
}

// A child that is not sure of an image classifies only some of its views correctly.
var views = []view{{}, {mirrored: true}, {right: -0.5, down: -0.5}, {right: 0.5, down: 0.5, mirrored: true}}

// EvaluateViews is Evaluate on four views of each image: the mean of the four
// accuracies, which tells children of nearly the same accuracy apart better than one. N
// is the number of images.
func EvaluateViews(c *supernet.Child, s dataset.Subset, spec preprocess.Spec) (Accuracy, error) {
	var sum Accuracy
	for _, v := range views {
		a, err := evaluate(c, s, spec, v, Part{}, nil)
		if err != nil {
			return sum, err
		}
		n := float64(len(views))
		sum = Accuracy{sum.Top1 + a.Top1/n, sum.Top5 + a.Top5/n, a.N}
	}
	return sum, nil
}

// apply is spec.Apply for the view.
func (v view) apply(dst []float32, im *preprocess.Image, spec preprocess.Spec, resolution int) {
	side := spec.Side(im.W, im.H)
	at := func(length int, by float64) int {
		return int(math.Round(float64(length-side) / 2 * (1 + by)))
	}
	if v.right != 0 || v.down != 0 {
		x0, y0 := at(im.W, v.right), at(im.H, v.down)
		part := &preprocess.Image{W: side, H: side, Pix: make([]uint8, 0, 3*side*side)}
		for y := range side {
			from := 3 * ((y0+y)*im.W + x0)
			part.Pix = append(part.Pix, im.Pix[from:from+3*side]...)
		}
		im, spec.Crop = part, 1
	}
	spec.Apply(dst, im, resolution)
	if v.mirrored {
		mirror(dst, resolution)
	}
}

// mirror flips the image x [r, r, 3] horizontally.
func mirror(x []float32, r int) {
	for row := 0; row < len(x); row += 3 * r {
		for a, b := row, row+3*r-3; a < b; a, b = a+3, b-3 {
			for c := range 3 {
				x[a+c], x[b+c] = x[b+c], x[a+c]
			}
		}
	}
}
