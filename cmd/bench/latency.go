package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/latency"
	"bignas/train/atomicfile"
	"bignas/train/measure"
	"bignas/train/report"
)

type latencyFlags struct {
	outputFlags
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	Threads int    `default:"1" placeholder:"N" help:"Threads of a forward pass (default: 1)."`
	Rounds  int    `default:"3" placeholder:"N" help:"Number of times that each is measured, of which the best counts (default: 3)."`
	Check   int    `default:"50" placeholder:"N" help:"Random children that the error is measured on (default: 50)."`
	Seed    uint64 `default:"1" placeholder:"N" help:"Seed of the children (default: 1)."`
	Out     string `required:"" placeholder:"FILE" writes:"" help:"Table to write (JSON), for search --latency-table."`
}

// latencyLine is what --json prints.
type latencyLine struct {
	Bench    string         `json:"bench"` // "latency-table"
	File     string         `json:"file"`
	Space    string         `json:"space"`
	Device   measure.Device `json:"device"`
	Parts    int            `json:"parts"`
	Children int            `json:"children"` // unseen ones
	Error    float64        `json:"error"`    // mean, relative
	Worst    float64        `json:"worst"`
	Seconds  float64        `json:"seconds"` // that all of it took
}

// Run measures what a child takes on this machine, part by part.
func (f *latencyFlags) Run(p *cli.Program) error {
	if err := checkThreads([]int{f.Threads}); err != nil {
		return err
	}
	if f.Check < 1 || f.Rounds < 1 {
		return fault.New("bad_flag", "take 50 and 3", "--check is %d and --rounds %d, allowed is 1 or more", f.Check, f.Rounds)
	}
	e, err := cli.OpenWeights(f.Weights, p.Stderr)
	if err != nil {
		return err
	}
	if e.Statistics() == nil {
		return fault.New(classify.CodeNoStatistics, "export the weights with statistics", "%s has no BN statistics", f.Weights)
	}
	warnIfBusy(p.Stderr)
	before := kernel.Threads()
	kernel.SetThreads(f.Threads)
	defer kernel.SetThreads(before)
	info, start := e.Info(), time.Now()
	table := &measure.Latency{Space: info.Space, Classes: len(info.Labels),
		Device: measure.Device{Processor: processor(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Kernels: kernel.Active(), Threads: f.Threads}}
	if err := f.fill(p, table, e.Timer(func() time.Duration { return time.Since(start) }, nil)); err != nil {
		return err
	}
	took := time.Since(start)
	if err := table.Fit(); err != nil {
		return err
	}
	text, err := json.Marshal(table)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Out, append(text, '\n')); err != nil {
		return err
	}
	l := latencyLine{"latency-table", f.Out, info.SpaceName, table.Device, len(table.Rows), f.Check, table.Error, 0, took.Seconds()}
	for _, s := range table.Unseen {
		l.Worst = max(l.Worst, table.Model.Test([]latency.Sample{s}))
	}
	return f.line(p, l, fmt.Sprintf("wrote %s: %d parts of %s measured in %.1f s\n  %s\n  whole children: %.1f %% off in the mean, %.1f %% at worst, on %d that it was not scaled to",
		f.Out, l.Parts, l.Space, l.Seconds, l.Device, 100*l.Error, 100*l.Worst, l.Children))
}

// fill measures the parts, the children that they are scaled to, and others, in rounds, so that a disturbance does not
// affect all measurements of one.
func (f *latencyFlags) fill(p *cli.Program, t *measure.Latency, timer latency.Timer) error {
	bar := report.NewProgress(p.Stderr, "measuring", 0)
	defer bar.Finish()
	for round := range f.Rounds {
		m := latency.NewMeasurement(t.Space, t.Classes, f.Seed, timer)
		_, total := m.Progress()
		total += f.Check
		bar.Total(f.Rounds * total)
		for finished := false; !finished; {
			var err error
			if finished, err = m.Step(); err != nil {
				return err
			}
			done, _ := m.Progress()
			bar.Set(round*total+done, "")
		}
		model, _, _, err := m.Model()
		if err != nil {
			return err
		}
		var unseen []latency.Sample
		r := rand.New(rand.NewPCG(f.Seed, 0xc4ec))
		for i := range f.Check {
			a := t.Space.Sample(r)
			ms, err := timer.Child(a)
			if err != nil {
				return err
			}
			unseen = append(unseen, latency.Sample{Arch: a, MS: ms})
			bar.Set(round*total+total-f.Check+i+1, "")
		}
		if round == 0 {
			t.Rows, t.Scaled, t.Unseen = model.Rows, m.Scaled(), unseen
			continue
		}
		for i, row := range model.Rows { // in the same order: the seed is the same
			t.Rows[i].MS = min(t.Rows[i].MS, row.MS)
		}
		for i, s := range m.Scaled() {
			t.Scaled[i].MS = min(t.Scaled[i].MS, s.MS)
		}
		for i, s := range unseen {
			t.Unseen[i].MS = min(t.Unseen[i].MS, s.MS)
		}
	}
	return nil
}

// processor returns the name of the processor, or "" where it is not known.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for _, l := range strings.Split(string(text), "\n") {
		if name, is, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(is)
		}
	}
	return ""
}
