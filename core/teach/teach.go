// Package teach trains a classifier for other classes on a frozen supernet. It uses only the
// input of the last layer, which several children compute once for each image, so a hundred
// images take a second.
//
// There is one classifier for all children. A narrower child has the first rows of the widest
// one's, as in package supernet, and it is trained with the sandwich rule (BigNAS, arXiv
// 2003.11142, section 3.1): the loss is the sum of those of the biggest child, the smallest and
// some random ones. In place of distillation, a penalty keeps small what their logits differ by
// for the same image; children that the training has not seen gain most from it.
//
// The layers below the classifier do not change, and neither do the batch-normalisation
// statistics that a weights file predicts for any child: the new images have no part in them.
package teach

import (
	"math"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/kernel"
)

// Random is the usual number of random children.
const Random = 4

// drawn is how many random architectures the cheapest is taken of.
const drawn = 4

// Children returns the children that the classifier is trained for at once: the biggest, the
// smallest and some random ones, which have the space's resolutions in turn and are cheap for
// them. Classifiers of as many children with resolutions at random take longer and are worse
// (docs/teach.md).
func Children(space *arch.Space, random int, seed uint64) []arch.Arch {
	r := rand.New(rand.NewPCG(seed, 0x7eac4))
	all := []arch.Arch{space.Max(), space.Min()}
	for i := range random {
		var cheapest arch.Arch
		least := int64(math.MaxInt64)
		for range drawn {
			a := space.Sample(r)
			a.Resolution = space.Resolutions[i%len(space.Resolutions)]
			if macs := cost.Totals(a, 1).MACs; macs < least {
				cheapest, least = a, macs
			}
		}
		all = append(all, cheapest)
	}
	return all
}

// Set has the classifier's input for labelled images, from each of several children.
type Set struct {
	Labels []int       // of the images, from 0
	Pooled [][]float32 // of each child, [images][Head]: what Look returns
}

// Options of Train; the zero value is right for most.
type Options struct {
	Steps int // at most so many; 0: 30
	// Progress, where not nil, is called after every step. If it returns false, the training
	// ends with what it has learnt.
	Progress func(Step) bool
}

// Step is the progress of a training.
type Step struct {
	Done, Of int     // steps, and at most how many
	Loss     float64 // mean cross entropy of the training images and children, in nats
	// HeldOut is the mean accuracy of the children on held-out images, 0 to 1; negative where
	// no image is held out.
	HeldOut float64
}

// Classifier is the result of Train, for supernet.WeightsOf.WithClassifier.
type Classifier struct {
	Matrix, Bias []float32 // [widest head, classes] and [classes]
	Steps        int       // after which it was like that
	// HeldOut is the accuracy of each child on held-out images; nil where none is held out.
	HeldOut []float64
}

const (
	steps    = 30
	patience = 8 // steps without a lower loss on held-out images that end a training
)

// Train trains a classifier of that many classes on the images of train. All classes have the
// same weight, however many images they have; each must have at least one. Where held has
// images, Train returns the classifier with the lowest loss on them, calibrated, otherwise the last. The
// same arguments give the same classifier: it begins at zero, and every step uses all images.
func Train(children []arch.Arch, classes int, train, held *Set, o Options) *Classifier {
	t := Begin(children, classes, train, held, o.Steps, func() {})
	for {
		step, more := t.Step()
		if o.Progress != nil && !o.Progress(step) || !more {
			t.Calibrate()
			return t.Best
		}
	}
}

// Training is what Train does, step by step.
type Training struct {
	Best *Classifier // so far

	problem, check         *problem[float32]
	inverse                []float32 // of the bound on the curvature
	w, before, ahead, grad []float32
	done, steps            int
	lowest                 float64 // loss on held-out images
	heldOut                bool
}

// Begin prepares a Training of at most that many steps; 0 is the usual number. It takes as long
// as some steps, and calls between several times meanwhile.
func Begin(children []arch.Arch, classes int, train, held *Set, most int, between func()) *Training {
	if most <= 0 {
		most = steps
	}
	p := newProblem(children, classes, train)
	t := &Training{problem: p, check: newProblem(children, classes, held), inverse: p.penalise(between), steps: most, lowest: math.Inf(1), heldOut: len(held.Labels) > 0}
	for _, v := range []*[]float32{&t.w, &t.before, &t.ahead, &t.grad} {
		*v = make([]float32, (p.widest+1)*classes)
	}
	t.Best = p.classifier(t.w)
	return t
}

// Step makes a step, and reports whether there is another.
func (t *Training) Step() (s Step, more bool) {
	t.done++
	n := t.problem.widest + 1
	// Nesterov's method, with the bound on the curvature for its metric.
	momentum := float32(t.done-1) / float32(t.done+2)
	for i, v := range t.w {
		t.ahead[i] = v + momentum*(v-t.before[i])
	}
	loss, _ := t.problem.loss(t.grad, t.ahead)
	t.w, t.before = t.before, t.w
	kernel.Pointwise(t.w, t.inverse, n, n, t.problem.classes, t.grad, t.problem.classes)
	for i, v := range t.ahead {
		t.w[i] = v - t.w[i]
	}
	at, accuracy := t.lowest, []float64(nil)
	if t.heldOut {
		at, accuracy = t.check.loss(nil, t.w)
	}
	if at < t.lowest || accuracy == nil {
		t.Best, t.lowest = t.problem.classifier(t.w), at
		t.Best.Steps, t.Best.HeldOut = t.done, accuracy
	}
	return Step{t.done, t.steps, loss, mean(accuracy)}, t.done < t.steps && t.done != t.Best.Steps+patience
}

// classifier copies w.
func (p *problem[T]) classifier(w []float32) *Classifier {
	w = append([]float32(nil), w...)
	bias := p.widest * p.classes
	return &Classifier{Matrix: w[:bias:bias], Bias: w[bias:]}
}

// mean returns the mean of v, or a negative number if v is empty.
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
