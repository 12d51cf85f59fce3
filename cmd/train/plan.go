package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/estimate"
	"bignas/train/plan"
	"bignas/train/run"
)

// plan prints what a run would do and take, without doing it.
func (f *runFlags) plan(p *cli.Program, c config.Config) error {
	val := int(math.Round(float64(f.Images) * c.ValFraction))
	train, classes := f.Images-val, f.Classes
	var table *dataset.Table
	if f.Images == 0 {
		small := c
		small.Side = 8 // only counted
		data, err := run.OpenData(f.Data, f.Names, small, p.Stderr)
		if fault.Of(err) != nil && fault.Of(err).Code == dataset.CodePrepared { // has a side of its own
			data, err = run.OpenData(f.Data, f.Names, c, p.Stderr)
		}
		if err != nil {
			return err
		}
		c = run.WithSplit(c, data, f.Out, f.Resume)
		if table, err = run.Survey(c, data, f.Skip); err != nil {
			return err
		}
		train, val, classes = table.Train, table.Val, len(data.Classes)
	}
	link, err := plan.ParseLink(f.Link, f.Latency)
	if err != nil {
		return err
	}
	planned, err := plan.New(c, train, val, classes, f.Ranks, link, func(what string) { fmt.Fprintln(p.Stderr, what) })
	if err != nil {
		return err
	}
	if f.JSON {
		return cli.Line(p.Stdout, struct {
			*plan.Plan
			Data *dataset.Table `json:"data,omitempty"`
		}{planned, table})
	}
	if table != nil {
		if err := table.Write(p.Stdout); err != nil {
			return err
		}
	}
	return showPlan(p.Stdout, planned)
}

// showPlan prints a plan for people.
func showPlan(w io.Writer, p *plan.Plan) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-16s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("data", "%d images to train on, %d to validate on, %d classes; stored they take %s, in memory, or on the disk after train prepare", p.TrainImages, p.ValImages, p.Classes, estimate.Bytes(p.Stored))
	line("network", "space %s, %.2f M parameters; children of %.0f to %.0f MMACs; an image costs %.0f MMACs forward in all children of a step",
		p.Space, float64(p.Parameters)/1e6, float64(p.SmallestMACs)/1e6, float64(p.BiggestMACs)/1e6, p.ImageMACs/1e6)
	line("steps", "%d epochs of %d updates, %d in all; a batch of %d, %d at once", p.Epochs, p.UpdatesPerEpoch, p.Updates, p.Batch, p.Pass)
	name := "learning rate"
	for _, r := range p.Rates {
		line(name, "%-9.4g at epoch %-6.4g %s", r.Rate, r.Epoch, r.What)
		name = ""
	}
	for _, note := range p.Notes {
		line("note", "%s", note)
	}
	m := p.Memory
	line("memory", "about %s: weights %s, gradients %s, optimiser %s, average %s, activations %s in %s, input %s,", estimate.Bytes(p.MemoryTotal),
		estimate.Bytes(m.Weights), estimate.Bytes(m.Gradients), estimate.Bytes(m.Optimiser), estimate.Bytes(m.Average), estimate.Bytes(m.Activations), p.Activations, estimate.Bytes(m.Input))
	free := "what is free is not known here"
	if p.MemoryFree > 0 {
		free = estimate.Bytes(p.MemoryFree) + " is free"
	}
	line("", "evaluation %s, writing a checkpoint %s; images of the data set come on top; %s (estimated from shapes)", estimate.Bytes(m.Evaluation), estimate.Bytes(m.Checkpoint), free)
	v := p.Speed
	line("measured here", "passes of %d and %d random images took %.3g s and %.3g s (median of %d rounds, kernels %s, %d threads), the update %.3g s",
		v.Images[0], v.Images[1], v.Passes[0], v.Passes[1], v.Rounds, p.Kernels, p.Threads, v.PerUpdate)
	line("so", "%.3g s an image, %.3g s an update, %.1f images/s, %s an epoch at the last resolution (scaled by MACs; reading and augmenting images is not in it)",
		p.UpdateSeconds/float64(p.Batch), p.UpdateSeconds, float64(p.Batch)/p.UpdateSeconds, estimate.Lasting(p.EpochSeconds))
	line("in all", "%s with evaluations; by the fastest and the slowest round, %s to %s", estimate.Lasting(p.RunSeconds),
		estimate.Lasting(v.Spread[0]*p.RunSeconds), estimate.Lasting(v.Spread[1]*p.RunSeconds))
	if r := p.Ranks; r != nil {
		showRanks(line, p, r)
		name = "one rank means"
	} else {
		name = "which means"
	}
	line(name, "%s", p.Verdict())
	_, err := io.WriteString(w, b.String())
	return err
}

// showRanks prints the plan for several ranks.
func showRanks(line func(name, format string, args ...any), p *plan.Plan, r *plan.Ranks) {
	where := "sharing this machine"
	if r.Link.Bits > 0 {
		where = fmt.Sprintf("each on a machine like this one, joined by %.4g Gb/s", r.Link.Bits/1e9)
	}
	line("ranks", "%d, %s, %d threads each: %d passes of %d images each in an update", r.Count, where, r.Threads, r.Passes, r.Images)
	if r.Threads < p.Threads {
		line("measured here", "with so many threads, passes of %d and %d random images took %.3g s and %.3g s, the update %.3g s",
			r.Speed.Images[0], r.Speed.Images[1], r.Speed.Passes[0], r.Speed.Passes[1], r.Speed.PerUpdate)
	}
	if r.Note != "" {
		line("note", "%s", r.Note)
	}
	line("sums", "%s of gradients, %.3g s, of which the backward pass hides %.3g s (%.3g ms a message; measured: copied at %.1f GB/s, added at %.1f GB/s)",
		estimate.Bytes(r.Gradients), r.Sums, r.Hidden, 1e3*r.Link.Latency, r.Memory.Copy/1e9, r.Memory.Add/1e9)
	if r.SyncBN > 0 {
		line("", "statistics of batch normalisation, %.3g s", r.SyncBN)
	}
	line("so", "%.3g s an update (%.3g s of it computing), %.1f images/s, %.2f times one rank", r.UpdateSeconds, r.Compute, float64(p.Batch)/r.UpdateSeconds, r.Speedup)
	line("in all", "%s with evaluations; docs/cluster.md has the model", estimate.Lasting(r.RunSeconds))
}
