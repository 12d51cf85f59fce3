package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/kernel"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/lock"
	"bignas/train/report"
	"bignas/train/run"
)

// configuration reads the configuration that the flags name and put right.
func (f runFlags) configuration() (config.Config, error) {
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

func (p program) train(ctx context.Context, f runFlags) error {
	c, err := f.configuration()
	if err != nil {
		return err
	}
	if f.DryRun {
		return p.plan(f, c)
	}
	taken, err := lock.Folder(f.Out)
	if err != nil {
		return err
	}
	defer taken.Release()
	known, err := run.Ready(c, f.Out, f.Resume)
	if err != nil {
		return err
	}
	data, err := run.OpenDataFor(f.Data, c, known, false, p.stderr, run.Named(f.Names))
	if err != nil {
		return err
	}
	c = run.Settle(c, data, f.Out, f.Resume)
	if err := p.survey(c, data, f); err != nil {
		return err
	}
	s, err := run.New(c, data, f.Out, f.Resume)
	if err != nil {
		return err
	}
	for _, note := range s.Notes {
		fmt.Fprintf(p.stderr, "train: %s\n", note)
	}
	c = s.Config
	log, err := openLog(f.Out, s.Done())
	if err != nil {
		return err
	}
	defer func() { log.close() }()
	fmt.Fprintf(p.stderr, "training %s: %d images to train on, %d to validate on, kernels %s, %d threads, about %s of memory, from epoch %d of %d\n",
		c.Space, s.Train.Len(), s.Val.Len(), kernel.Active(), kernel.Threads(), run.Bytes(run.Memory(c, len(data.Classes)).Total()), s.Done()+1, c.Epochs)
	var bar *report.Progress
	finish := func() {
		if bar != nil {
			bar.Finish()
			bar = nil
		}
	}
	defer finish()
	s.Step = func(at run.Position) {
		if bar == nil {
			bar = report.NewProgress(p.stderr, fmt.Sprintf("epoch %d/%d", at.Epoch+1, c.Epochs), at.Steps)
		}
		bar.Set(at.Step, fmt.Sprintf("%.0f images/s, loss %.3f, epoch %s left, run %s left", at.ImagesPerSecond, at.Loss, left(at.EpochLeft), left(at.RunLeft)))
	}
	s.Epoch = func(r run.Row) error {
		finish()
		return errors.Join(log.append(r), p.row(r, f.JSON))
	}
	s.Rolled = func(r run.Rollback) error {
		finish()
		fmt.Fprintf(p.stderr, "train: %s\n", r)
		log.close()
		log, err = openLog(f.Out, r.To)
		return err
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	return p.plot(plotFlags{Out: f.Out})
}

// survey shows the data class by class before anything is learnt from it.
func (p program) survey(c config.Config, data *dataset.Dataset, f runFlags) error {
	table, err := run.Survey(c, data, f.Skip)
	if err != nil {
		return err
	}
	if f.JSON {
		return cli.Line(p.stdout, map[string]any{"data": table})
	}
	return table.Write(p.stderr)
}

// left writes a time that is an estimate without the digits that are none.
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
func (p program) row(r run.Row, asJSON bool) error {
	if asJSON {
		return cli.Line(p.stdout, r)
	}
	text := fmt.Sprintf("epoch %d at %d px: loss %.3f biggest", r.Epoch, r.Resolution, r.LossBiggest)
	if r.LossRandom >= 0 {
		text += fmt.Sprintf(", %.3f random", r.LossRandom)
	}
	if r.LossSmallest >= 0 {
		text += fmt.Sprintf(", %.3f smallest", r.LossSmallest)
	}
	text += fmt.Sprintf("; training images right %.1f %%", 100*r.TrainBiggest)
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
	_, err := fmt.Fprintln(p.stdout, text)
	return err
}

type plotFlags struct {
	Out string `required:"" placeholder:"DIR" writes:"" help:"Folder of the run; curves.svg and curves.png are written there."`
}

// plot draws loss and accuracy of the smallest, the random and the biggest children.
func (p program) plot(f plotFlags) error {
	for _, name := range []string{"curves.svg", "curves.png"} {
		if err := report.Plot(filepath.Join(f.Out, metricsName), filepath.Join(f.Out, name)); err != nil {
			return err
		}
	}
	return nil
}
