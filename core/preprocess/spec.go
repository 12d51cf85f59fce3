package preprocess

import (
	"errors"
	"math"

	"bignas/core/fault"
	"bignas/core/plainjson"
)

// The filters, widened by the ratio for a smaller output: the cubic with a = -0.5 (Keys 1981), as
// Pillow's BICUBIC, and a triangle, as Pillow's BILINEAR.
const (
	CatmullRom = "catmull-rom"
	Bilinear   = "bilinear"
)

// Spec says how pixels become the input of a child. It is stored with the weights, which were
// trained with it, and nowhere else.
type Spec struct {
	Mean   [3]float32 `json:"mean"`   // of R, G, B in 0..1, subtracted
	Std    [3]float32 `json:"std"`    // of R, G, B in 0..1, divided by
	Crop   float64    `json:"crop"`   // share of the short side that the centre crop keeps, in (0, 1]
	Filter string     `json:"filter"` // CatmullRom or Bilinear

	// Through, where not 0, is the side of a square that the crop is brought to and
	// normalised at first; that is then interpolated to the resolution, as AttentiveNAS
	// and AlphaNet do.
	Through int `json:"through,omitempty"`
}

// Record returns s as JSON.
func (s Spec) Record() plainjson.Record {
	three := func(v [3]float32) plainjson.List { return plainjson.List{v[0], v[1], v[2]} }
	r := plainjson.Record{plainjson.Member("mean", three(s.Mean)), plainjson.Member("std", three(s.Std)), plainjson.Member("crop", s.Crop), plainjson.Member("filter", s.Filter)}
	if s.Through != 0 {
		r = append(r, plainjson.Member("through", s.Through))
	}
	return r
}

// Fill reads what Record writes. The error names the field. Validate checks the values.
func (s *Spec) Fill(v plainjson.Value) error {
	three := func(to *[3]float32) func(plainjson.Value) error {
		return func(v plainjson.Value) error {
			values, err := v.Floats()
			if err == nil && len(values) != 3 {
				err = errors.New("three numbers are expected")
			}
			for i := range min(3, len(values)) {
				to[i] = float32(values[i])
			}
			return err
		}
	}
	return v.Fill(false, plainjson.Member("mean", three(&s.Mean)), plainjson.Member("std", three(&s.Std)),
		plainjson.Member("crop", &s.Crop), plainjson.Member("filter", &s.Filter), plainjson.Member("through", &s.Through))
}

// Codes of the errors of Spec.Validate.
const CodeBadSpec = "bad_preprocessing"

// Validate returns an error where s cannot be applied, with the field, the value and what is
// allowed.
func (s Spec) Validate() error {
	const hint = "the weights file is wrong: export it again"
	for c := range 3 {
		// the negated comparison also catches NaN
		if v := s.Mean[c]; !(v >= -1 && v <= 2) {
			return fault.New(CodeBadSpec, hint, "preprocessing mean[%d] is %v, allowed is -1 to 2", c, v)
		}
		if v := s.Std[c]; !(v >= 1e-3 && v <= 1e3) {
			return fault.New(CodeBadSpec, hint, "preprocessing std[%d] is %v, allowed is 0.001 to 1000", c, v)
		}
	}
	if !(s.Crop > 0 && s.Crop <= 1) {
		return fault.New(CodeBadSpec, hint, "preprocessing crop is %v, allowed is above 0 to 1", s.Crop)
	}
	if s.Filter != CatmullRom && s.Filter != Bilinear {
		return fault.New(CodeBadSpec, hint, "preprocessing filter is %q, allowed are %q and %q", s.Filter, CatmullRom, Bilinear)
	}
	if s.Through != 0 && (s.Through < LeastThrough || s.Through > mostThrough) {
		return fault.New(CodeBadSpec, hint, "preprocessing through is %d, allowed is 0 and %d to %d", s.Through, LeastThrough, mostThrough)
	}
	return nil
}

// Apply writes the input of a child for im: the centre crop, resized to resolution x resolution
// and normalised, in HWC order, to dst[resolution*resolution*3]. The result has the same bits on
// amd64 and on wasm. Apply panics for a dst of the wrong length or an empty image.
//
// A crop of at least four times the resolution is first averaged over k x k boxes
// with k = floor(crop/resolution/2), so that the filter still shrinks by 2 to 4
// (Pillow's reducing_gap = 2.0: nearly the result of the filter alone, at a
// fraction of its time).
func (s Spec) Apply(dst []float32, im *Image, resolution int) {
	if resolution < 1 || len(dst) != 3*resolution*resolution {
		panic("preprocess: dst is not resolution x resolution x 3")
	}
	if im.W < 1 || im.H < 1 || len(im.Pix) != 3*im.W*im.H {
		panic("preprocess: empty or inconsistent image")
	}
	side, k := s.square(im.W, im.H, resolution)
	x0, y0, boxes := (im.W-side)/2, (im.H-side)/2, newBoxes(side, k)
	for y := range side {
		at := 3 * ((y0+y)*im.W + x0)
		boxes.add(im.Pix[at : at+3*side])
	}
	s.filter(dst, boxes.out, side/k, resolution)
}

// Side returns the side of the centre crop of a w x h image, in pixels.
func (s Spec) Side(w, h int) int {
	short := min(w, h)
	return min(max(1, int(math.Round(float64(short)*s.Crop))), short)
}

// square returns the side of the crop that is filtered, and the side k of the boxes, which
// divides it.
func (s Spec) square(w, h, resolution int) (side, k int) {
	if s.Through != 0 {
		resolution = s.Through
	}
	side = s.Side(w, h)
	k = max(1, side/(2*resolution))
	return side - side%k, k // at most k-1 < side/(2*resolution) pixels less, below half a pixel of the result
}

// filter shrinks the n x n square to the resolution and normalises it.
func (s Spec) filter(dst, square []float32, n, resolution int) {
	if s.Through != 0 {
		s.through(dst, square, n, resolution)
		return
	}
	if n == resolution {
		copy(dst, square)
	} else {
		newResampler(resampling{n, resolution, s.Filter}).Resize(dst, square, 1, 3)
	}
	s.normalise(dst)
}

// normalise maps 0..255 to (v/255 - mean) / std in place. The conversions prevent a fused
// multiply-add, which would compute other bits.
func (s Spec) normalise(x []float32) {
	const unit = 1.0 / 255
	var inverse [3]float32
	for c := range 3 {
		inverse[c] = 1 / s.Std[c]
	}
	if rows != nil {
		rows.Normalise(x, unit, &s.Mean, &inverse)
		return
	}
	for i := 0; i+3 <= len(x); i += 3 {
		p := x[i : i+3 : i+3]
		p[0] = (float32(p[0]*unit) - s.Mean[0]) * inverse[0]
		p[1] = (float32(p[1]*unit) - s.Mean[1]) * inverse[1]
		p[2] = (float32(p[2]*unit) - s.Mean[2]) * inverse[2]
	}
}
