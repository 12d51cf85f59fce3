package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/trainer"
	"bignas/train/config"
	"bignas/train/run"
)

// sandwichLine is what --json prints for sandwich steps.
type sandwichLine struct {
	Bench    string `json:"bench"` // "sandwich"
	Space    string `json:"space"`
	Config   string `json:"config"`
	From     string `json:"weights"`
	Kernels  string `json:"kernels"`
	Threads  int    `json:"threads"`
	Size     int    `json:"resolution"` // of the biggest child
	Batch    int    `json:"batch"`
	Children int    `json:"children"`        // a step
	Ours     spread `json:"imagesPerSecond"` // of whole steps: an image counts once
	// Ratio is the time of a step over that of the forward and backward passes of the same children one by one,
	// without an update.
	Ratio spread `json:"ratio"`
	// Only with --bfloat16: steps with activations in bfloat16, and their images a second over Ours, round by round.
	Short *spread `json:"bfloat16ImagesPerSecond,omitempty"`
	Gain  *spread `json:"bfloat16Ratio,omitempty"`
}

func (l sandwichLine) text() string {
	text := fmt.Sprintf("sandwich step of %s, %d children up to %d px, batch %d, %d threads, %s: %s images/s; over the sum of its children %s",
		l.Space, l.Children, l.Size, l.Batch, l.Threads, l.Kernels, l.Ours.text(1), l.Ratio.text(3))
	if l.Short != nil {
		text += fmt.Sprintf("; with bfloat16 %s images/s, times %s", l.Short.text(1), l.Gain.text(3))
	}
	return text
}

// sandwich compares whole steps, with the update and the moving average, with their children one by one. Each round draws
// other children, the same for both.
func (f trainingFlags) sandwich(fam *family, size, batch int) (l sandwichLine, err error) {
	t, children, err := f.trainer(fam, false)
	if err != nil {
		return l, err
	}
	b, err := noisy(fam, size, batch)
	if err != nil {
		return l, err
	}
	target := make([]float32, batch*t.Weights.Classes)
	trainer.LabelTargets(target, b.Labels, t.Weights.Classes, t.Config.LabelSmoothing)
	step := func(i int) { t.Step(b, rate, dice(i)) }
	alone := func(i int) {
		for _, a := range t.Children(dice(i), size) {
			backward(&t.Arena, t.Weights, t.Gradient(), a, b.At(a.Resolution), target)
		}
	}
	step(0)
	alone(0) // allocates all buffers
	short := func(int) {}
	if f.Short {
		t, _, err := f.trainer(fam, true)
		if err != nil {
			return l, err
		}
		short = func(i int) { t.Step(b, rate, dice(i)) }
		short(0)
	}
	var whole, sum, shorts []float64
	for i := range f.Rounds {
		whole, shorts, sum = append(whole, lap(step, i)), append(shorts, lap(short, i)), append(sum, lap(alone, i))
	}
	n := 1e3 * float64(batch)
	speed := func(ms []float64) spread {
		s := spreadOf(ms)
		return spread{n / s.Median, n / s.Max, n / s.Min}
	}
	l = sandwichLine{Bench: "sandwich", Space: fam.space.Name, Config: f.Config, From: fam.from, Kernels: kernel.Active(), Threads: f.Threads, Size: size, Batch: batch,
		Children: children, Ours: speed(whole), Ratio: ratios(whole, sum)}
	if f.Short {
		short, gain := speed(shorts), ratios(whole, shorts)
		l.Short, l.Gain = &short, &gain
	}
	return l, nil
}

// noisy returns a batch of noise for steps whose biggest child has that resolution.
func noisy(fam *family, size, batch int) (b trainer.Batch[float32], err error) {
	big := fam.space.Max()
	big.Resolution = size
	if err := fam.space.Validate(big); err != nil {
		return b, fault.New("bad_arch", "choose one of them with --size", "%v", err)
	}
	x := map[int][]float32{}
	for _, r := range fam.space.Resolutions {
		x[r] = noise(batch, r)
	}
	return trainer.Batch[float32]{Labels: make([]int, batch), At: func(r int) []float32 { return x[r] }, MaxResolution: size}, nil
}

// trainer returns the trainer of the recipe, on a copy of the family's weights, with activations in bfloat16 or not.
func (f trainingFlags) trainer(fam *family, bfloat16 bool) (t *trainer.Trainer[float32], children int, err error) {
	c, err := config.Load(f.Config)
	if err != nil {
		return nil, 0, fault.As(err, "bad_config")
	}
	w, err := fam.weights.Extract(fam.space.Max())
	if err != nil {
		return nil, 0, err
	}
	o, err := trainer.NewOptimiser(c.Optimiser, c.Momentum, c.RMSDecay, c.RMSEps, w)
	if err != nil {
		return nil, 0, err
	}
	t = trainer.New(trainer.Config{
		RandomChildren: c.RandomChildren, Distill: c.Distill, LabelSmoothing: c.LabelSmoothing,
		Dropout: c.Dropout, DropConnect: c.DropConnect, WeightDecay: c.WeightDecay, DecayAll: c.DecayBNBias,
		ClipNorm: c.ClipNorm, EMA: c.EMA,
	}, w, o)
	t.Arena.Grow, t.Arena.GrowBFloat16, t.Arena.BFloat16 = run.HugePages[float32], run.HugePages[kernel.BFloat16], bfloat16
	return t, 2 + c.RandomChildren, nil
}

// dice returns the random numbers of step i.
func dice(i int) *rand.Rand { return rand.New(rand.NewPCG(11, uint64(i))) }

// lap returns the milliseconds of f(i).
func lap(f func(int), i int) float64 {
	start := time.Now()
	f(i)
	return time.Since(start).Seconds() * 1e3
}
