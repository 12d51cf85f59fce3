package run

import (
	"fmt"

	"bignas/core/fault"
	"bignas/core/trainer"
	"bignas/train/config"
)

// share is a rank's part of an update: whole passes where there are enough of them, otherwise
// some images of every pass. What an update computes does not depend on the number of ranks.
type share struct {
	from, to int   // its passes of an update
	own      []int // its images of a pass, by position; nil: all
}

// shareOf returns the share of a rank. The configuration must have passed ShareOut.
func shareOf(c config.Config, rank, size int) share {
	passes, n := c.Batch/c.Pass(), c.Pass()
	if passes%size == 0 {
		return share{from: passes / size * rank, to: passes / size * (rank + 1)}
	}
	// Images i and n-1-i are mixed with each other, and stay together.
	s := share{to: passes}
	low, high := n/2*rank/size, n/2*(rank+1)/size
	for i := low; i < high; i++ {
		s.own = append(s.own, i)
	}
	if n%2 == 1 && rank == size-1 {
		s.own = append(s.own, n/2)
	}
	for i := n - high; i < n-low; i++ {
		s.own = append(s.own, i)
	}
	return s
}

// spread returns what a step needs to know of a batch that ranks share, or nil where they
// have whole ones.
func (s share) spread(pass int, sum func(x []float64)) *trainer.Spread {
	if s.own == nil {
		return nil
	}
	local := make([]int, pass)
	for i := range local {
		local[i] = -1
	}
	for at, i := range s.own {
		local[i] = at
	}
	return &trainer.Spread{Local: local, Sum: sum}
}

// config returns the configuration with the images that a rank's pass has, for estimates.
func (s share) config(c config.Config) config.Config {
	if s.own != nil {
		c.MicroBatch = len(s.own)
	}
	return c
}

// mine returns which steps of a loader of passes are this rank's, or nil for all.
func (s share) mine(passes int) func(step int) bool {
	if s.to-s.from == passes {
		return nil
	}
	return func(step int) bool { return step%passes >= s.from && step%passes < s.to }
}

// ShareOut settles how so many ranks of a run that begins share a batch: where the configuration
// leaves micro_batch open and batch normalisation is not synchronised, each normalises its
// own share. It says so in note, or why the ranks cannot share the batch.
func ShareOut(c *config.Config, size int, resume bool) (note string, err error) {
	if size == 1 {
		return "", nil
	}
	if c.MicroBatch == 0 && !c.SyncBN && !resume && c.Batch%size == 0 && c.Batch/size > 1 {
		c.MicroBatch = c.Batch / size
		note = fmt.Sprintf("micro_batch is made %d, a rank's share of the batch: batch normalisation is over these images, and the run keeps that with any number of ranks; with sync_bn = true it is over all %d", c.MicroBatch, c.Batch)
	}
	passes := c.Batch / c.Pass()
	switch {
	case passes%size == 0:
	case !c.SyncBN:
		return "", fault.New("bad_ranks", "start a number of ranks that divides the passes, or set sync_bn = true, with which ranks share a pass",
			"%d ranks cannot share a batch of %d: it has %d passes of %d images, each normalised by itself", size, c.Batch, passes, c.Pass())
	case c.Pass()/2 < size:
		return "", fault.New("bad_ranks", "start fewer ranks", "%d ranks cannot share a pass of %d images: each needs two at least", size, c.Pass())
	}
	return note, nil
}
