package main

import (
	"cmp"
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/dataset"
	"bignas/train/report"
	"bignas/train/run"
	"bignas/train/teach"
)

type teachFlags struct {
	Data     string `required:"" placeholder:"DATA" help:"Images of the new classes: a folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Names    string `name:"class-names" placeholder:"FILE" help:"Names of the classes for people, as for training."`
	Skip     bool   `name:"skip-empty" help:"Leave out classes whose folder has no image that can be read, rather than refusing to train."`
	Weights  string `default:"${weights}" placeholder:"FILE" help:"Weights file to begin with (default: ${weights})."`
	Output   string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write."`
	Steps    int    `placeholder:"N" help:"At most so many steps of the classifier (default: 30)."`
	Full     bool   `help:"Then fine-tune all weights, too: minutes to hours, and for a few points."`
	Epochs   int    `placeholder:"N" help:"With --full: epochs (default: those of the configuration fine-tune)."`
	Out      string `placeholder:"DIR" writes:"" help:"With --full: folder of the run, gone on with where it was interrupted (default: the output's name with .run)."`
	Children int    `default:"4" placeholder:"N" help:"Children at random that the classifier is trained for, besides the biggest and the smallest (default: 4)."`
	Seed     uint64 `default:"1" placeholder:"N" help:"Of the children at random (default: 1)."`
	JSON     bool   `name:"json" help:"One JSON object on standard output."`
}

// Run trains a classifier for other classes and writes the weights file with it.
func (f *teachFlags) Run(p *cli.Program) error {
	if f.Steps < 0 || f.Epochs < 0 || f.Children < 1 {
		return fault.New("bad_flag", "leave it out", "--steps is %d, --epochs %d and --children %d, allowed is 1 or more", f.Steps, f.Epochs, f.Children)
	}
	if !f.Full && (f.Epochs > 0 || f.Out != "") {
		return cli.Usage("--epochs and --out belong to --full")
	}
	if err := atomicfile.CanWrite(f.Output); err != nil {
		return err
	}
	file, err := cli.ReadWeights(f.Weights)
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
	r, err := base.Head(p.Context(), data, teach.Options{Steps: f.Steps, Random: f.Children, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
		if done == total {
			bar.Finish()
		}
	}})
	if err != nil {
		return err
	}
	if f.Full && !r.Interrupted {
		if err := f.show(p, r, "the classifier alone"); err != nil {
			return err
		}
		if r, err = f.full(p, base, data, r); err != nil {
			return err
		}
	}
	if err := atomicfile.Write(f.Output, r.File); err != nil {
		return err
	}
	return f.show(p, r, "")
}

// full fine-tunes all weights.
func (f *teachFlags) full(p *cli.Program, base *teach.Base, data *dataset.Dataset, r *teach.Result) (*teach.Result, error) {
	folder := cmp.Or(f.Out, f.Output+".run")
	p.Resume = "the last whole epoch is in " + folder + ", and the same command goes on"
	var bar *report.Progress
	set := func(title string, done, total int, text string) {
		if bar == nil {
			bar = report.NewProgress(p.Stderr, title, total)
		}
		bar.Total(total)
		if bar.Set(done, text); done == total {
			bar.Finish()
			bar = nil
		}
	}
	return base.Full(p.Context(), r, data, teach.FullOptions{Folder: folder, Epochs: f.Epochs,
		Begun: func(s *run.Run) {
			for _, note := range s.Notes {
				fmt.Fprintf(p.Stderr, "train: %s\n", note)
			}
			s.OnStep = func(at run.Position) {
				set(fmt.Sprintf("epoch %d/%d", at.Epoch+1, s.Config.Epochs), at.Step, at.Steps, fmt.Sprintf("loss %.3f", at.Loss))
			}
		},
		Progress: func(done, total int) { set("BN statistics", done, total, "") },
	})
}

// show prints what came out, of a step on the way where that has a name.
func (f *teachFlags) show(p *cli.Program, r *teach.Result, step string) error {
	if f.JSON {
		return cli.Line(p.Stdout, map[string]any{"step": step, "file": f.Output, "bytes": len(r.File), "images": r.Images, "held_out": r.HeldOut, "steps": r.Steps,
			"looking_seconds": r.Looking.Seconds(), "training_seconds": r.Training.Seconds(), "interrupted": r.Interrupted, "children": r.Children, "calibrated": r.Calibrated,
			"statistics_mean_error": r.Doubt.Mean, "statistics_worst_error": r.Doubt.Worst})
	}
	for _, m := range r.Children {
		fmt.Fprintf(p.Stdout, "%-9s top-1 %5.1f %% of %d held-out images  %s\n", m.Name, 100*m.Predicted, m.N, m.Arch)
	}
	if len(r.Children) == 0 {
		fmt.Fprintln(p.Stdout, "no image is held out: how accurate it is is not known; two images of a class are enough to hold one out")
	}
	if step != "" {
		_, err := fmt.Fprintf(p.Stdout, "that was %s\n", step)
		return err
	}
	if r.Doubt.Children > 0 {
		fmt.Fprintf(p.Stdout, "for other children expect, from predicted BN statistics, top-1 that is %.1f points off in the mean, %.1f at worst (%d children, the same images)\n", 100*r.Doubt.Mean, 100*r.Doubt.Worst, r.Doubt.Children)
	}
	if !r.Calibrated {
		fmt.Fprintln(p.Stdout, "it answers with one of its classes whatever it sees, and cannot tell what is none: too few images are held out for that")
	}
	how := ""
	if r.Interrupted {
		how = ", interrupted: what it had learnt by then is kept"
	}
	_, err := fmt.Fprintf(p.Stdout, "%d images seen by %d children in %.1f s; %d steps in %.2f s%s\nwrote %s, %d bytes; make run WEIGHTS=%s shows it in a browser\n",
		r.Images+r.HeldOut, r.Looked, r.Looking.Seconds(), r.Steps, r.Training.Seconds(), how, f.Output, len(r.File), f.Output)
	return err
}
