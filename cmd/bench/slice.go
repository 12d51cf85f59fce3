package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

type sliceFlags struct {
	outputFlags
	familyFlags
	Threads  []int `default:"1,2" placeholder:"N" help:"Numbers of threads (default: 1,2)."`
	Children int   `default:"40" placeholder:"N" help:"Random architectures for each (default: 40). Not with --arch."`
	Seed     int64 `default:"1" placeholder:"N" help:"Seed of the architectures (default: 1)."`
}

// sliceLine is what --json prints for a number of threads.
type sliceLine struct {
	Bench    string `json:"bench"` // "slice"
	Space    string `json:"space"`
	From     string `json:"weights"`
	Kernels  string `json:"kernels"`
	Threads  int    `json:"threads"`
	Children int    `json:"children"`
	// Predicted says whether the time includes predicting the BN statistics; random weights have no model of them.
	Predicted bool   `json:"predicted"`
	SliceMS   spread `json:"sliceMs"`   // statistics, folding, packing
	FirstMS   spread `json:"firstMs"`   // all of it: slice, then the first forward pass
	ForwardMS spread `json:"forwardMs"` // one forward pass of that child afterwards
	Ratio     spread `json:"ratio"`     // first over forward, child by child
}

// sliced is the times of one new architecture, in milliseconds.
type sliced struct{ slice, first, forward float64 }

func (f *sliceFlags) Run(p *cli.Program) error {
	if err := checkThreads(f.Threads); err != nil {
		return err
	}
	if f.Children < 1 {
		return fault.New("bad_flag", "leave it out", "--children is %d, allowed is 1 or more", f.Children)
	}
	warnIfBusy(p.Stderr)
	fam, archs, err := f.open()
	if err != nil {
		return err
	}
	if len(f.Arch) == 0 {
		archs = nil
		r := rand.New(rand.NewPCG(uint64(f.Seed), 3))
		for range f.Children {
			archs = append(archs, fam.space.Sample(r))
		}
	}
	for _, threads := range f.Threads {
		l, err := measureSlice(fam, archs, threads)
		if err != nil {
			return err
		}
		if err := f.line(p, l, l.text()); err != nil {
			return err
		}
	}
	return nil
}

func (l sliceLine) text() string {
	return fmt.Sprintf("%d children of %s (%s), %d threads, %s: first logits %s of one forward pass; slice %s ms, forward %s ms",
		l.Children, l.Space, l.From, l.Threads, l.Kernels, l.Ratio.text(2), l.SliceMS.text(2), l.ForwardMS.text(2))
}

func measureSlice(fam *family, archs []arch.Arch, threads int) (sliceLine, error) {
	kernel.SetThreads(threads)
	defer kernel.SetThreads(0)
	l := sliceLine{Bench: "slice", Space: fam.space.Name, From: fam.from, Kernels: kernel.Active(), Threads: threads, Children: len(archs), Predicted: fam.predicts}
	var slice, first, forward, ratio []float64
	var last *supernet.Child
	before := warmUp(fam.space)
	for i, a := range append(before, archs...) {
		s, c, err := sliceOnce(fam, a, last)
		if err != nil {
			return l, err
		}
		if last = c; i < len(before) {
			continue
		}
		slice, first, forward = append(slice, s.slice), append(first, s.first), append(forward, s.forward)
		ratio = append(ratio, s.first/s.forward)
	}
	l.SliceMS, l.FirstMS, l.ForwardMS, l.Ratio = spreadOf(slice), spreadOf(first), spreadOf(forward), spreadOf(ratio)
	return l, nil
}

// warmUp is the number of children before those that are timed, as on a page that has been used: the program is loaded,
// and there is memory of earlier children to reuse.
func warmUp(s *arch.Space) []arch.Arch {
	r := rand.New(rand.NewPCG(7, 7))
	return []arch.Arch{s.Max(), s.Min(), s.Sample(r), s.Sample(r), s.Sample(r), s.Sample(r)}
}

// sliceOnce times a new child, as when a slider moves: statistics, slice and one forward pass; then that pass alone, the
// median of seven. It recycles the child before.
func sliceOnce(fam *family, a arch.Arch, last *supernet.Child) (s sliced, c *supernet.Child, err error) {
	x := noise(1, a.Resolution)
	statistics := fam.statistics
	if !fam.predicts {
		st, err := fam.statistics(a)
		if err != nil {
			return s, nil, err
		}
		statistics = fixed(st)
	}
	start := time.Now()
	st, err := statistics(a)
	if err != nil {
		return s, nil, err
	}
	c, err = fam.weights.Child(a, st)
	if err != nil {
		return s, nil, err
	}
	c.Recycle(last)
	s.slice = time.Since(start).Seconds() * 1e3
	if _, err := c.Forward(x, 1, nil); err != nil {
		return s, nil, err
	}
	s.first = time.Since(start).Seconds() * 1e3
	run, _ := forward(c, x)
	again, err := run(7)
	if err != nil {
		return s, nil, err
	}
	s.forward = spreadOf(again).Median
	return s, c, nil
}
