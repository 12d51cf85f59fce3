// Package estimate works out what a training run takes before and while it runs: memory
// from shapes, and time from arithmetic.
package estimate

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/train/config"
	"bignas/train/measure"
)

// Memory is what a run takes, in bytes. Images of the data set are not counted.
type Memory struct {
	Weights     int64 `json:"weights"`
	Gradients   int64 `json:"gradients"` // with the sums over micro-batches
	Optimiser   int64 `json:"optimiser"`
	Average     int64 `json:"average"`
	Activations int64 `json:"activations"` // of the biggest child's pass, forward and backward
	Input       int64 `json:"input"`       // the images of a pass at all resolutions
	Evaluation  int64 `json:"evaluation"`  // while the BN statistics of the biggest child are calibrated
	Checkpoint  int64 `json:"checkpoint"`  // while one is written
}

// Total is the sum.
func (m Memory) Total() int64 {
	return m.Weights + m.Gradients + m.Optimiser + m.Average + m.Activations + m.Input + max(m.Evaluation, m.Checkpoint)
}

// MemoryOf estimates what a run with this configuration takes.
func MemoryOf(c config.Config, classes int) Memory {
	space, err := c.SearchSpace()
	if err != nil { // checked with the configuration
		return Memory{}
	}
	biggest := space.Max()
	w := 4 * cost.ForClasses(biggest, classes).Params
	m := Memory{Weights: w, Gradients: w, Optimiser: w}
	if c.Optimiser != "sgd" {
		m.Optimiser = 2 * w
	}
	if c.EMA > 0 {
		m.Average = w
	}
	if c.Pass() < c.Batch {
		m.Gradients = 2 * w
	}
	// Assembled in a buffer that doubles, then written to the disk.
	m.Checkpoint = 2 * (m.Weights + m.Optimiser + m.Average)
	biggest = c.Biggest(space)
	n := int64(c.Pass())
	kept := int64(4)
	if c.Activations == config.BFloat16 {
		kept = 2
	}
	forward, backward := passBytes(biggest, n, kept)
	m.Activations = int64(chunkEnds * float64(forward+backward))
	m.Evaluation = int64(chunkEnds * float64(calibrationBytes(biggest, measure.Batch)))
	for _, r := range space.Resolutions {
		if r <= biggest.Resolution {
			m.Input += 4 * n * int64(r) * int64(r) * 3
		}
	}
	m.Input += 3 * 4 * n * int64(biggest.Resolution*biggest.Resolution) * 3 // batches loaded ahead
	return m
}

// chunkEnds is the size of an arena over that of its contents, because the ends of its
// chunks stay empty: up to 1.4, measured on both spaces with 4 to 32 images; TestMemory
// checks it.
const chunkEnds = 1.4

// passBytes returns how much a forward pass of n images keeps in an arena, and how much the
// backward pass adds; kept is the size of a number that the one keeps for the other. Forward, a
// block keeps the inputs of its batch normalisations and its output; backward, two gradients of
// a block's input alternate, and inside a block there are those of its expanded features.
func passBytes(a arch.Arch, n, kept int64) (forward, backward int64) {
	net := a.Network()
	px := func(side int) int64 { return n * int64(side) * int64(side) }
	forward = 2 * kept * px(net.Stem.OutSize) * int64(net.Stem.Out) // before and after its activation
	last := net.BeforePool()
	inside, turn := int64(0), px(last.Size)*int64(last.In)
	for _, b := range net.Blocks {
		forward += kept * blockElements(b, n)
		in, out := px(b.Size), px(b.OutSize)
		within := kept * out * int64(b.Mid)
		if b.Expand {
			within += kept * in * int64(b.Mid)
		}
		if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
			within += 4 * out * int64(b.In)
		}
		inside = max(inside, within)
		turn = max(turn, in*int64(b.In))
	}
	head := kept * px(last.Size) * int64(last.Out)
	return forward + head, max(inside, head) + 2*4*turn + bands()
}

// blockElements returns how many numbers a forward pass of n images keeps of a block.
func blockElements(b arch.Block, n int64) int64 {
	in, out := n*int64(b.Size)*int64(b.Size), n*int64(b.OutSize)*int64(b.OutSize)
	kept := out * int64(b.Mid+2*b.Out)
	if b.Expand {
		kept += in * int64(b.Mid)
	}
	if b.Shortcut == arch.Project {
		kept += out * int64(b.Out)
	}
	if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
		kept += out * int64(b.In)
	}
	return kept
}

// calibrationBytes returns how much a forward pass of n images takes that keeps no more than a
// block and what goes into it.
func calibrationBytes(a arch.Arch, n int64) int64 {
	net := a.Network()
	stem := n * int64(net.Stem.OutSize) * int64(net.Stem.OutSize) * int64(net.Stem.Out)
	turn, inside := stem, stem
	for _, b := range net.Blocks {
		turn = max(turn, n*int64(b.OutSize)*int64(b.OutSize)*int64(b.Out))
		inside = max(inside, blockElements(b, n))
	}
	return 4*(2*turn+inside) + bands()
}

// bands is the scratch of all threads, with their own gradients.
func bands() int64 { return 4 << 20 * int64(kernel.Threads()) }

// CheckMemory fails where the machine cannot hold a run with this configuration, and
// says what would fit.
func CheckMemory(c config.Config, classes int) error {
	if need, have := MemoryOf(c, classes).Total(), AvailableMemory(); have > 0 && need > have {
		return tooBig(c, classes, need, have)
	}
	return nil
}

func tooBig(c config.Config, classes int, need, have int64) error {
	hint := "take a machine with more memory"
	fits := 0
	for b := 2; b < c.Pass(); b++ {
		smaller := c
		if smaller.MicroBatch = b; c.Batch%b == 0 && MemoryOf(smaller, classes).Total() < have*9/10 {
			fits = b
		}
	}
	if fits > 0 {
		hint = fmt.Sprintf("micro_batch = %d would fit: gradients are the same sum, batch normalisation sees %d images", fits, fits)
	}
	return fault.New("memory", hint, "the run needs about %s of memory with %d images of %s in a pass, and %s is free", Bytes(need), c.Pass(), c.Space, Bytes(have))
}

// Bytes formats a number of bytes in MiB or GiB.
func Bytes(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// Lasting formats a number of seconds in the unit that suits it.
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
