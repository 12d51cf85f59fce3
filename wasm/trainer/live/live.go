// Package live trains a supernet that is small enough for a browser, on images that it
// draws, step by step while somebody watches.
package live

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/plainjson"
	"bignas/core/shapes"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

const (
	// Steps is the length of a training.
	Steps = 200

	images   = 30      // of a batch
	byLabels = 100     // steps in which the labels are part of every child's target, less and less
	peak     = 0.15    // learning rate after the warm-up
	shown    = 20      // side of the images that are shown
	mean, sd = 110, 70 // of the bytes of images, about
)

// space is a search space like those of the shipped weights, for images of 12 to 20 pixels.
var space = &arch.Space{Name: "live", Resolutions: []int{12, 16, 20}, Stem: []int{8, 12}, Head: []int{48, 96},
	KernelPerLayer: true, Squeeze: arch.SqueezeInput, Shortcuts: arch.ShortcutTransition, Stages: []arch.Stage{
		{Name: "S1", Widths: []int{8, 12}, Depths: []int{1}, Kernels: []int{3}, Expansions: []int{1}, Stride: 1, SE: true},
		{Name: "S2", Widths: []int{12, 16, 20}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{3}, Stride: 2, SE: true},
		{Name: "S3", Widths: []int{16, 24, 32}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{3}, Stride: 2, SE: true},
	}}

// Training is one under way. It is as the recipe of the shipped weights is, sandwich rule and
// in-place distillation included, without what augments images: every batch is drawn anew.
type Training struct {
	classes []string
	trainer *trainer.Trainer[float32]
	rate    trainer.Schedule
	seed    uint64
	random  *rand.Rand
}

// New begins a training; all that is random in it comes from seed.
func New(seed uint64) (*Training, error) {
	t := &Training{classes: shapes.Names(), seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
		rate: trainer.Schedule{Kind: "cosine", Peak: peak, Warmup: 10, Epochs: Steps, EndFraction: 0.02}}
	w, err := supernet.NewWeights(space, len(t.classes))
	if err != nil {
		return nil, err
	}
	w.Init(t.random, true)
	o, err := trainer.NewOptimiser("sgd", 0.9, 0, 0, w)
	if err != nil {
		return nil, err
	}
	t.trainer = trainer.New(trainer.Config{RandomChildren: 2, Distill: true, WeightDecay: 1e-5, ClipNorm: 5}, w, o)
	return t, nil
}

// Begin is what there is to know before the first step, for the page, and an image of each
// class of its batch, RGB bytes, [classes, side, side, 3].
func (t *Training) Begin() (plainjson.Record, []byte) {
	biggest, smallest := cost.Totals(space.Max(), len(t.classes)), cost.Totals(space.Min(), len(t.classes))
	var pixels []byte
	for i := range t.classes {
		pixels = append(pixels, t.image(0, i, shown)...)
	}
	return plainjson.Record{plainjson.Member("of", Steps), plainjson.Member("images", images), plainjson.Member("classes", t.classes), plainjson.Member("side", shown),
		plainjson.Member("weights", t.trainer.Weights.Count()), plainjson.Member("biggest", biggest.MACs), plainjson.Member("smallest", smallest.MACs)}, pixels
}

// Step draws a batch and does a sandwich step with it. It returns the number of steps done, and
// for the biggest child, the random ones together and the smallest the loss, each against its
// own target in nats, and the share of images that were classified correctly. No image is drawn
// twice: when a child sees it, it was not trained on it.
func (t *Training) Step() plainjson.Record {
	step := t.trainer.Updates
	b := trainer.Batch[float32]{Labels: make([]int, images), At: func(side int) []float32 { return t.batch(step, side) },
		LabelShare: max(0, 1-float64(step)/byLabels)}
	for i := range b.Labels {
		b.Labels[i] = i % len(t.classes)
	}
	all := t.trainer.Step(b, t.rate.Rate(float64(step+1)), t.random).Children
	biggest, smallest, loss, correct := all[0], all[1], 0.0, 0
	for _, c := range all[2:] {
		loss += c.Loss / float64(len(all)-2)
		correct += c.Correct
	}
	share := func(correct, children int) float64 { return float64(correct) / float64(children*images) }
	return plainjson.Record{plainjson.Member("step", t.trainer.Updates),
		plainjson.Member("loss", []float64{biggest.Loss, loss, smallest.Loss}),
		plainjson.Member("correct", []float64{share(biggest.Correct, 1), share(correct, len(all)-2), share(smallest.Correct, 1)})}
}

// image draws image i of the batch of a step: at every side the same scene.
func (t *Training) image(step, i, side int) []uint8 {
	r := rand.New(rand.NewPCG(t.seed, uint64(1+step*images+i)))
	return shapes.Draw(r, i%len(t.classes), side)
}

// batch is the images of a step for children of that resolution.
func (t *Training) batch(step, side int) []float32 {
	x := make([]float32, 0, images*side*side*3)
	for i := range images {
		for _, v := range t.image(step, i, side) {
			x = append(x, (float32(v)-mean)/sd)
		}
	}
	return x
}
