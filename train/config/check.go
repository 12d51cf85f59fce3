package config

import (
	"fmt"
	"slices"

	"bignas/core/arch"
	"bignas/train/dataset"
)

// bound is the range of a number. An open end is excluded.
type bound struct {
	name             string
	value, low, high float64
	openLow          bool
	openHigh         bool
}

func (b bound) check() error {
	below, above := b.value < b.low || b.openLow && b.value == b.low, b.value > b.high || b.openHigh && b.value == b.high
	if !below && !above && b.value == b.value { // the last is false for NaN
		return nil
	}
	from, to := "", ""
	if b.openLow {
		from = "above "
	}
	if b.openHigh {
		to = "below "
	}
	return fmt.Errorf("%s is %v, allowed is %s%v to %s%v", b.name, b.value, from, b.low, to, b.high)
}

// Check returns an error for the first field out of range, with its key, its value and what is
// allowed.
func (c Config) Check() error {
	space, err := arch.Lookup(c.Space)
	if err != nil {
		return fmt.Errorf("space is %q, allowed are %v", c.Space, arch.Spaces())
	}
	for _, b := range []bound{
		{name: "side", value: float64(c.Side), low: 8, high: 1024},
		{name: "val_fraction", value: c.ValFraction, high: 0.9},
		{name: "split", value: float64(c.Split), high: dataset.ByContent},
		{name: "search_fraction", value: c.SearchFraction, high: 0.5},
		{name: "epochs", value: float64(c.Epochs), low: 1, high: 100_000},
		{name: "batch", value: float64(c.Batch), low: 2, high: 65_536}, // BN needs two
		{name: "micro_batch", value: float64(c.MicroBatch), high: float64(c.Batch)},
		{name: "lr_batch", value: float64(c.LRBatch), high: 65_536},
		{name: "train_images", value: float64(c.TrainImages), high: 1e9},
		{name: "rollback_lr", value: c.RollbackLR, high: 1, openLow: true, openHigh: true},
		{name: "max_rollbacks", value: float64(c.MaxRollbacks), high: 100},
		{name: "lr", value: c.LR, high: 100, openLow: true},
		{name: "momentum", value: c.Momentum, high: 1, openHigh: true},
		{name: "rms_decay", value: c.RMSDecay, high: 1, openHigh: true},
		{name: "rms_eps", value: c.RMSEps, high: 1, openLow: true},
		{name: "weight_decay", value: c.WeightDecay, high: 1},
		{name: "clip_norm", value: c.ClipNorm, high: 1e6},
		{name: "ema", value: c.EMA, high: 1, openHigh: true},
		{name: "warmup_epochs", value: c.WarmupEpochs, high: float64(c.Epochs)},
		{name: "decay_rate", value: c.DecayRate, high: 1, openLow: true},
		{name: "decay_epochs", value: c.DecayEpochs, high: 1e5, openLow: true},
		{name: "end_fraction", value: c.EndFraction, high: 1},
		{name: "random_children", value: float64(c.RandomChildren), high: 64},
		{name: "distill_warmup_epochs", value: c.DistillWarmup, high: 1e5},
		{name: "label_smoothing", value: c.LabelSmoothing, high: 1, openHigh: true},
		{name: "dropout", value: c.Dropout, high: 1, openHigh: true},
		{name: "drop_connect", value: c.DropConnect, high: 1, openHigh: true},
		{name: "calibration_images", value: float64(c.CalibrationImages), low: 1, high: 1e7},
		{name: "eval_every", value: float64(c.EvalEvery), low: 1, high: 100_000},
	} {
		if err := b.check(); err != nil {
			return err
		}
	}
	if err := oneOf("optimiser", c.Optimiser, "sgd", "rmsprop", "adamw"); err != nil {
		return err
	}
	if err := oneOf("activations", c.Activations, Float32, BFloat16); err != nil {
		return err
	}
	if err := c.Rate().Check(); err != nil {
		return err
	}
	if m := c.MicroBatch; m == 1 || m > 1 && c.Batch%m != 0 {
		return fmt.Errorf("micro_batch is %d, allowed are 0 and what divides batch, %d, from 2 on", m, c.Batch)
	}
	if err := oneOf("shortcuts", c.Shortcuts, "", string(arch.ShortcutTransition), string(arch.ShortcutPlain)); err != nil {
		return err
	}
	if c.Alone != "" {
		if _, err := space.Parse(c.Alone); err != nil {
			return fmt.Errorf("alone: %w", err)
		}
	}
	if !c.Sandwich && c.Alone != "" {
		return fmt.Errorf("sandwich is false, allowed is true where alone names the only child")
	}
	before := 0
	for i, p := range c.Phases {
		if p.Until <= before {
			return fmt.Errorf("phase %d: until is %d, allowed is more than %d, where the phase before it ends", i+1, p.Until, before)
		}
		below := p.Resolution >= 32 && p.Resolution < space.Resolutions[0] && p.Resolution%32 == 0
		if before = p.Until; !below && !slices.Contains(space.Resolutions, p.Resolution) {
			return fmt.Errorf("phase %d: resolution is %d, allowed in space %s are %v and, below them, multiples of 32", i+1, p.Resolution, space.Name, space.Resolutions)
		}
	}
	return c.Augment.Check()
}

func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q, allowed are %q", name, value, allowed)
}
