package run

import (
	"math/rand/v2"
	"time"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/train/config"
)

// costs counts the arithmetic of a run, to say how long the rest will take. The
// unit is a MAC of a training pass: forward and backward, which together are
// three times a forward pass.
type costs struct {
	config  config.Config
	space   *arch.Space
	alone   *arch.Arch
	classes int
	cache   map[int]float64
}

func newCosts(c config.Config, space *arch.Space, classes int) *costs {
	k := &costs{config: c, space: space, classes: classes, cache: map[int]float64{}}
	if c.Alone != "" {
		if a, err := space.Parse(c.Alone); err == nil { // checked with the configuration
			k.alone = &a
		}
	}
	return k
}

func (k *costs) macs(a arch.Arch) float64 { return float64(cost.ForClasses(a, k.classes).MACs) }

// sampled is how many random children their mean is taken over.
const sampled = 400

// image is the expected cost of one image in an update whose biggest child
// is at most of that resolution.
func (k *costs) img(resolution int) float64 {
	if v, ok := k.cache[resolution]; ok {
		return v
	}
	v := 0.0
	if k.alone != nil {
		a := *k.alone
		a.Resolution = min(a.Resolution, resolution)
		v = k.macs(a)
	} else {
		allowed := k.space.ResolutionsUpTo(resolution)
		r, random := rand.New(rand.NewPCG(1, 0xc057)), 0.0
		for range sampled {
			a := k.space.Sample(r)
			a.Resolution = allowed[r.IntN(len(allowed))]
			random += k.macs(a) / sampled
		}
		biggest, smallest := k.space.Max(), k.space.Min()
		biggest.Resolution, smallest.Resolution = resolution, allowed[0]
		v = k.macs(biggest) + k.macs(smallest) + float64(k.config.RandomChildren)*random
		if !k.config.Sandwich {
			v = float64(2+k.config.RandomChildren) * random
		}
	}
	k.cache[resolution] = v
	return v
}

// evaluation is the cost of measuring the children that are watched.
func (k *costs) evaluation(train, val int) float64 {
	images := float64(min(train, k.config.CalibrationImages) + val)
	children := []arch.Arch{k.space.Min(), k.space.At(0.5), k.space.Max()}
	if k.alone != nil {
		children = []arch.Arch{*k.alone}
	}
	sum := 0.0
	for _, a := range children {
		sum += k.macs(a) * images / 3
	}
	return sum
}

// epochs is the cost of the epochs from the given time on, with their
// evaluations.
func (k *costs) epochs(from float64, train, val int) float64 {
	c, sum := k.config, 0.0
	for e := int(from); e < c.Epochs; e++ {
		part := 1.0
		if e == int(from) {
			part = 1 - (from - float64(e))
		}
		images := float64(train / c.Batch * c.Batch)
		sum += part * images * k.img(resolution(c, k.space, k.alone, e))
		if (e+1)%c.EvalEvery == 0 || e+1 == c.Epochs {
			sum += k.evaluation(train, val)
		}
	}
	return sum
}

// position says how far the run is and, from the speed of this epoch, how long
// the rest takes.
func (s *Session) position(t *tally, epoch, steps int, loss float64) Position {
	p := Position{Epoch: epoch, Step: t.step, Steps: steps, ImagesPerSecond: t.row.ImagesPerSecond, Loss: loss,
		LearningRate: t.row.LearningRate, Resolution: t.row.Resolution, Updates: s.Trainer.Updates}
	spent := time.Since(t.began).Seconds()
	perMAC := spent / (t.seen * s.cost.img(t.row.Resolution))
	p.EpochLeft = seconds(spent / float64(t.step) * float64(steps-t.step))
	p.RunLeft = seconds(perMAC * s.cost.epochs(float64(epoch)+float64(t.step)/float64(steps), s.Train.Len(), s.Val.Len()))
	return p
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
