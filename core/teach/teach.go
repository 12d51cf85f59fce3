// Package teach trains a classifier for other classes on a supernet that is not
// changed: the input of the last layer, computed once for each image by several
// children, is all that it reads, so that a hundred images take a second.
//
// There is one classifier for all children. That of a narrower one is the first rows
// of the widest one's, as in package supernet, and it is trained as the sandwich
// rule has it (BigNAS, arXiv 2003.11142, section 3.1): the biggest child, the
// smallest and some at random, with one sum of their losses. In place of
// distillation, whatever differs between what two children read of one image is
// something that the classifier is to make little of; children that were not among
// those gain most by it.
//
// Below the classifier nothing changes. The batch-normalisation statistics that a
// weights file predicts for any child are of the layers below, and stay right: the
// new images have no part in them.
package teach

import (
	"math"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/kernel"
)

// Random is how many children at random Children has where nothing else is asked for.
const Random = 6

// Children are those that the classifier is trained for at once: the biggest, the
// smallest and some at random.
func Children(space *arch.Space, random int, seed uint64) []arch.Arch {
	r := rand.New(rand.NewPCG(seed, 0x7eac4))
	all := []arch.Arch{space.Max(), space.Min()}
	for range random {
		all = append(all, space.Sample(r))
	}
	return all
}

// Set is labelled images as the classifiers of several children read them.
type Set struct {
	Labels []int       // of the images, from 0
	Pooled [][]float32 // of each child, [images][Head]: what Look returns
}

// Options of Train; the zero value is right for most.
type Options struct {
	Steps int // at most so many; 0: 30
	// Progress, where not nil, hears of every step; false ends the training, which
	// keeps what it has learnt.
	Progress func(Step) bool
}

// Step is how far a training is.
type Step struct {
	Done, Of int     // steps, and at most how many
	Loss     float64 // mean cross entropy of the training images and children, in nats
	// HeldOut is the share of held-out images that the children classify correctly, in
	// the mean; negative where no image is held out.
	HeldOut float64
}

// Classifier is what Train makes, for supernet.WeightsOf.WithClassifier.
type Classifier struct {
	Matrix, Bias []float32 // [widest head, classes] and [classes]
	Steps        int       // after which it was like that
	// HeldOut is the share of held-out images that each child classifies correctly;
	// nil where none is held out.
	HeldOut []float64
}

const (
	steps    = 30
	patience = 8 // steps without a lower loss on held-out images that end a training
)

// Train trains a classifier of that many classes on the images of train. Classes
// count alike, however many images they have; each must have one. Where held has
// images, the classifier with the lowest loss on them is kept, otherwise the last.
// The same arguments give the same classifier: it begins at zero, and every step
// sees all images.
func Train(children []arch.Arch, classes int, train, held *Set, o Options) *Classifier {
	if o.Steps <= 0 {
		o.Steps = steps
	}
	p, check := newProblem(children, classes, train), newProblem(children, classes, held)
	inverse := p.penalise()
	n := p.widest + 1
	w, before := make([]float32, n*classes), make([]float32, n*classes)
	ahead, grad := make([]float32, n*classes), make([]float32, n*classes)
	best, lowest := p.classifier(w), math.Inf(1)
	for step := 1; step <= o.Steps; step++ {
		// Nesterov's method, with the bound on the curvature for its metric.
		momentum := float32(step-1) / float32(step+2)
		for i, v := range w {
			ahead[i] = v + momentum*(v-before[i])
		}
		loss, _ := p.loss(grad, ahead)
		w, before = before, w
		kernel.Pointwise(w, inverse, n, n, classes, grad, classes)
		for i, v := range ahead {
			w[i] = v - w[i]
		}
		at, accuracy := lowest, []float64(nil)
		if len(held.Labels) > 0 {
			at, accuracy = check.loss(nil, w)
		}
		if at < lowest || accuracy == nil {
			best, lowest = p.classifier(w), at
			best.Steps, best.HeldOut = step, accuracy
		}
		if o.Progress != nil && !o.Progress(Step{step, o.Steps, loss, mean(accuracy)}) || step == best.Steps+patience {
			break
		}
	}
	return best
}

// classifier copies w.
func (p *problem[T]) classifier(w []float32) *Classifier {
	w = append([]float32(nil), w...)
	bias := p.widest * p.classes
	return &Classifier{Matrix: w[:bias:bias], Bias: w[bias:]}
}

// mean is negative of nothing.
func mean(v []float64) float64 {
	if len(v) == 0 {
		return -1
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
