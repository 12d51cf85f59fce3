// Package run trains a supernet on a data set, evaluates its children and
// releases the weights: what cmd/train and cmd/evaluate do.
package run

import (
	"fmt"
	"iter"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/config"
	"bignas/train/dataset"
)

// evaluationBatch is how many images run at once where nothing is learnt.
const evaluationBatch = 64

// Accuracy is the share of n images whose class was the child's first answer
// (Top1) or among its first five (Top5), 0 to 1.
type Accuracy struct {
	Top1 float64 `json:"top1"`
	Top5 float64 `json:"top5"`
	N    int     `json:"n"`
}

// Split gives the images that a configuration learns from, those that it leaves
// for a search to choose on, and those that results are quoted on.
func Split(c config.Config, data *dataset.Dataset) (train, search, val dataset.Subset) {
	train, val = data.Split(c.Split, c.ValFraction)
	train, search = train.SearchSplit(c.Split, c.SearchFraction)
	return train, search, val
}

// tensors preprocesses images as inference does, but for the view, and yields
// them in batches [n, r, r, 3] with the index of the first; the slice is reused.
func tensors(s dataset.Subset, spec preprocess.Spec, resolution int, v view) iter.Seq2[int, []float32] {
	return func(yield func(int, []float32) bool) {
		each := resolution * resolution * 3
		buf := make([]float32, evaluationBatch*each)
		for from := 0; from < s.Len(); from += evaluationBatch {
			n := min(evaluationBatch, s.Len()-from)
			kernel.Parallel(n, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					im := &preprocess.Image{W: s.Side(), H: s.Side(), Pix: s.Image(from + i)}
					v.apply(buf[i*each:(i+1)*each], im, spec, resolution)
				}
			})
			if !yield(from, buf[:n*each]) {
				return
			}
		}
	}
}

// Calibrate measures the BN statistics of child a on n training images
// (train.Limit(n)), preprocessed as at inference.
func Calibrate(w *supernet.Weights, a arch.Arch, train dataset.Subset, spec preprocess.Spec, n int) (*supernet.Statistics, error) {
	return trainer.Calibrate(w, a, calibration(train.Limit(n), spec, a.Resolution))
}

// calibration yields images in batches, each with how many they are. Batches are
// normalised by themselves, so that every one has all classes, as in training: in a
// batch of one class what tells classes apart would be taken for the mean.
func calibration(s dataset.Subset, spec preprocess.Spec, resolution int) iter.Seq2[[]float32, int] {
	return func(yield func([]float32, int) bool) {
		for _, x := range tensors(s.Mixed(), spec, resolution, view{}) {
			if !yield(x, len(x)/(resolution*resolution*3)) {
				return
			}
		}
	}
}

// Evaluate runs a child over the images; progress, which may be nil, is
// called with how many are done.
func Evaluate(c *supernet.Child, s dataset.Subset, spec preprocess.Spec, progress func(done int)) (Accuracy, error) {
	return evaluate(c, s, spec, view{}, progress)
}

func evaluate(c *supernet.Child, s dataset.Subset, spec preprocess.Spec, v view, progress func(done int)) (Accuracy, error) {
	if s.Len() == 0 {
		return Accuracy{}, fmt.Errorf("run: no images to evaluate on")
	}
	top1, top5 := 0, 0
	r := c.Arch.Resolution
	for from, x := range tensors(s, spec, r, v) {
		n := len(x) / (r * r * 3)
		logits, err := c.Forward(x, n, nil)
		if err != nil {
			return Accuracy{}, err
		}
		for i := range n {
			row := logits[i*c.Classes : (i+1)*c.Classes]
			above := rank(row, s.Label(from+i))
			if above == 0 {
				top1++
			}
			if above < 5 {
				top5++
			}
		}
		if progress != nil {
			progress(from + n)
		}
	}
	n := float64(s.Len())
	return Accuracy{float64(top1) / n, float64(top5) / n, s.Len()}, nil
}

// rank is how many classes have a greater logit than label, NaN counted as greater.
func rank(logits []float32, label int) int {
	above := 0
	for j, v := range logits {
		if j != label && !(v < logits[label] || v == logits[label] && j > label) {
			above++
		}
	}
	return above
}

// CalibrateAndEvaluate is both, for one child.
func CalibrateAndEvaluate(w *supernet.Weights, a arch.Arch, train, val dataset.Subset, spec preprocess.Spec, images int) (Accuracy, error) {
	st, err := Calibrate(w, a, train, spec, images)
	if err != nil {
		return Accuracy{}, err
	}
	c, err := w.Child(a, st)
	if err != nil {
		return Accuracy{}, err
	}
	return Evaluate(c, val, spec, nil)
}
