package run

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/train/config"
)

// MemoryPlan is the memory that a run takes, estimated from shapes, in bytes.
// Images of the data set are not in it.
type MemoryPlan struct {
	Weights     int64 `json:"weights"`
	Gradients   int64 `json:"gradients"` // with those gathered over micro-batches
	Optimiser   int64 `json:"optimiser"`
	Average     int64 `json:"average"`
	Activations int64 `json:"activations"` // of the biggest child's pass, forward and backward
	Input       int64 `json:"input"`       // the images of a pass at every resolution
	Evaluation  int64 `json:"evaluation"`  // while the biggest child's batch normalisation is calibrated
	Checkpoint  int64 `json:"checkpoint"`  // while one is written
}

// Total is all of it.
func (m MemoryPlan) Total() int64 {
	return m.Weights + m.Gradients + m.Optimiser + m.Average + m.Activations + m.Input + max(m.Evaluation, m.Checkpoint)
}

// Memory estimates what a run with this configuration takes.
func Memory(c config.Config, classes int) MemoryPlan {
	space, err := c.SearchSpace()
	if err != nil { // checked with the configuration
		return MemoryPlan{}
	}
	biggest := space.Max()
	w := 4 * cost.ForClasses(biggest, classes).Params
	m := MemoryPlan{Weights: w, Gradients: w, Optimiser: w}
	if c.Optimiser != "sgd" {
		m.Optimiser = 2 * w
	}
	if c.EMA > 0 {
		m.Average = w
	}
	if c.Pass() < c.Batch {
		m.Gradients = 2 * w
	}
	// Written whole into memory, in a buffer that doubles, then to the disk.
	m.Checkpoint = 2 * (m.Weights + m.Optimiser + m.Average)
	if c.Alone != "" {
		if a, err := space.Parse(c.Alone); err == nil { // checked with the configuration
			biggest = a
		}
	}
	n := int64(c.Pass())
	forward, backward := passElements(biggest, n)
	m.Activations = int64(4 * chunkEnds * float64(forward+backward))
	forward, _ = passElements(biggest, evaluationBatch)
	m.Evaluation = int64(4 * chunkEnds * float64(forward))
	for _, r := range space.Resolutions {
		if r <= biggest.Resolution {
			m.Input += 4 * n * int64(r) * int64(r) * 3
		}
	}
	m.Input += 3 * 4 * n * int64(biggest.Resolution*biggest.Resolution) * 3 // batches made ahead
	return m
}

// chunkEnds is how much bigger an arena is than what lies in it, because the ends
// of its chunks stay empty: up to 1.4 times, as measured on both spaces with 4 to
// 32 images; TestMemory watches it.
const chunkEnds = 1.4

// passElements is what a forward pass of n images keeps in an arena, and what a
// backward pass takes besides. Forward, a block leaves the inputs of its batch
// normalisations and its output; backward, two gradients of a block's input take
// turns, and inside a block there are those of its expanded features.
func passElements(a arch.Arch, n int64) (forward, backward int64) {
	net := a.Network()
	px := func(side int) int64 { return n * int64(side) * int64(side) }
	kept := 2 * px(net.Stem.OutSize) * int64(net.Stem.Out) // before and after its activation
	last := net.BeforePool()
	inside, turn := int64(0), px(last.Size)*int64(last.In)
	for _, b := range net.Blocks {
		in, out := px(b.Size), px(b.OutSize)
		if b.Expand {
			kept += in * int64(b.Mid)
		}
		kept += out * int64(b.Mid+2*b.Out)
		within := out * int64(b.Mid)
		if b.Expand {
			within += in * int64(b.Mid)
		}
		if b.Shortcut == arch.Project {
			kept += out * int64(b.Out)
		}
		if b.Shortcut != arch.NoShortcut && b.Stride == 2 {
			kept += out * int64(b.In)
			within += out * int64(b.In)
		}
		inside = max(inside, within)
		turn = max(turn, in*int64(b.In))
	}
	kept += px(last.Size) * int64(last.Out)
	inside = max(inside, px(last.Size)*int64(last.Out))
	const bands = 1 << 20 // of each thread, with its own gradients
	return kept, inside + 2*turn + bands*int64(kernel.Threads())
}

// tooBig says that the machine cannot hold the run and what would fit.
func tooBig(c config.Config, classes int, need, have int64) error {
	hint := "take a machine with more memory"
	fits := 0
	for b := 2; b < c.Pass(); b++ {
		smaller := c
		if smaller.MicroBatch = b; c.Batch%b == 0 && Memory(smaller, classes).Total() < have*9/10 {
			fits = b
		}
	}
	if fits > 0 {
		hint = fmt.Sprintf("micro_batch = %d would fit: gradients are the same sum, batch normalisation sees %d images", fits, fits)
	}
	return fault.New("memory", hint, "the run needs about %s of memory with %d images of %s in a pass, and %s is free", Bytes(need), c.Pass(), c.Space, Bytes(have))
}

// Bytes writes a number of bytes for people.
func Bytes(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
