package main

import (
	"math"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/train/export"
)

// imageSet is the images for both sides.
type imageSet struct {
	n     int
	of    func(i, side int) *preprocess.Image
	label func(i int) int // nil where labels are not known
}

// images returns the images of the flags: of a split, of files, or drawn ones.
func (f *checkFlags) images(s *shared) (imageSet, error) {
	switch {
	case f.Limit < 0:
		return imageSet{}, fault.New("bad_flag", "", "--limit is %d, allowed is 1 or more", f.Limit)
	case f.Data != "":
		on := s.val
		if f.Split == "train" {
			on = s.train
		}
		on = on.Limit(f.Limit)
		if on.Len() == 0 {
			return imageSet{}, fault.New("no_images", "choose the other half with --split", "%s has no %s images", f.Data, f.Split)
		}
		return imageSet{on.Len(), func(i, _ int) *preprocess.Image {
			return &preprocess.Image{W: on.Side(), H: on.Side(), Pix: on.Image(i)}
		}, on.Label}, nil
	case len(f.Photos) > 0:
		var all []*preprocess.Image
		for _, photo := range f.Photos {
			data, err := cli.ReadFile(photo, nil)
			if err != nil {
				return imageSet{}, err
			}
			im, err := preprocess.Decode(data, preprocess.DefaultMaxPixels)
			if err != nil {
				return imageSet{}, fault.In(photo, err)
			}
			all = append(all, im)
		}
		return imageSet{n: len(all), of: func(i, _ int) *preprocess.Image { return all[i] }}, nil
	}
	bySide := map[int][]*preprocess.Image{}
	return imageSet{n: drawn, of: func(i, side int) *preprocess.Image {
		if bySide[side] == nil {
			bySide[side] = export.Images(drawn, side)
		}
		return bySide[side][i]
	}}, nil
}

// shrunk returns the image as input of a graph that normalises: cropped, resized and rounded to bytes.
func shrunk(im *preprocess.Image, side int, spec preprocess.Spec) *preprocess.Image {
	plain := spec
	plain.Mean, plain.Std = [3]float32{}, [3]float32{1, 1, 1}
	x := make([]float32, 3*side*side)
	plain.Apply(x, im, side)
	out := &preprocess.Image{W: side, H: side, Pix: make([]uint8, len(x))}
	for i, v := range x {
		out.Pix[i] = uint8(math.Round(float64(min(max(v, 0), 1)) * 255))
	}
	return out
}
