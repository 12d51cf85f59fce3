package run

import (
	"fmt"
	"math"

	"bignas/core/cost"
	"bignas/core/kernel"
	"bignas/train/config"
)

// Plan is what a training run will do and take, worked out before it begins.
// Times are measured on this machine on a few random images and scaled by
// arithmetic; memory is estimated from shapes.
type Plan struct {
	Space       string `json:"space"`
	TrainImages int    `json:"train_images"`
	ValImages   int    `json:"val_images"`
	Classes     int    `json:"classes"`
	Stored      int64  `json:"stored_bytes"` // of all images as the trainer keeps them

	Epochs          int    `json:"epochs"`
	Batch           int    `json:"batch"`
	Pass            int    `json:"pass"` // images at once
	UpdatesPerEpoch int    `json:"updates_per_epoch"`
	Updates         int    `json:"updates"`
	Rates           []Rate `json:"learning_rates"`

	Parameters   int64      `json:"parameters"`
	SmallestMACs int64      `json:"smallest_macs"` // of a forward pass of one image
	BiggestMACs  int64      `json:"biggest_macs"`
	ImageMACs    float64    `json:"image_macs"` // of all children of a step, forward, at the last resolution
	Memory       MemoryPlan `json:"memory"`
	MemoryTotal  int64      `json:"memory_total"`
	MemoryFree   int64      `json:"memory_free"` // 0: not known

	Notes []string `json:"notes,omitempty"` // what was made to fit, lines for people

	Kernels       string  `json:"kernels"`
	Threads       int     `json:"threads"`
	Speed         Speed   `json:"speed"`
	UpdateSeconds float64 `json:"update_seconds"` // at the last resolution
	EpochSeconds  float64 `json:"epoch_seconds"`  // at the last resolution, without evaluation
	RunSeconds    float64 `json:"run_seconds"`    // with evaluations
}

// Rate is the learning rate at a point of the schedule.
type Rate struct {
	Epoch float64 `json:"epoch"`
	Rate  float64 `json:"rate"`
	What  string  `json:"what"`
}

// NewPlan plans a run of c on so many images. It runs a few updates of the real
// network to measure them, but builds no data set and writes nothing; progress
// hears what is measured. It fails where c does not fit the data or the machine
// cannot even hold the measurement.
func NewPlan(c config.Config, train, val, classes int, progress func(string)) (*Plan, error) {
	if c.TrainImages > 0 {
		train = min(train, c.TrainImages)
	}
	note, err := fitBatch(&c, train)
	if err != nil {
		return nil, err
	}
	s := &Session{Config: c, state: newState()}
	s.note(note)
	small := c // to measure on
	small.Batch, small.MicroBatch = measured, 0
	if need, have := Memory(small, classes).Total(), AvailableMemory(); have > 0 && need > have {
		return nil, tooBig(small, classes, need, have)
	}
	if err := s.build(classes); err != nil {
		return nil, err
	}
	last := resolution(c, s.space, s.alone, c.Epochs-1)
	p := &Plan{
		Space: c.Space, TrainImages: train, ValImages: val, Classes: classes, Stored: int64(train+val) * int64(c.Side*c.Side*3),
		Epochs: c.Epochs, Batch: c.Batch, Pass: c.Pass(), UpdatesPerEpoch: train / c.Batch, Updates: train / c.Batch * c.Epochs, Rates: s.milestones(),
		Parameters: int64(s.Trainer.Weights.Count()), SmallestMACs: cost.ForClasses(s.space.Min(), classes).MACs, BiggestMACs: cost.ForClasses(s.space.Max(), classes).MACs,
		ImageMACs: s.cost.img(last), Memory: Memory(c, classes), MemoryFree: AvailableMemory(), Notes: s.Notes,
		Kernels: kernel.Active(), Threads: kernel.Threads(),
	}
	p.MemoryTotal = p.Memory.Total()
	p.Speed = s.measureSpeed(last, progress)
	perMAC := p.Speed.PerImage / p.Speed.MACs
	passes := float64(c.Batch / c.Pass())
	overhead := passes*p.Speed.PerPass + p.Speed.PerUpdate
	p.UpdateSeconds = float64(c.Batch)*perMAC*p.ImageMACs + overhead
	p.EpochSeconds = p.UpdateSeconds * float64(p.UpdatesPerEpoch)
	p.RunSeconds = perMAC*s.cost.epochs(0, train, val) + overhead*float64(p.Updates)
	return p, nil
}

// milestones are the points of the schedule that one wants to see.
func (s *Session) milestones() []Rate {
	c, total := s.Config, float64(s.Config.Epochs)
	var out []Rate
	add := func(epoch float64, what string) {
		out = append(out, Rate{epoch, s.Rate(epoch), what})
	}
	if c.WarmupEpochs > 0 {
		add(c.WarmupEpochs/2, "half of the warm-up")
	}
	add(c.WarmupEpochs, "peak")
	ending := -1.0
	for e := c.WarmupEpochs; e < total && c.Schedule != "constant"; e += 0.1 {
		if s.Rate(e) <= s.schedule.Peak*s.schedule.EndFraction*(1+1e-9) {
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

// Verdict says in a sentence or two what the plan means on this machine.
func (p *Plan) Verdict() string {
	day := 86400.0
	updates := day / p.RunSeconds * float64(p.Updates)
	text := fmt.Sprintf("The whole run would take %s on this machine, day and night.", Lasting(p.RunSeconds))
	switch {
	case p.RunSeconds > 60*day:
		text += fmt.Sprintf(" That is not a plan: a day does %.0f updates, %.2g of an epoch. A machine that ends in a week would have to be %.0f times as fast. Here, train the space on fewer classes or images, at a lower resolution, or take the space nette.",
			updates, day/p.RunSeconds*float64(p.Epochs), math.Ceil(p.RunSeconds/(7*day)))
	case p.RunSeconds > 2*day:
		text += " Checkpoints are written after every epoch; --resume goes on after an interruption."
	}
	if p.MemoryFree > 0 && p.MemoryTotal > p.MemoryFree {
		text += fmt.Sprintf(" And it would be refused: it needs about %s of memory, %s is free.", Bytes(p.MemoryTotal), Bytes(p.MemoryFree))
	}
	return text
}

// Lasting writes a number of seconds for people.
func Lasting(s float64) string {
	const minute, hour, day, year = 60, 3600, 86400, 365.25 * 86400
	switch {
	case s < 2*minute:
		return fmt.Sprintf("%.1f seconds", s)
	case s < 2*hour:
		return fmt.Sprintf("%.0f minutes", s/minute)
	case s < 2*day:
		return fmt.Sprintf("%.1f hours", s/hour)
	case s < year:
		return fmt.Sprintf("%.1f days", s/day)
	}
	return fmt.Sprintf("%.1f years", s/year)
}
