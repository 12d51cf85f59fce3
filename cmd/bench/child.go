package main

import (
	"errors"
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
)

type childFlags struct {
	outputFlags
	familyFlags
	rounds
	Threads []int  `default:"1,2" placeholder:"N" help:"Numbers of threads (default: 1,2)."`
	Profile string `placeholder:"FILE" writes:"" help:"Also write a CPU profile for go tool pprof."`
}

// childLine is what --json prints for a child on a number of threads.
type childLine struct {
	Bench   string  `json:"bench"` // "child"
	Space   string  `json:"space"`
	Arch    string  `json:"arch"`
	From    string  `json:"weights"`
	Kernels string  `json:"kernels"`
	Threads int     `json:"threads"`
	MACs    int64   `json:"macs"`
	MS      spread  `json:"ms"` // medians of the rounds
	GFLOPS  float64 `json:"gflops"`
	// OverFirst is this time over that of the first of the thread counts.
	OverFirst spread `json:"overFirst"`
}

func checkThreads(list []int) error {
	for _, n := range list {
		if n < 1 || n > 1024 {
			return fault.New("bad_flag", "take 1,2", "--threads has %d, allowed is 1 to 1024", n)
		}
	}
	return nil
}

func (f *childFlags) Run(p *cli.Program) (err error) {
	if err := checkThreads(f.Threads); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	warnIfBusy(p.Stderr)
	fam, archs, err := f.open()
	if err != nil {
		return err
	}
	stop, err := profile(f.Profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, a := range archs {
		lines, err := f.measure(fam, a)
		if err != nil {
			return err
		}
		for _, l := range lines {
			text := fmt.Sprintf("%s, %d threads, %s: %s ms, %.0f GFLOP/s, %s of the time on %d", title(a), l.Threads, l.Kernels, l.MS.text(3), l.GFLOPS, l.OverFirst.text(2), f.Threads[0])
			if err := f.line(p, l, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f childFlags) measure(fam *family, a arch.Arch) ([]childLine, error) {
	c, err := fam.child(a)
	if err != nil {
		return nil, err
	}
	run, _ := forward(c, noise(1, a.Resolution))
	var sides []runner
	for _, n := range f.Threads {
		sides = append(sides, onThreads(n, run))
	}
	ms, err := f.inTurn(sides...)
	if err != nil {
		return nil, err
	}
	macs := cost.ForClasses(a, fam.weights.Classes).MACs
	var lines []childLine
	for i, n := range f.Threads {
		s := spreadOf(ms[i])
		lines = append(lines, childLine{Bench: "child", Space: fam.space.Name, Arch: a.String(), From: fam.from, Kernels: kernel.Active(),
			Threads: n, MACs: macs, MS: s, GFLOPS: 2 * float64(macs) / s.Median / 1e6, OverFirst: ratios(ms[i], ms[0])})
	}
	return lines, nil
}
