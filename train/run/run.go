// Package run trains a supernet on a data set: the epochs, their checkpoints and the
// watchdog that goes back to them.
package run

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"time"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/estimate"
	"bignas/train/group"
)

// Row is the result of an epoch, a line of the run's metrics. Where one child is
// trained alone, it is the biggest child here. Negative values were not measured.
type Row struct {
	Epoch         int     `json:"epoch"` // epochs done
	LearningRate  float64 `json:"lr"`
	Resolution    int     `json:"resolution"` // of the biggest child in this epoch
	LossBiggest   float64 `json:"loss_biggest"`
	LossRandom    float64 `json:"loss_random"`   // mean of the random children, against their targets
	LossSmallest  float64 `json:"loss_smallest"` // against its target: the biggest child's softmax
	TrainBiggest  float64 `json:"train_biggest"` // share of augmented training images classified correctly
	TrainRandom   float64 `json:"train_random"`
	TrainSmallest float64 `json:"train_smallest"`
	GradNorm      float64 `json:"grad_norm"`
	// Top1 on validation images, in epochs that were evaluated.
	ValSmallest     float64 `json:"val_smallest"`
	ValMiddle       float64 `json:"val_middle"`
	ValBiggest      float64 `json:"val_biggest"`
	ImagesPerSecond float64 `json:"images_per_second"`
	Rollbacks       int     `json:"rollbacks"` // of the whole run so far
}

// Position is how far a run is.
type Position struct {
	Epoch, Step, Steps  int // epoch from 0; steps done of the epoch's
	ImagesPerSecond     float64
	Loss                float64       // the biggest child's in the last step
	EpochLeft, RunLeft  time.Duration // at this speed, without the time for checkpoints
	LearningRate        float64
	Resolution, Updates int
}

// Run is a training run: its data, its trainer and the folder that it writes.
type Run struct {
	Config config.Config
	Data   *dataset.Dataset
	Out    string // folder of the checkpoints
	// The functions may be nil. OnStep is called after each update, OnEpoch after each
	// epoch, before its checkpoint is written, and OnRollback after the watchdog has
	// rolled the run back. An error ends the run.
	OnStep     func(Position)
	OnEpoch    func(Row) error
	OnRollback func(Rollback) error

	Trainer    *trainer.Trainer[float32]
	Train, Val dataset.Subset
	Notes      []string // what was changed for the run to begin, one sentence each

	text  string // the configuration as the checkpoint keeps it
	work  *estimate.Work
	state state
	group group.Group
	share share
	grads *gradients
	drawn []arch.Arch       // the children of the current update
	spoil func(updates int) // for tests: damages the weights before an update
}

// build makes the trainer. All passes of an update have the same children.
func (r *Run) build(classes int) (err error) {
	if r.Trainer, err = NewTrainer(r.Config, classes); err != nil {
		return err
	}
	draw := r.Trainer.Draw
	r.Trainer.Draw = func(random *rand.Rand, maxResolution int) []arch.Arch {
		if r.drawn == nil {
			r.drawn = draw(random, maxResolution)
		}
		return r.drawn
	}
	r.work = estimate.NewWork(r.Config, r.Trainer.Weights.Space, classes)
	if r.share.to == 0 { // a run that was opened to be measured
		r.share = shareOf(r.Config, 0, 1)
	}
	r.grads = newGradients(r.Trainer.Gradient(), r.group, r.Config.Batch/r.Config.Pass(), r.share.to-r.share.from)
	return nil
}

// NewTrainer returns the trainer that a configuration describes, its weights drawn from
// the seed.
func NewTrainer(c config.Config, classes int) (*trainer.Trainer[float32], error) {
	space, err := c.SearchSpace()
	if err != nil {
		return nil, err
	}
	w, err := supernet.NewWeights(space, classes)
	if err != nil {
		return nil, err
	}
	w.Init(rand.New(rand.NewPCG(c.Seed, 0)), c.ZeroGamma)
	o, err := trainer.NewOptimiser(c.Optimiser, c.Momentum, c.RMSDecay, c.RMSEps, w)
	if err != nil {
		return nil, err
	}
	t := trainer.New(trainer.Config{
		RandomChildren: c.RandomChildren, RandomOnly: !c.Sandwich, Distill: c.Distill, LabelSmoothing: c.LabelSmoothing,
		Dropout: c.Dropout, DropConnect: c.DropConnect, RegulariseAll: c.RegulariseAll, WeightDecay: c.WeightDecay, DecayAll: c.DecayBNBias,
		ClipNorm: c.ClipNorm, EMA: c.EMA,
	}, w, o)
	t.Arena.Grow, t.Arena.GrowBFloat16 = HugePages[float32], HugePages[kernel.BFloat16]
	t.Arena.BFloat16 = c.Activations == config.BFloat16
	t.Draw = t.Children
	if c.Alone != "" {
		only := c.Biggest(space)
		t.Draw = func(_ *rand.Rand, maxResolution int) []arch.Arch {
			a := only
			a.Resolution = min(a.Resolution, maxResolution)
			return []arch.Arch{a}
		}
	}
	return t, nil
}

// Done is how many epochs the run has finished.
func (r *Run) Done() int { return r.state.Epoch }

// ConfigText is the configuration as the checkpoint keeps it.
func (r *Run) ConfigText() string { return r.text }

// Rate is the learning rate at a time in epochs, lowered as the watchdog has done.
func (r *Run) Rate(epoch float64) float64 { return r.Config.Rate().Rate(epoch) * r.state.LRFactor }

// Best returns the weights to use: the moving average where there is one.
func (r *Run) Best() *supernet.Weights {
	if r.Trainer.Average != nil {
		return r.Trainer.Average
	}
	return r.Trainer.Weights
}

// UseBest replaces the weights by those of the checkpoint with the best validation
// accuracy (Score), and returns after how many epochs that was.
func (r *Run) UseBest() (epoch int, err error) {
	r.state, err = load(context.Background(), r.group, filepath.Join(r.Out, bestName), r.Trainer, r.Config)
	return r.state.Epoch, err
}
