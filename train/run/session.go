package run

import (
	"math/rand/v2"
	"path/filepath"
	"time"

	"bignas/core/arch"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/config"
	"bignas/train/dataset"
)

// Entries of a released file's metadata that say how it was trained.
const (
	keyTraining = "training" // the configuration
	keyEpochs   = "epochs"   // that it was trained for
)

// Spec is the preprocessing that weights are trained for: the statistics of
// ImageNet, the whole short side.
var Spec = preprocess.Spec{
	Mean:   [3]float32{0.485, 0.456, 0.406},
	Std:    [3]float32{0.229, 0.224, 0.225},
	Crop:   1,
	Filter: preprocess.CatmullRom,
}

// Row is one line of a run's metrics: what an epoch did. Where one child is
// trained alone, what is said of the biggest child is that child's. A negative
// value was not measured.
type Row struct {
	Epoch         int     `json:"epoch"` // epochs done
	LearningRate  float64 `json:"lr"`
	Resolution    int     `json:"resolution"` // of the biggest child in this epoch
	LossBiggest   float64 `json:"loss_biggest"`
	LossRandom    float64 `json:"loss_random"`   // mean of the random children, against their targets
	LossSmallest  float64 `json:"loss_smallest"` // against its target: the biggest child's softmax
	TrainBiggest  float64 `json:"train_biggest"` // share of augmented training images named right
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

// Position is how far a run is, for whoever watches it.
type Position struct {
	Epoch, Step, Steps  int // epoch from 0; steps done of the epoch's
	ImagesPerSecond     float64
	Loss                float64       // the biggest child's in the last step
	EpochLeft, RunLeft  time.Duration // at this speed; the run's without pauses for checkpoints
	LearningRate        float64
	Resolution, Updates int
}

// Session is a training run: its data, its trainer and where it writes.
type Session struct {
	Config config.Config
	Data   *dataset.Dataset
	Out    string // folder of the checkpoints
	// What follows may be nil. Step hears of every step; Epoch of every epoch,
	// before its checkpoint is written; an error of Epoch ends the run. Rolled
	// hears when the watchdog went back.
	Step   func(Position)
	Epoch  func(Row) error
	Rolled func(Rollback) error

	Trainer    *trainer.Trainer[float32]
	Train, Val dataset.Subset
	Notes      []string // what was made to fit for the run to begin, lines for people

	space    *arch.Space
	alone    *arch.Arch // the only child, nil in a run of the whole supernet
	text     string     // the configuration as the checkpoint keeps it
	schedule trainer.Schedule
	cost     *costs
	state    state
	sum      *supernet.Weights // gradients of micro-batches so far, nil without
	drawn    []arch.Arch       // the children of the update under way
	spoil    func(updates int) // for tests: hurts the weights before an update
}

// split takes the images to train and to validate on from the data.
func (s *Session) split() {
	s.Train, _, s.Val = Split(s.Config, s.Data)
	s.Train = s.Train.Limit(s.Config.TrainImages)
}

// build makes the trainer that the configuration describes.
func (s *Session) build(classes int) error {
	c := s.Config
	var err error
	if s.space, err = c.SearchSpace(); err != nil {
		return err
	}
	if c.Alone != "" {
		a, err := s.space.Parse(c.Alone)
		if err != nil {
			return err
		}
		s.alone = &a
	}
	s.cost = newCosts(c, s.space, classes)
	w, err := supernet.NewWeights(s.space, classes)
	if err != nil {
		return err
	}
	w.Init(rand.New(rand.NewPCG(c.Seed, 0)), c.ZeroGamma)
	o, err := trainer.NewOptimiser(c.Optimiser, c.Momentum, c.RMSDecay, c.RMSEps, w)
	if err != nil {
		return err
	}
	s.Trainer = trainer.New(trainer.Config{
		RandomChildren: c.RandomChildren, RandomOnly: !c.Sandwich, Distill: c.Distill, LabelSmoothing: c.LabelSmoothing,
		Dropout: c.Dropout, DropConnect: c.DropConnect, RegulariseAll: c.RegulariseAll, WeightDecay: c.WeightDecay, DecayAll: c.DecayBNBias,
		ClipNorm: c.ClipNorm, EMA: c.EMA,
	}, w, o)
	s.Trainer.Arena.Grow = HugePages
	s.Trainer.Draw = s.draw
	if c.Pass() < c.Batch {
		s.sum = w.Like()
	}
	s.schedule = scheduleOf(c)
	return s.schedule.Check()
}

func scheduleOf(c config.Config) trainer.Schedule {
	return trainer.Schedule{Kind: c.Schedule, Peak: c.PeakLR(), Warmup: c.WarmupEpochs, DecayRate: c.DecayRate,
		DecayEpochs: c.DecayEpochs, Epochs: float64(c.Epochs), EndFraction: c.EndFraction}
}

// Done is how many epochs are behind the session.
func (s *Session) Done() int { return s.state.Epoch }

// Rate is the learning rate at a time in epochs, after what the watchdog has
// taken away.
func (s *Session) Rate(epoch float64) float64 { return s.schedule.Rate(epoch) * s.state.Factor }

// Best returns the weights to use: the moving average where there is one.
func (s *Session) Best() *supernet.Weights {
	if s.Trainer.Average != nil {
		return s.Trainer.Average
	}
	return s.Trainer.Weights
}

// UseBest takes the weights of the checkpoint with the best validation accuracy
// (Score) in place of the last one's, and returns after how many epochs that was.
func (s *Session) UseBest() (epoch int, err error) {
	s.state, err = load(filepath.Join(s.Out, bestName), s.Trainer, s.Config)
	return s.state.Epoch, err
}
