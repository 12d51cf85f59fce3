package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/kernel"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/estimate"
	"bignas/train/group"
	"bignas/train/lock"
	"bignas/train/report"
	"bignas/train/run"
)

type runFlags struct {
	Data    string `placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes', which the program draws."`
	Names   string `name:"class-names" placeholder:"FILE" help:"Names of the classes for people: a class, a tab and its name on each line."`
	Skip    bool   `name:"skip-empty" help:"Leave out classes without a readable image instead of refusing to train."`
	Out     string `placeholder:"DIR" writes:"" help:"Folder of the run: checkpoints, metrics, curves."`
	JSON    bool   `name:"json" help:"A JSON object on each line of standard output."`
	Config  string `placeholder:"FILE" help:"Configuration: a TOML file or one of ${configs} (default: shapes for the drawn set, otherwise nette)."`
	Resume  bool   `help:"Resume the run in --out after its last complete epoch."`
	Init    string `placeholder:"FILE" help:"Start from these weights instead of the configuration's: a released file, a checkpoint, or the folder of a run."`
	Epochs  *int   `placeholder:"N" help:"Number of epochs (default: the configuration's)."`
	DryRun  bool   `help:"Only print the plan: steps, learning rates, memory, the measured time of a step, and the time of the run."`
	Images  int    `placeholder:"N" help:"With --dry-run: plan for that many images instead of reading --data."`
	Classes int    `default:"1000" help:"With --images: number of classes (default: 1000)."`

	Ranks   int           `default:"1" placeholder:"N" help:"With --dry-run: plan for so many ranks, which share this machine, or with --link each have a machine like it."`
	Link    string        `placeholder:"SPEED" help:"With --ranks: what joins the machines, in bits per second: 10Gb."`
	Latency time.Duration `default:"50us" placeholder:"TIME" help:"With --ranks: what a message takes besides its bytes (default: 50us)."`
}

// missing names the flags that training or planning needs and that were not given.
func (f *runFlags) missing() string {
	switch {
	case f.DryRun && f.Data == "" && f.Images == 0:
		return "--data=DATA or --images=N"
	case f.DryRun:
		return ""
	case f.Data == "":
		return "--data=DATA"
	case f.Out == "":
		return "--out=DIR"
	}
	return ""
}

// configuration reads the configuration that the flags name and put right.
func (f *runFlags) configuration() (config.Config, error) {
	name := f.Config
	if name == "" {
		name = config.For(f.Data)
	}
	c, err := config.Load(name)
	if err != nil {
		return c, err
	}
	if f.Init != "" {
		c.Init = f.Init
	}
	if f.Epochs != nil {
		c.Epochs = *f.Epochs
	}
	return c, c.Check()
}

// Run trains, or prints the plan.
func (f *runFlags) Run(p *cli.Program) error {
	if missing := f.missing(); missing != "" {
		return cli.Usage("missing flags: %s", missing)
	}
	if err := cli.CheckClasses(f.Classes); err != nil {
		return err
	}
	if f.Ranks < 1 || (f.Ranks > 1 || f.Link != "") && !f.DryRun || f.Link != "" && f.Ranks == 1 {
		return cli.Usage("--ranks (from 1 on) and --link go with --dry-run, and --link with two ranks or more; mpirun starts ranks")
	}
	if f.DryRun {
		c, err := f.configuration()
		if err != nil {
			return err
		}
		return f.plan(p, c)
	}
	return together(p, func(ctx context.Context, g group.Group, of string) error { return f.train(ctx, p, g, of) })
}

// train trains as a rank of a group. of is the MPI library's name, "" where there is one rank.
func (f *runFlags) train(ctx context.Context, p *cli.Program, g group.Group, of string) error {
	c, err := f.configuration()
	if err != nil {
		return err
	}
	first := g.Rank() == 0
	if first {
		taken, err := lock.Folder(f.Out)
		if err != nil {
			return err
		}
		defer taken.Release()
	}
	b, err := run.Begin(ctx, c, f.Out, f.Resume, g)
	if err != nil {
		return err
	}
	known, err := b.Classes()
	if err != nil {
		return err
	}
	data, err := run.OpenDataFor(f.Data, f.Names, c, known, false, p.Stderr)
	if err != nil {
		return err
	}
	if err := f.survey(p, b.Config(data), data); err != nil {
		return err
	}
	p.Resume = fmt.Sprintf("the last whole epoch is in %s, go on with --resume", f.Out)
	s, err := b.Run(data)
	if err != nil {
		return err
	}
	if !first {
		return s.Run(ctx)
	}
	for _, note := range s.Notes {
		fmt.Fprintf(p.Stderr, "train: %s\n", note)
	}
	c = s.Config
	if g.Size() > 1 {
		fmt.Fprintf(p.Stderr, "%d ranks (%s) share each batch of %d; where one ends all end, and %s\n", g.Size(), of, c.Batch, p.Resume)
	}
	log, err := openLog(f.Out, s.Done())
	if err != nil {
		return err
	}
	defer func() { log.close() }()
	fmt.Fprintf(p.Stderr, "training %s: %d images to train on, %d to validate on, kernels %s, %d threads, about %s of memory, from epoch %d of %d\n",
		c.Space, s.Train.Len(), s.Val.Len(), kernel.Active(), kernel.Threads(), estimate.Bytes(estimate.MemoryOf(c, len(data.Classes)).Total()), s.Done()+1, c.Epochs)
	var bar *report.Progress
	finish := func() {
		if bar != nil {
			bar.Finish()
			bar = nil
		}
	}
	defer finish()
	s.OnStep = func(at run.Position) {
		if bar == nil {
			bar = report.NewProgress(p.Stderr, fmt.Sprintf("epoch %d/%d", at.Epoch+1, c.Epochs), at.Steps)
		}
		bar.Set(at.Step, fmt.Sprintf("%.0f images/s, loss %.3f, epoch %s left, run %s left", at.ImagesPerSecond, at.Loss, left(at.EpochLeft), left(at.RunLeft)))
	}
	s.OnEpoch = func(r run.Row) error {
		finish()
		return errors.Join(log.append(r), f.row(p.Stdout, r))
	}
	s.OnRollback = func(r run.Rollback) error {
		finish()
		fmt.Fprintf(p.Stderr, "train: %s\n", r)
		log.close()
		log, err = openLog(f.Out, r.To)
		return err
	}
	if g.Size() == 1 {
		ctx = p.Context()
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	return plot(f.Out)
}

// survey shows the data class by class before anything is learnt from it.
func (f *runFlags) survey(p *cli.Program, c config.Config, data *dataset.Dataset) error {
	table, err := run.Survey(c, data, f.Skip)
	if err != nil {
		return err
	}
	if f.JSON {
		return cli.Line(p.Stdout, map[string]any{"data": table})
	}
	return table.Write(p.Stderr)
}

// left formats an estimate of a time to its meaningful precision.
func left(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		m := int(d.Round(time.Minute).Minutes())
		return fmt.Sprintf("%dh%02dm", m/60, m%60)
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// log is where the rows of a run go: a CSV file and an event file.
type log struct {
	metrics *report.Metrics[run.Row]
	events  *report.Events[run.Row]
}

// metricsName is the CSV file in a run's folder.
const metricsName = "metrics.csv"

// openLog opens the logs of a run that goes on after so many epochs.
func openLog(out string, done int) (*log, error) {
	m, err := report.OpenMetrics[run.Row](filepath.Join(out, metricsName), float64(done))
	if err != nil {
		return nil, err
	}
	e, err := report.OpenEvents[run.Row](out, float64(done))
	if err != nil {
		m.Close()
		return nil, err
	}
	return &log{m, e}, nil
}

func (l *log) append(r run.Row) error { return errors.Join(l.metrics.Append(r), l.events.Append(r)) }

func (l *log) close() {
	if l != nil {
		l.metrics.Close()
		l.events.Close()
	}
}

// row shows one epoch.
func (f *runFlags) row(stdout io.Writer, r run.Row) error {
	if f.JSON {
		return cli.Line(stdout, r)
	}
	text := fmt.Sprintf("epoch %d at %d px: loss %.3f biggest", r.Epoch, r.Resolution, r.LossBiggest)
	if r.LossRandom >= 0 {
		text += fmt.Sprintf(", %.3f random", r.LossRandom)
	}
	if r.LossSmallest >= 0 {
		text += fmt.Sprintf(", %.3f smallest", r.LossSmallest)
	}
	text += fmt.Sprintf("; training images correct %.1f %%", 100*r.TrainBiggest)
	if r.TrainSmallest >= 0 {
		text += fmt.Sprintf(" / %.1f %%", 100*r.TrainSmallest)
	}
	text += fmt.Sprintf("; %.0f images/s", r.ImagesPerSecond)
	switch {
	case r.ValSmallest >= 0:
		text += fmt.Sprintf("; validation %.1f %% smallest, %.1f %% middle, %.1f %% biggest", 100*r.ValSmallest, 100*r.ValMiddle, 100*r.ValBiggest)
	case r.ValBiggest >= 0:
		text += fmt.Sprintf("; validation %.1f %%", 100*r.ValBiggest)
	}
	_, err := fmt.Fprintln(stdout, text)
	return err
}

type plotFlags struct {
	Out string `required:"" placeholder:"DIR" writes:"" help:"Folder of the run; curves.svg and curves.png are written there."`
}

// Run draws the curves of a run.
func (f *plotFlags) Run() error { return plot(f.Out) }

// plot draws loss and accuracy of the smallest, the random and the biggest children.
func plot(out string) error {
	for _, name := range []string{"curves.svg", "curves.png"} {
		if err := report.Plot(filepath.Join(out, metricsName), filepath.Join(out, name)); err != nil {
			return err
		}
	}
	return nil
}
