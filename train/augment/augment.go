// Package augment makes training batches of the stored images of a data set: a random crop,
// resized directly from the bytes, a flip, RandAugment or AutoAugment, colour jitter, random
// erasing, mixup and CutMix.
//
// The random numbers of an image depend on (seed, epoch, position in the subset) alone, so that
// a resumed run has the same images as an uninterrupted one, whatever the number of workers.
package augment

import "fmt"

// Config says how images are augmented. The zero value of a field switches that part off, except
// for Scale and Ratio, which are required. From Hue on, each part has random numbers of its own,
// so that new parts of the program do not change the images of older configurations.
type Config struct {
	Scale      [2]float64 `toml:"scale"`      // share of the area of the crop, least and most, in (0, 1]
	Ratio      [2]float64 `toml:"ratio"`      // width over height of the crop, least and most
	Flip       float64    `toml:"flip"`       // probability of mirroring left and right
	Brightness float64    `toml:"brightness"` // v: factor from 1-v to 1+v
	Contrast   float64    `toml:"contrast"`   // the same, about the image's mean grey
	Saturation float64    `toml:"saturation"` // the same, about each pixel's grey
	Erase      float64    `toml:"erase"`      // probability of blanking a rectangle (Zhong et al., arXiv 1708.04896)

	Hue float64 `toml:"hue,omitzero"` // rotation of the colour circle, from -hue to hue; 0.5 is half a turn

	// Policy is "randaugment" (Cubuk et al., arXiv 1909.13719), "autoaugment" (the
	// ImageNet policy of Cubuk et al., arXiv 1805.09501) or "" for none.
	Policy    string  `toml:"policy,omitempty"`
	Ops       int     `toml:"policy_ops,omitzero"`       // RandAugment's N: operations on an image
	Magnitude float64 `toml:"policy_magnitude,omitzero"` // RandAugment's M: strength of all of them, 0 to 30

	// Mixup and CutMix are the alpha of the Beta(alpha, alpha) from which the weights of two
	// images are drawn (arXiv 1710.09412, arXiv 1905.04899). Where both are on, each image
	// has one of them, with equal probability.
	Mixup   float64 `toml:"mixup,omitzero"`
	CutMix  float64 `toml:"cutmix,omitzero"`
	Unmixed float64 `toml:"unmixed,omitzero"` // probability that an image is not mixed
	// MixEpochs is the number of epochs after which images are no longer mixed, so that the last
	// epochs see images as they are; 0: all epochs mix.
	MixEpochs int `toml:"mix_epochs,omitzero"`

	// Resample is how crops are resized: "float", the same as "", or "fixed", in integers to
	// bytes, nearly twice as fast and within a level of the other. Policies and hue work on
	// bytes and imply it.
	Resample string `toml:"resample,omitempty"`
}

// Values of Config.Policy and Config.Resample.
const (
	RandAugment   = "randaugment"
	AutoAugment   = "autoaugment"
	FloatResample = "float"
	FixedResample = "fixed"
)

// maxMagnitude is the largest magnitude of RandAugment.
const maxMagnitude = 30

// Default is the usual crop and flip of training on ImageNet (Szegedy et al., arXiv 1409.4842)
// and a little colour jitter.
var Default = Config{Scale: [2]float64{0.25, 1}, Ratio: [2]float64{3. / 4, 4. / 3}, Flip: 0.5, Brightness: 0.2, Contrast: 0.2, Saturation: 0.2}

// Check returns an error for the first field out of range, with its key, its value and what is
// allowed.
func (c Config) Check() error {
	if lo, hi := c.Scale[0], c.Scale[1]; !(lo > 0 && lo <= hi && hi <= 1) {
		return fmt.Errorf("augment.scale is [%g, %g], allowed is [least, most] with 0 < least <= most <= 1", lo, hi)
	}
	if lo, hi := c.Ratio[0], c.Ratio[1]; !(lo >= 0.1 && lo <= hi && hi <= 10) {
		return fmt.Errorf("augment.ratio is [%g, %g], allowed is [least, most] with 0.1 <= least <= most <= 10", lo, hi)
	}
	for _, f := range []struct {
		name        string
		value, most float64
	}{{"flip", c.Flip, 1}, {"brightness", c.Brightness, 1}, {"contrast", c.Contrast, 1}, {"saturation", c.Saturation, 1}, {"erase", c.Erase, 1},
		{"hue", c.Hue, 0.5}, {"mixup", c.Mixup, 10}, {"cutmix", c.CutMix, 10}, {"unmixed", c.Unmixed, 1}} {
		if !(f.value >= 0 && f.value <= f.most) {
			return fmt.Errorf("augment.%s is %g, allowed are 0 to %g", f.name, f.value, f.most)
		}
	}
	if c.MixEpochs < 0 {
		return fmt.Errorf("augment.mix_epochs is %d, allowed are 1 or more, and 0 for all epochs", c.MixEpochs)
	}
	if c.MixEpochs > 0 && !c.mixes() {
		return fmt.Errorf("augment.mix_epochs is %d, but nothing is mixed: set mixup or cutmix, or leave it out", c.MixEpochs)
	}
	return c.checkWords()
}

func (c Config) checkWords() error {
	switch c.Resample {
	case "", FloatResample, FixedResample:
	default:
		return fmt.Errorf("augment.resample is %q, allowed are %q and %q", c.Resample, FloatResample, FixedResample)
	}
	switch c.Policy {
	case RandAugment:
		if c.Ops < 1 || c.Ops > len(randOperations) {
			return fmt.Errorf("augment.policy_ops is %d, allowed are 1 to %d; the paper has 2 for ImageNet", c.Ops, len(randOperations))
		}
		if !(c.Magnitude > 0 && c.Magnitude <= maxMagnitude) {
			return fmt.Errorf("augment.policy_magnitude is %g, allowed is above 0 to %d; the paper has 9 for ResNet-50", c.Magnitude, maxMagnitude)
		}
	case "", AutoAugment:
		if c.Ops != 0 || c.Magnitude != 0 {
			return fmt.Errorf("augment.policy_ops and policy_magnitude are %d and %g, but only the policy %q has them; leave them out", c.Ops, c.Magnitude, RandAugment)
		}
	default:
		return fmt.Errorf("augment.policy is %q, allowed are %q and %q, or no such line", c.Policy, RandAugment, AutoAugment)
	}
	return nil
}

// mixes reports whether images are mixed, in some of the epochs at least.
func (c Config) mixes() bool { return c.Mixup > 0 || c.CutMix > 0 }

// Mixes reports whether images are mixed in an epoch, from 0.
func (c Config) Mixes(epoch int) bool {
	return c.mixes() && (c.MixEpochs == 0 || epoch < c.MixEpochs)
}

// bytewise reports whether images are resized to bytes.
func (c Config) bytewise() bool {
	return c.Policy != "" || c.Hue > 0 || c.Resample == FixedResample
}
