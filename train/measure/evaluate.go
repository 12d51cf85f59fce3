package measure

import (
	"fmt"
	"iter"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/kernel"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/dataset"
)

// Batch is how many images run at once.
const Batch = 64

// Accuracy is the share of N images whose class is a child's first answer (Top1) or
// among its first five (Top5), 0 to 1.
type Accuracy struct {
	Top1 float64 `json:"top1"`
	Top5 float64 `json:"top5"`
	N    int     `json:"n"`
}

// Inputs yields images as input of a child: batches [n, r, r, 3] of the images 0 to images-1, each with the index of its
// first image. apply writes image i, [r, r, 3]; it is called for several at once. The slice is reused.
func Inputs(images, resolution, batch int, apply func(dst []float32, i int)) iter.Seq2[int, []float32] {
	return func(yield func(int, []float32) bool) {
		each := resolution * resolution * 3
		buf := make([]float32, batch*each)
		for from := 0; from < images; from += batch {
			n := min(batch, images-from)
			kernel.Parallel(n, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					apply(buf[i*each:(i+1)*each], from+i)
				}
			})
			if !yield(from, buf[:n*each]) {
				return
			}
		}
	}
}

// tensors preprocesses a view of each image of a part as inference does.
func tensors(s dataset.Subset, spec preprocess.Spec, resolution int, v view, batch int, part Part) iter.Seq2[int, []float32] {
	return Inputs(part.images(s.Len(), batch), resolution, batch, func(dst []float32, i int) {
		v.apply(dst, &preprocess.Image{W: s.Side(), H: s.Side(), Pix: s.Image(part.index(i, batch))}, spec, resolution)
	})
}

// Calibrate measures the BN statistics of child a on n training images, preprocessed as
// for inference.
func Calibrate(w *supernet.Weights, a arch.Arch, train dataset.Subset, spec preprocess.Spec, n int) (*supernet.Statistics, error) {
	return calibrate(w, a, train, spec, n, Part{})
}

func calibrate(w *supernet.Weights, a arch.Arch, train dataset.Subset, spec preprocess.Spec, n int, part Part) (*supernet.Statistics, error) {
	batches := batches(train.Limit(n), spec, a, part)
	if part.Size > 1 {
		return trainer.CalibrateTogether(w, a, batches, part.Sum)
	}
	return trainer.Calibrate(w, a, batches)
}

// mostKept is the memory, in bytes, that the activations of a batch may take while a
// child is calibrated, which keeps all of them.
const mostKept = 4 << 30

// calibrationBatch is Batch, or fewer images where the activations of the child would
// take too much memory: before and after each normalisation, in float32.
func calibrationBatch(a arch.Arch) int {
	return min(Batch, max(8, int(mostKept/(2*4*cost.Of(a).Activations))))
}

// Batches yields images as trainer.Calibrate takes them for a: in batches, each with its
// number of images. A batch is normalised by itself, so that each has images of all
// classes, as in training: in a batch of one class what tells classes apart would be
// taken for the mean.
func Batches(s dataset.Subset, spec preprocess.Spec, a arch.Arch) iter.Seq2[[]float32, int] {
	return batches(s, spec, a, Part{})
}

// batches is a part of Batches.
func batches(s dataset.Subset, spec preprocess.Spec, a arch.Arch, part Part) iter.Seq2[[]float32, int] {
	return func(yield func([]float32, int) bool) {
		for _, x := range tensors(s.Mixed(), spec, a.Resolution, view{}, calibrationBatch(a), part) {
			if !yield(x, len(x)/(a.Resolution*a.Resolution*3)) {
				return
			}
		}
	}
}

// Evaluate runs a child over the images. progress, where not nil, is called with the
// number of images done.
func Evaluate(c *supernet.Child, s dataset.Subset, spec preprocess.Spec, progress func(done int)) (Accuracy, error) {
	return evaluate(c, s, spec, view{}, Part{}, progress)
}

func evaluate(c *supernet.Child, s dataset.Subset, spec preprocess.Spec, v view, part Part, progress func(done int)) (Accuracy, error) {
	if s.Len() == 0 {
		return Accuracy{}, fmt.Errorf("measure: no images to evaluate on")
	}
	top1, top5 := 0, 0
	r := c.Arch.Resolution
	for from, x := range tensors(s, spec, r, v, Batch, part) {
		n := len(x) / (r * r * 3)
		logits, err := c.Forward(x, n, nil)
		if err != nil {
			return Accuracy{}, err
		}
		for i := range n {
			row := logits[i*c.Classes : (i+1)*c.Classes]
			above := rank(row, s.Label(part.index(from+i, Batch)))
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
	n, sums := float64(s.Len()), []float64{float64(top1), float64(top5)}
	if part.Size > 1 {
		if err := part.Sum(sums); err != nil {
			return Accuracy{}, err
		}
	}
	return Accuracy{sums[0] / n, sums[1] / n, s.Len()}, nil
}

// rank returns how many classes come before label in an answer. NaN comes first.
func rank(logits []float32, label int) int {
	above := 0
	for j, v := range logits {
		if j != label && !(v < logits[label] || v == logits[label] && j > label) {
			above++
		}
	}
	return above
}

// CalibrateAndEvaluate evaluates a child on val with BN statistics of its own, measured
// on so many training images. Several processes may share the work, each with its part.
func CalibrateAndEvaluate(w *supernet.Weights, a arch.Arch, train, val dataset.Subset, spec preprocess.Spec, images int, part Part) (Accuracy, error) {
	st, err := calibrate(w, a, train, spec, images, part)
	if err != nil {
		return Accuracy{}, err
	}
	c, err := w.Child(a, st)
	if err != nil {
		return Accuracy{}, err
	}
	return evaluate(c, val, spec, view{}, part, nil)
}
