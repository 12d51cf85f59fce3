package estimate

import (
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/train/config"
)

// Work counts the arithmetic of a run, from which the time that is left is estimated.
// The unit is a MAC of a training pass, forward and backward, which takes three times
// as long as a forward pass.
type Work struct {
	config  config.Config
	space   *arch.Space
	classes int
	images  map[int]float64 // by resolution
	random  map[int]float64 // the mean random child, by resolution
}

// NewWork returns the work of a run with this configuration in its space.
func NewWork(c config.Config, space *arch.Space, classes int) *Work {
	return &Work{config: c, space: space, classes: classes, images: map[int]float64{}, random: map[int]float64{}}
}

// MACs returns the multiply-accumulates of a child for one image, forward.
func (k *Work) MACs(a arch.Arch) float64 { return float64(cost.ForClasses(a, k.classes).MACs) }

// sampled is the number of random children that a mean is taken over.
const sampled = 400

// Image returns the expected work for one image in an update whose biggest child has
// that resolution.
func (k *Work) Image(resolution int) float64 {
	if v, ok := k.images[resolution]; ok {
		return v
	}
	v := 0.0
	if k.config.Alone != "" {
		a := k.config.Biggest(k.space)
		a.Resolution = min(a.Resolution, resolution)
		v = k.MACs(a)
	} else {
		allowed, random := k.space.ResolutionsUpTo(resolution), k.randomChild(resolution)
		biggest, smallest := k.space.Max(), k.space.Min()
		biggest.Resolution, smallest.Resolution = resolution, allowed[0]
		v = k.MACs(biggest) + k.MACs(smallest) + float64(k.config.RandomChildren)*random
		if !k.config.Sandwich {
			v = float64(2+k.config.RandomChildren) * random
		}
	}
	k.images[resolution] = v
	return v
}

// randomChild is the mean of random children with resolutions up to that one, for one image.
func (k *Work) randomChild(resolution int) float64 {
	if v, ok := k.random[resolution]; ok {
		return v
	}
	allowed := k.space.ResolutionsUpTo(resolution)
	r, v := rand.New(rand.NewPCG(1, 0xc057)), 0.0
	for range sampled {
		a := k.space.Sample(r)
		a.Resolution = allowed[r.IntN(len(allowed))]
		v += k.MACs(a) / sampled
	}
	k.random[resolution] = v
	return v
}

// LastChild is the part of Image that is the last child's of an update.
func (k *Work) LastChild(resolution int) float64 {
	switch {
	case k.config.Alone != "":
		return k.Image(resolution)
	case k.config.Sandwich && k.config.RandomChildren == 0:
		a := k.space.Min()
		a.Resolution = k.space.ResolutionsUpTo(resolution)[0]
		return k.MACs(a)
	}
	return k.randomChild(resolution)
}

// evaluation is the work of measuring the children that are watched.
func (k *Work) evaluation(train, val int) float64 {
	images := float64(min(train, k.config.CalibrationImages) + val)
	sum := 0.0
	for _, a := range k.config.Watched(k.space) {
		sum += k.MACs(a) * images / 3
	}
	return sum
}

// Epochs returns the work of the epochs after a point in time, in epochs, with their
// evaluations.
func (k *Work) Epochs(from float64, train, val int) float64 {
	c, sum := k.config, 0.0
	for e := int(from); e < c.Epochs; e++ {
		part := 1.0
		if e == int(from) {
			part = 1 - (from - float64(e))
		}
		images := float64(train / c.Batch * c.Batch)
		sum += part * images * k.Image(c.Resolution(e))
		if (e+1)%c.EvalEvery == 0 || e+1 == c.Epochs {
			sum += k.evaluation(train, val)
		}
	}
	return sum
}
