// Package experiment repeats the paper's experiments on one data set: children with inherited weights against the same
// children trained alone and fine-tuned, and the ablations of the recipe (BigNAS, arXiv 2003.11142, sections 3 and 4).
//
// All runs of a suite have the same images, batches and epochs; fine-tuning adds to them. Rows are written to a CSV file
// one by one, and an interrupted suite can be resumed.
package experiment

import (
	"context"
	"fmt"
	"path/filepath"

	"bignas/core/arch"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/lock"
	"bignas/train/measure"
	"bignas/train/run"
)

// Experiment is one way to train, as a change of the suite's configuration.
type Experiment struct {
	Name string
	// Child is the name, as in Children, of the child that is trained alone; empty for a supernet.
	Child string
	// From is the name of the experiment whose run, with the same seed, it starts from.
	From   string
	Change func(*config.Config)
}

// Supernet is the name of the experiment that all others are compared with.
const Supernet = "inherited"

// Suite lists the experiments in the order in which they can be run.
func Suite() []Experiment {
	all := []Experiment{{Name: Supernet, Change: func(*config.Config) {}}}
	for _, child := range []string{"smallest", "middle", "biggest"} {
		all = append(all,
			Experiment{Name: "alone", Child: child, Change: func(*config.Config) {}},
			Experiment{Name: "fine-tuned", Child: child, From: Supernet, Change: fineTune})
	}
	return append(all,
		Experiment{Name: "random children only", Change: func(c *config.Config) { c.Sandwich = false }},
		Experiment{Name: "no distillation", Change: func(c *config.Config) { c.Distill = false }},
		Experiment{Name: "distillation from the first step", Change: func(c *config.Config) { c.DistillWarmup = 0 }},
		Experiment{Name: "no zero gamma", Change: func(c *config.Config) { c.ZeroGamma = false }},
		Experiment{Name: "no constant ending", Change: func(c *config.Config) { c.EndFraction = 0 }},
		Experiment{Name: "regularised biggest", Change: regularise},
		Experiment{Name: "regularised all", Change: func(c *config.Config) { regularise(c); c.RegulariseAll = true }},
	)
}

// fineTune sets a quarter of the epochs and a tenth of the learning rate.
func fineTune(c *config.Config) {
	c.Epochs = max(1, c.Epochs/4)
	c.LR /= 10
	c.WarmupEpochs = min(c.WarmupEpochs, float64(c.Epochs)/4)
}

// regularise sets the values of the paper's recipe (bignas.toml).
func regularise(c *config.Config) { c.Dropout, c.DropConnect = 0.2, 0.2 }

// Children returns the children at which supernets are measured, with resolutions up to that of the configuration's last
// phase.
func Children(c config.Config) (map[string]arch.Arch, error) {
	space, err := c.SearchSpace()
	if err != nil {
		return nil, err
	}
	most := space.Resolutions[len(space.Resolutions)-1]
	if n := len(c.Phases); n > 0 && c.Phases[n-1].Until >= c.Epochs {
		most = c.Phases[n-1].Resolution
	}
	all := map[string]arch.Arch{"smallest": space.Min(), "middle": space.At(0.5), "biggest": space.Max()}
	for name, a := range all {
		a.Resolution = min(a.Resolution, most)
		all[name] = a
	}
	return all, nil
}

// Runner runs experiments.
type Runner struct {
	Base config.Config    // the recipe that experiments change
	Data *dataset.Dataset // opened for Base
	Out  string           // folder of the runs
	Rows *Rows
	// The functions may be nil. OnStep is called after each update, OnStart before each run, and OnNote with the
	// notes of a run (run.Run.Notes).
	OnStep  func(run.Position)
	OnStart func(e Experiment, seed uint64)
	OnNote  func(string)
}

// Run runs an experiment with a seed and adds its rows, unless they exist.
func (r *Runner) Run(ctx context.Context, e Experiment, seed uint64) error {
	c, folder := r.Base, func(name string) string { return filepath.Join(r.Out, fmt.Sprintf("%s-%d", slug(name), seed)) }
	c.Seed = seed
	e.Change(&c)
	children, err := Children(r.Base)
	if err != nil {
		return err
	}
	name := e.Name
	if e.Child != "" {
		a := children[e.Child]
		c.Alone, name = a.String(), e.Name+" "+e.Child
		children = map[string]arch.Arch{e.Child: a}
	}
	if e.From != "" {
		c.Init = folder(e.From)
	}
	if r.Rows.Has(e.Name, seed, children) {
		return nil
	}
	if err := c.Check(); err != nil {
		return fmt.Errorf("experiment %s: %w", e.Name, err)
	}
	if r.OnStart != nil {
		r.OnStart(e, seed)
	}
	taken, err := lock.Folder(folder(name))
	if err != nil {
		return err
	}
	defer taken.Release()
	s, err := r.session(c, folder(name))
	if err != nil {
		return err
	}
	for _, note := range s.Notes {
		if r.OnNote != nil {
			r.OnNote(note)
		}
	}
	s.OnStep = r.OnStep
	if err := s.Run(ctx); err != nil {
		return err
	}
	return r.measure(s, e, seed, children)
}

// session begins a run or continues one.
func (r *Runner) session(c config.Config, out string) (*run.Run, error) {
	_, err := run.ConfigOf(out)
	return run.New(c, r.Data, out, err == nil)
}

// measure adds a row for each child, with calibrated BN statistics.
func (r *Runner) measure(s *run.Run, e Experiment, seed uint64, children map[string]arch.Arch) error {
	for _, name := range []string{"smallest", "middle", "biggest"} {
		a, ok := children[name]
		if !ok {
			continue
		}
		acc, err := measure.CalibrateAndEvaluate(s.Best(), a, s.Train, s.Val, config.Spec, s.Config.CalibrationImages, measure.Part{})
		if err != nil {
			return err
		}
		if err := r.Rows.Add(Row{e.Name, seed, name, a.String(), s.Config.Epochs, s.Train.Len(), acc.Top1, acc.N}); err != nil {
			return err
		}
	}
	return nil
}
