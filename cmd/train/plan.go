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
	"bignas/train/run"
)

// plan prints what a run would do and take, and does nothing of it.
func (p program) plan(f runFlags, c config.Config) error {
	val := int(math.Round(float64(f.Images) * c.ValFraction))
	train, classes := f.Images-val, f.Classes
	var table *dataset.Table
	if f.Images == 0 {
		small := c
		small.Side = 8 // only counted
		data, err := run.OpenData(f.Data, small, p.stderr, run.Named(f.Names))
		if fault.Of(err) != nil && fault.Of(err).Code == dataset.CodePrepared { // has a side of its own
			data, err = run.OpenData(f.Data, c, p.stderr, run.Named(f.Names))
		}
		if err != nil {
			return err
		}
		c = run.Settle(c, data, f.Out, f.Resume)
		if table, err = run.Survey(c, data, f.Skip); err != nil {
			return err
		}
		train, val, classes = table.Train, table.Val, len(data.Classes)
	}
	plan, err := run.NewPlan(c, train, val, classes, func(what string) { fmt.Fprintln(p.stderr, what) })
	if err != nil {
		return err
	}
	if f.JSON {
		return cli.Line(p.stdout, struct {
			*run.Plan
			Data *dataset.Table `json:"data,omitempty"`
		}{plan, table})
	}
	if table != nil {
		if err := table.Write(p.stdout); err != nil {
			return err
		}
	}
	return show(p.stdout, plan)
}

// show prints a plan for people.
func show(w io.Writer, p *run.Plan) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-16s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("data", "%d images to train on, %d to validate on, %d classes; stored they take %s, in memory, or on the disk after train prepare", p.TrainImages, p.ValImages, p.Classes, run.Bytes(p.Stored))
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
	line("memory", "about %s: weights %s, gradients %s, optimiser %s, average %s, activations %s, input %s,", run.Bytes(p.MemoryTotal),
		run.Bytes(m.Weights), run.Bytes(m.Gradients), run.Bytes(m.Optimiser), run.Bytes(m.Average), run.Bytes(m.Activations), run.Bytes(m.Input))
	free := "what is free is not known here"
	if p.MemoryFree > 0 {
		free = run.Bytes(p.MemoryFree) + " is free"
	}
	line("", "evaluation %s, writing a checkpoint %s; images of the data set come on top; %s (estimated from shapes)", run.Bytes(m.Evaluation), run.Bytes(m.Checkpoint), free)
	v := p.Speed
	line("measured here", "passes of %d and %d random images took %.3g s and %.3g s (median of %d rounds, kernels %s, %d threads), the update %.3g s",
		v.Images[0], v.Images[1], v.Passes[0], v.Passes[1], v.Rounds, p.Kernels, p.Threads, v.PerUpdate)
	line("so", "%.3g s an image, %.3g s an update, %.1f images/s, %s an epoch at the last resolution (scaled by MACs; reading and augmenting images is not in it)",
		p.UpdateSeconds/float64(p.Batch), p.UpdateSeconds, float64(p.Batch)/p.UpdateSeconds, run.Lasting(p.EpochSeconds))
	line("in all", "%s with evaluations; by the fastest and the slowest round, %s to %s", run.Lasting(p.RunSeconds),
		run.Lasting(v.Spread[0]*p.RunSeconds), run.Lasting(v.Spread[1]*p.RunSeconds))
	line("which means", "%s", p.Verdict())
	_, err := io.WriteString(w, b.String())
	return err
}
