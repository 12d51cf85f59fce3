package main

import (
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	head "bignas/core/teach"
	"bignas/train/atomicfile"
	"bignas/train/report"
	"bignas/train/run"
	"bignas/train/teach"
)

type teachFlags struct {
	Data    string `required:"" placeholder:"DATA" help:"Images of the new classes: a folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Names   string `name:"class-names" placeholder:"FILE" help:"Names of the classes for people, as for training."`
	Skip    bool   `name:"skip-empty" help:"Leave out classes whose folder has no image that can be read, rather than refusing to train."`
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file to begin with (default: ${weights})."`
	Output  string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write."`
	Steps   int    `placeholder:"N" help:"At most so many steps (default: 30)."`
	Seed    uint64 `default:"1" placeholder:"N" help:"Of the children at random (default: 1)."`
	JSON    bool   `name:"json" help:"One JSON object on standard output."`
}

// Run trains a classifier for other classes and writes the weights file with it.
func (f *teachFlags) Run(p *cli.Program) error {
	if f.Steps < 0 {
		return fault.New("bad_flag", "leave it out", "--steps is %d, allowed is 1 or more", f.Steps)
	}
	file, err := readWeights(f.Weights)
	if err != nil {
		return err
	}
	base, err := teach.Open(file, f.Weights, f.Seed)
	if err != nil {
		return err
	}
	data, err := run.OpenData(f.Data, f.Names, base.Config, p.Stderr)
	if err != nil {
		return err
	}
	defer data.Close()
	table, err := teach.Survey(base.Config, data, f.Skip)
	if err != nil {
		return err
	}
	if err := table.Write(p.Stderr); err != nil {
		return err
	}
	bar := report.NewProgress(p.Stderr, "looking at images", 0)
	r, err := base.Head(p.Context(), data, teach.Options{Steps: f.Steps, Seed: f.Seed, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
		if done == total {
			bar.Finish()
		}
	}})
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, r.File); err != nil {
		return err
	}
	return f.show(p, r)
}

// show prints what came out.
func (f *teachFlags) show(p *cli.Program, r *teach.Result) error {
	if f.JSON {
		return cli.Line(p.Stdout, map[string]any{"file": f.Output, "bytes": len(r.File), "images": r.Images, "held_out": r.HeldOut, "steps": r.Steps,
			"looking_seconds": r.Looking.Seconds(), "training_seconds": r.Training.Seconds(), "interrupted": r.Interrupted, "children": r.Children})
	}
	for _, m := range r.Children {
		fmt.Fprintf(p.Stdout, "%-9s top-1 %5.1f %% of %d held-out images  %s\n", m.Name, 100*m.Predicted, m.N, m.Arch)
	}
	if len(r.Children) == 0 {
		fmt.Fprintln(p.Stdout, "no image is held out: how accurate it is is not known; two images of a class are enough to hold one out")
	}
	how := ""
	if r.Interrupted {
		how = ", interrupted: what it had learnt by then is kept"
	}
	_, err := fmt.Fprintf(p.Stdout, "%d images seen by %d children in %.1f s; %d steps in %.2f s%s\nwrote %s, %d bytes; make run WEIGHTS=%s shows it in a browser\n",
		r.Images+r.HeldOut, 2+head.Random, r.Looking.Seconds(), r.Steps, r.Training.Seconds(), how, f.Output, len(r.File), f.Output)
	return err
}
