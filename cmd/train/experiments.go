package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/experiment"
	"bignas/train/lock"
	"bignas/train/report"
	"bignas/train/run"
)

type experimentFlags struct {
	Data   string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Config string   `default:"experiments" placeholder:"FILE" help:"Recipe that the experiments change (default: experiments)."`
	Out    string   `required:"" placeholder:"DIR" writes:"" help:"Folder of the runs; an interrupted suite goes on in it."`
	CSV    string   `name:"csv" required:"" placeholder:"FILE" writes:"" help:"Table to write or to continue, a row for each child of each run."`
	Skip   bool     `name:"skip-empty" help:"Leave out classes whose folder has no image that can be read, rather than refusing to train."`
	Seeds  int      `default:"2" placeholder:"N" help:"Seeds, from 1 on (default: 2)."`
	Only   []string `placeholder:"NAME" help:"Only these experiments; may be repeated."`
	JSON   bool     `name:"json" help:"One JSON object a row on standard output."`
}

// experiments runs the suite, seed by seed.
func (p program) experiments(ctx context.Context, f experimentFlags) error {
	suite, err := f.suite()
	if err != nil {
		return err
	}
	if f.Seeds < 1 {
		return fault.New("bad_flag", "", "--seeds is %d, allowed is 1 or more", f.Seeds)
	}
	c, err := config.Load(f.Config)
	if err != nil {
		return err
	}
	if err := atomicfile.CanWrite(f.CSV); err != nil {
		return err
	}
	taken, err := lock.Folder(f.Out)
	if err != nil {
		return err
	}
	defer taken.Release()
	data, err := run.OpenData(f.Data, c, p.stderr)
	if err != nil {
		return err
	}
	table, err := run.Survey(run.Settle(c, data, "", false), data, f.Skip)
	if err != nil {
		return err
	}
	if err := table.Write(p.stderr); err != nil {
		return err
	}
	rows, err := experiment.OpenRows(f.CSV, fmt.Sprintf("go run ./cmd/train experiments --config %s --data %s", f.Config, filepath.Base(f.Data)))
	if err != nil {
		return err
	}
	defer rows.Close()
	var bar *report.Progress
	finish := func() {
		if bar != nil {
			bar.Finish()
			bar = nil
		}
	}
	defer finish()
	r := experiment.Runner{Base: c, Data: data, Out: f.Out, Rows: rows}
	r.Start = func(e experiment.Experiment, seed uint64) {
		finish()
		fmt.Fprintln(p.stderr, strings.TrimSpace(fmt.Sprintf("seed %d, %s %s", seed, e.Name, e.Child)))
	}
	r.Note = func(text string) { fmt.Fprintln(p.stderr, text) }
	r.Step = func(at run.Position) {
		if at.Step == 1 {
			finish()
			bar = report.NewProgress(p.stderr, fmt.Sprintf("epoch %d", at.Epoch+1), at.Steps)
		}
		if bar != nil {
			bar.Set(at.Step, fmt.Sprintf("%.0f images/s, run %s left", at.ImagesPerSecond, left(at.RunLeft)))
		}
	}
	for seed := range f.Seeds {
		for _, e := range suite {
			if err := r.Run(ctx, e, uint64(1+seed)); err != nil {
				return err
			}
		}
	}
	finish()
	return p.rows(rows.All(), f.JSON)
}

// suite is the experiments that the flags name.
func (f experimentFlags) suite() ([]experiment.Experiment, error) {
	all := experiment.Suite()
	if len(f.Only) == 0 {
		return all, nil
	}
	var some []experiment.Experiment
	known := map[string]bool{}
	for _, name := range f.Only {
		known[name] = false
	}
	var names []string
	for _, e := range all {
		if _, asked := known[e.Name]; asked {
			some, known[e.Name] = append(some, e), true
		}
		if len(names) == 0 || names[len(names)-1] != e.Name {
			names = append(names, e.Name)
		}
	}
	for name, found := range known {
		if !found {
			return nil, fault.New("bad_flag", "choose one of them", "--only: there is no experiment %q; known: %s", name, strings.Join(names, ", "))
		}
	}
	return some, nil
}

// rows shows what came out.
func (p program) rows(all []experiment.Row, asJSON bool) error {
	for _, r := range all {
		if asJSON {
			if err := cli.Line(p.stdout, r); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintf(p.stdout, "%-34s seed %d  %-8s  top-1 %.2f %% of %d\n", r.Experiment, r.Seed, r.Child, 100*r.Top1, r.N); err != nil {
			return err
		}
	}
	return nil
}
