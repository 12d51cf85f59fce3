// Package plan works out what a training run will do and take, without doing it.
package plan

import (
	"fmt"
	"math"

	"bignas/core/cost"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/estimate"
	"bignas/train/run"
)

// Plan is what a training run will do and take. Times are measured on this machine on a few random images and scaled by
// arithmetic; memory is estimated from shapes.
type Plan struct {
	Space       string `json:"space"`
	TrainImages int    `json:"train_images"`
	ValImages   int    `json:"val_images"`
	Classes     int    `json:"classes"`
	Stored      int64  `json:"stored_bytes"` // of all images as the trainer stores them

	Epochs          int    `json:"epochs"`
	Batch           int    `json:"batch"`
	Pass            int    `json:"pass"`        // images in a pass
	Activations     string `json:"activations"` // their type
	UpdatesPerEpoch int    `json:"updates_per_epoch"`
	Updates         int    `json:"updates"`
	Rates           []Rate `json:"learning_rates"`

	Parameters   int64           `json:"parameters"`
	SmallestMACs int64           `json:"smallest_macs"` // of a forward pass of one image
	BiggestMACs  int64           `json:"biggest_macs"`
	ImageMACs    float64         `json:"image_macs"` // of all children of a step, forward, at the last resolution
	Memory       estimate.Memory `json:"memory"`
	MemoryTotal  int64           `json:"memory_total"`
	MemoryFree   int64           `json:"memory_free"` // 0 where not known

	Notes []string `json:"notes,omitempty"` // what was changed to fit, one sentence each

	Kernels       string  `json:"kernels"`
	Threads       int     `json:"threads"`
	Speed         Speed   `json:"speed"`
	UpdateSeconds float64 `json:"update_seconds"` // at the last resolution
	EpochSeconds  float64 `json:"epoch_seconds"`  // at the last resolution, without evaluation
	RunSeconds    float64 `json:"run_seconds"`    // with evaluations

	Ranks *Ranks `json:"ranks,omitempty"` // nil for one rank
}

// Rate is the learning rate at a point of the schedule.
type Rate struct {
	Epoch float64 `json:"epoch"`
	Rate  float64 `json:"rate"`
	What  string  `json:"what"`
}

// New plans a run of c on so many images. It runs a few updates of the real network to
// time them, but reads no images and writes nothing; progress is told what is being
// timed. It fails where c does not fit the data, or the machine cannot even hold the
// updates that are timed, or so many ranks cannot share a batch.
func New(c config.Config, train, val, classes, ranks int, link Link, progress func(string)) (*Plan, error) {
	if c.TrainImages > 0 {
		train = min(train, c.TrainImages)
	}
	note, err := c.FitBatch(train)
	if err != nil {
		return nil, err
	}
	shared := Ranks{Count: ranks, Link: link}
	if _, err := shared.share(c); err != nil {
		return nil, err
	}
	small := c // to measure on
	small.Batch, small.MicroBatch = timedImages, 0
	if err := estimate.CheckMemory(small, classes); err != nil {
		return nil, err
	}
	t, err := run.NewTrainer(c, classes)
	if err != nil {
		return nil, err
	}
	space, work, last := t.Weights.Space, estimate.NewWork(c, t.Weights.Space, classes), c.Resolution(c.Epochs-1)
	p := &Plan{
		Space: c.Space, TrainImages: train, ValImages: val, Classes: classes, Stored: int64(train+val) * int64(c.Side*c.Side*3),
		Epochs: c.Epochs, Batch: c.Batch, Pass: c.Pass(), Activations: c.Activations, UpdatesPerEpoch: train / c.Batch, Updates: train / c.Batch * c.Epochs, Rates: milestones(c),
		Parameters: int64(t.Weights.Count()), SmallestMACs: cost.ForClasses(space.Min(), classes).MACs, BiggestMACs: cost.ForClasses(space.Max(), classes).MACs,
		ImageMACs: work.Image(last), Memory: estimate.MemoryOf(c, classes), MemoryFree: estimate.AvailableMemory(),
		Kernels: kernel.Active(), Threads: kernel.Threads(),
	}
	if note != "" {
		p.Notes = []string{note}
	}
	p.MemoryTotal = p.Memory.Total()
	p.Speed = timeUpdates(t, work, last, progress)
	perMAC := p.Speed.PerImage / p.Speed.MACs
	passes := float64(c.Batch / c.Pass())
	overhead := passes*p.Speed.PerPass + p.Speed.PerUpdate
	p.UpdateSeconds = float64(c.Batch)*perMAC*p.ImageMACs + overhead
	p.EpochSeconds = p.UpdateSeconds * float64(p.UpdatesPerEpoch)
	p.RunSeconds = perMAC*work.Epochs(0, train, val) + overhead*float64(p.Updates)
	if ranks == 1 {
		return p, nil
	}
	children := 2 + c.RandomChildren
	if c.Alone != "" {
		children = 1
	}
	shared.Speed = p.Speed
	if shared.Threads, _ = shared.perRank(p.Threads); shared.Threads < p.Threads {
		kernel.SetThreads(shared.Threads)
		defer kernel.SetThreads(p.Threads)
		shared.Speed = timeUpdates(t, work, last, progress)
	}
	shared.Memory = timeMemory(4 * p.Parameters)
	return p, p.addRanks(shared, c, work, children*len(supernet.BNLayers(space.Max())))
}

// milestones are the points of the schedule that are worth printing.
func milestones(c config.Config) []Rate {
	schedule, total := c.Rate(), float64(c.Epochs)
	var out []Rate
	add := func(epoch float64, what string) {
		out = append(out, Rate{epoch, schedule.Rate(epoch), what})
	}
	if c.WarmupEpochs > 0 {
		add(c.WarmupEpochs/2, "half of the warm-up")
	}
	add(c.WarmupEpochs, "peak")
	ending := -1.0
	for e := c.WarmupEpochs; e < total && c.Schedule != "constant"; e += 0.1 {
		if schedule.Rate(e) <= schedule.Peak*schedule.EndFraction*(1+1e-9) {
			ending = e
			break
		}
	}
	for _, q := range []float64{0.25, 0.5, 0.75} {
		if e := q * total; e > c.WarmupEpochs {
			if ending >= 0 && e >= ending {
				break
			}
			add(e, fmt.Sprintf("%.0f %% of the epochs", 100*q))
		}
	}
	if ending >= 0 {
		add(math.Round(10*ending)/10, "constant ending begins")
	}
	add(total, "end")
	return out
}

// Verdict says in a few sentences what the plan means on this machine.
func (p *Plan) Verdict() string {
	day := 86400.0
	updates := day / p.RunSeconds * float64(p.Updates)
	text := fmt.Sprintf("The whole run would take %s on this machine, day and night.", estimate.Lasting(p.RunSeconds))
	switch {
	case p.RunSeconds > 60*day:
		text += fmt.Sprintf(" That is not a plan: a day does %.0f updates, %.2g of an epoch. A machine that ends in a week would have to be %.0f times as fast. Here, train the space on fewer classes or images, at a lower resolution, or take the space nette.",
			updates, day/p.RunSeconds*float64(p.Epochs), math.Ceil(p.RunSeconds/(7*day)))
	case p.RunSeconds > 2*day:
		text += " Checkpoints are written after every epoch; --resume goes on after an interruption."
	}
	if p.MemoryFree > 0 && p.MemoryTotal > p.MemoryFree {
		text += fmt.Sprintf(" And it would be refused: it needs about %s of memory, %s is free.", estimate.Bytes(p.MemoryTotal), estimate.Bytes(p.MemoryFree))
	}
	return text
}
