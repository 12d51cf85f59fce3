package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"bignas/core/arch"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/augment"
	"bignas/train/config"
	"bignas/train/dataset"
)

// Spec is the preprocessing that weights are trained for: the statistics of
// ImageNet, the whole short side.
var Spec = preprocess.Spec{
	Mean:   [3]float32{0.485, 0.456, 0.406},
	Std:    [3]float32{0.229, 0.224, 0.225},
	Crop:   1,
	Filter: preprocess.CatmullRom,
}

// Row is one line of a run's metrics: what an epoch did.
type Row struct {
	Epoch         int     `json:"epoch"` // epochs done
	LearningRate  float64 `json:"lr"`
	Resolution    int     `json:"resolution"` // of the biggest child in this epoch
	LossBiggest   float64 `json:"loss_biggest"`
	LossSmallest  float64 `json:"loss_smallest"` // against the biggest child's softmax
	TrainBiggest  float64 `json:"train_biggest"` // share of augmented training images named right
	TrainSmallest float64 `json:"train_smallest"`
	GradNorm      float64 `json:"grad_norm"`
	// Top1 on validation pictures, negative in epochs that were not evaluated.
	ValSmallest     float64 `json:"val_smallest"`
	ValMiddle       float64 `json:"val_middle"`
	ValBiggest      float64 `json:"val_biggest"`
	ImagesPerSecond float64 `json:"images_per_second"`
}

// Session is a training run: its data, its trainer and where it writes.
type Session struct {
	Config config.Config
	Data   *dataset.Dataset
	Out    string // folder of the checkpoint
	// Step, where not nil, hears of every step; Epoch of every epoch.
	Step  func(epoch, step, steps int, imagesPerSecond, loss float64)
	Epoch func(Row)

	Trainer    *trainer.Trainer[float32]
	Train, Val dataset.Subset
	text       string // the configuration as the checkpoint keeps it
	schedule   trainer.Schedule
	done       int // epochs
}

// New builds a session from its configuration and data: initial weights from
// the seed or from c.Init, or, to resume, those of the checkpoint in out.
func New(c config.Config, data *dataset.Dataset, out string, resume bool) (*Session, error) {
	space, err := arch.Lookup(c.Space)
	if err != nil {
		return nil, err
	}
	s := &Session{Config: c, Data: data, Out: out, text: c.String()}
	s.Train, s.Val = data.Split(c.ValFraction)
	if s.Train.Len() < c.Batch {
		return nil, fmt.Errorf("run: batch is %d, but there are only %d training pictures; choose a smaller batch", c.Batch, s.Train.Len())
	}
	w, err := supernet.NewWeights(space, len(data.Classes))
	if err != nil {
		return nil, err
	}
	w.Init(rand.New(rand.NewPCG(c.Seed, 0)), c.ZeroGamma)
	if c.Init != "" && !resume { // a checkpoint holds all of it
		if err := startFrom(c.Init, w); err != nil {
			return nil, err
		}
	}
	o, err := trainer.NewOptimiser(c.Optimiser, c.Momentum, c.RMSDecay, c.RMSEps, w)
	if err != nil {
		return nil, err
	}
	s.Trainer = trainer.New(trainer.Config{
		RandomChildren: c.RandomChildren, Distill: c.Distill, LabelSmoothing: c.LabelSmoothing,
		Dropout: c.Dropout, DropConnect: c.DropConnect, WeightDecay: c.WeightDecay, DecayAll: c.DecayBNBias,
		ClipNorm: c.ClipNorm, EMA: c.EMA,
	}, w, o)
	s.Trainer.Arena.Grow = HugePages
	s.schedule = trainer.Schedule{Kind: c.Schedule, Peak: c.LR, Warmup: c.WarmupEpochs, DecayRate: c.DecayRate,
		DecayEpochs: c.DecayEpochs, Epochs: float64(c.Epochs), EndFraction: c.EndFraction}
	if err := s.schedule.Check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(out, checkpointName)
	if resume {
		s.done, err = load(path, s.Trainer, s.text)
		return s, err
	}
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("run: %s already holds a run; continue it with --resume or choose another --out", out)
	}
	return s, nil
}

// Done is how many epochs are behind the session.
func (s *Session) Done() int { return s.done }

// Run trains until the last epoch or until ctx ends, saving a checkpoint after
// every epoch. An epoch that ctx interrupts is lost: it is done again, the
// same, on resuming.
func (s *Session) Run(ctx context.Context) error {
	loader := augment.NewLoader(s.Train, s.Config.Augment, Spec, s.Config.Seed, s.Config.Batch, 0)
	defer loader.Close()
	for epoch := s.done; epoch < s.Config.Epochs; epoch++ {
		row, err := s.epoch(ctx, loader, epoch)
		if err != nil {
			return err
		}
		s.done = epoch + 1
		if s.done%s.Config.EvalEvery == 0 || s.done == s.Config.Epochs {
			if err := s.evaluate(&row); err != nil {
				return err
			}
		}
		if err := save(filepath.Join(s.Out, checkpointName), s.Trainer, s.text, s.done); err != nil {
			return err
		}
		if s.Epoch != nil {
			s.Epoch(row)
		}
	}
	return nil
}

// errDiverged ends a run whose loss is not a number.
var errDiverged = errors.New("run: the loss is no longer a number; resume from the checkpoint with a lower lr or a lower clip_norm")

// resolution is the biggest child's in an epoch: that of the first phase that
// is not over, and the space's biggest after the last.
func (s *Session) resolution(epoch int) int {
	for _, p := range s.Config.Phases {
		if epoch < p.Until {
			return p.Resolution
		}
	}
	r := s.Trainer.Weights.Space.Resolutions
	return r[len(r)-1]
}

func (s *Session) epoch(ctx context.Context, loader *augment.Loader, epoch int) (Row, error) {
	row := Row{Epoch: epoch + 1, Resolution: s.resolution(epoch), ValSmallest: -1, ValMiddle: -1, ValBiggest: -1}
	steps := s.Train.Len() / s.Config.Batch
	resized := map[int][]float32{}
	seen, began := 0.0, time.Now()
	right := [2]float64{}
	step := 0
	for b := range loader.Epoch(ctx, epoch, row.Resolution, 0) {
		row.LearningRate = s.schedule.Rate(float64(epoch) + float64(step)/float64(steps))
		at := func(resolution int) []float32 {
			if resolution == row.Resolution {
				return b.Images
			}
			x := resized[resolution]
			if x == nil {
				x = make([]float32, b.N*resolution*resolution*3)
				resized[resolution] = x
			}
			preprocess.NewResampler(row.Resolution, resolution).Resize(x, b.Images, b.N, 3)
			return x
		}
		r := rand.New(rand.NewPCG(s.Config.Seed, uint64(1+s.Trainer.Updates)))
		res := s.Trainer.Step(trainer.Batch[float32]{
			Labels: b.Labels, Mixed: b.Mixed, Weight: b.Weight, At: at, MaxResolution: row.Resolution,
			LabelShare: max(0, 1-(float64(epoch)+float64(step)/float64(steps))/max(s.Config.DistillWarmup, 1e-9)),
		}, row.LearningRate, r)
		big, small := res.Children[0], res.Children[1]
		if math.IsNaN(big.Loss) || math.IsInf(big.Loss, 0) || math.IsNaN(res.GradNorm) {
			return row, errDiverged
		}
		row.LossBiggest += big.Loss
		row.LossSmallest += small.Loss
		row.GradNorm += res.GradNorm
		right[0] += float64(big.Correct)
		right[1] += float64(small.Correct)
		step++
		seen += float64(b.N)
		row.ImagesPerSecond = seen / time.Since(began).Seconds()
		if s.Step != nil {
			s.Step(epoch, step, steps, row.ImagesPerSecond, big.Loss)
		}
		loader.Recycle(b)
	}
	if err := ctx.Err(); err != nil {
		return row, err
	}
	row.LossBiggest /= float64(step)
	row.LossSmallest /= float64(step)
	row.GradNorm /= float64(step)
	row.TrainBiggest, row.TrainSmallest = right[0]/seen, right[1]/seen
	return row, nil
}

// Best returns the weights to use: the moving average where there is one.
func (s *Session) Best() *supernet.Weights {
	if s.Trainer.Average != nil {
		return s.Trainer.Average
	}
	return s.Trainer.Weights
}

// Middle is the child half way between the smallest and the biggest in every
// dimension, rounded down; a fixed point to watch.
func Middle(s *arch.Space) arch.Arch {
	mid := func(of []int) int { return of[(len(of)-1)/2] }
	a := s.Max()
	a.Resolution, a.Stem, a.Head = mid(s.Resolutions), mid(s.Stem), mid(s.Head)
	for i, st := range s.Stages {
		c := &a.Stages[i]
		c.Width, c.Depth, c.Expansion = mid(st.Widths), mid(st.Depths), mid(st.Expansions)
		c.Kernels = c.Kernels[:c.Depth]
		for j := range c.Kernels {
			c.Kernels[j] = mid(st.Kernels)
		}
	}
	return a
}

func (s *Session) evaluate(row *Row) error {
	space := s.Trainer.Weights.Space
	for _, c := range []struct {
		a   arch.Arch
		out *float64
	}{{space.Min(), &row.ValSmallest}, {Middle(space), &row.ValMiddle}, {space.Max(), &row.ValBiggest}} {
		acc, err := CalibrateAndEvaluate(s.Best(), c.a, s.Train, s.Val, Spec, s.Config.CalibrationImages)
		if err != nil {
			return err
		}
		*c.out = acc.Top1
	}
	return nil
}
