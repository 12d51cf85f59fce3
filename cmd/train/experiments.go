package main

import (
	"fmt"
	"io"
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
	Out    string   `required:"" placeholder:"DIR" writes:"" help:"Folder of the runs; an interrupted suite is resumed in it."`
	CSV    string   `name:"csv" required:"" placeholder:"FILE" writes:"" help:"Table to write or to continue, a row for each child of each run."`
	Skip   bool     `name:"skip-empty" help:"Leave out classes without a readable image instead of refusing to train."`
	Seeds  int      `default:"2" placeholder:"N" help:"Seeds, from 1 on (default: 2)."`
	Only   []string `placeholder:"NAME" help:"Only these experiments; may be repeated."`
	JSON   bool     `name:"json" help:"A JSON object for each row on standard output."`
}

// Run runs the suite, seed by seed.
func (f *experimentFlags) Run(p *cli.Program) error {
	p.Resume = "the same command goes on"
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
	data, err := run.OpenData(f.Data, "", c, p.Stderr)
	if err != nil {
		return err
	}
	table, err := run.Survey(run.WithSplit(c, data, "", false), data, f.Skip)
	if err != nil {
		return err
	}
	if err := table.Write(p.Stderr); err != nil {
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
	r.OnStart = func(e experiment.Experiment, seed uint64) {
		finish()
		fmt.Fprintln(p.Stderr, strings.TrimSpace(fmt.Sprintf("seed %d, %s %s", seed, e.Name, e.Child)))
	}
	r.OnNote = func(text string) { fmt.Fprintln(p.Stderr, text) }
	r.OnStep = func(at run.Position) {
		if at.Step == 1 {
			finish()
			bar = report.NewProgress(p.Stderr, fmt.Sprintf("epoch %d", at.Epoch+1), at.Steps)
		}
		if bar != nil {
			bar.Set(at.Step, fmt.Sprintf("%.0f images/s, run %s left", at.ImagesPerSecond, left(at.RunLeft)))
		}
	}
	for seed := range f.Seeds {
		for _, e := range suite {
			if err := r.Run(p.Context(), e, uint64(1+seed)); err != nil {
				return err
			}
		}
	}
	finish()
	return f.show(p.Stdout, rows.All())
}

// suite is the experiments that the flags name.
func (f *experimentFlags) suite() ([]experiment.Experiment, error) {
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

// show prints the rows.
func (f *experimentFlags) show(stdout io.Writer, all []experiment.Row) error {
	for _, r := range all {
		text := fmt.Sprintf("%-34s seed %d  %-8s  top-1 %.2f %% of %d\n", r.Experiment, r.Seed, r.Child, 100*r.Top1, r.N)
		if err := cli.Show(stdout, f.JSON, r, text); err != nil {
			return err
		}
	}
	return nil
}
