// Package experiment repeats the paper's experiments on one data set: children
// that inherit their weights against the same children trained alone and against
// fine-tuned ones, and the ablations of the recipe (BigNAS, arXiv 2003.11142,
// sections 3 and 4).
//
// Every run of a suite has the same images, batches and epochs, but fine-tuning,
// which comes on top. Rows go into a CSV file one by one; a suite that is
// interrupted goes on where it was.
package experiment

import (
	"context"
	"fmt"
	"path/filepath"

	"bignas/core/arch"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/lock"
	"bignas/train/run"
)

// Experiment is one way to train, as a change of the suite's configuration.
type Experiment struct {
	Name string
	// Child names the child that is trained alone, as in Children; empty for a supernet.
	Child string
	// From names the experiment whose run, with the same seed, it starts from.
	From   string
	Change func(*config.Config)
}

// Supernet is the experiment that all others are compared with.
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

// fineTune is a quarter of the epochs at a tenth of the learning rate.
func fineTune(c *config.Config) {
	c.Epochs = max(1, c.Epochs/4)
	c.LR /= 10
	c.WarmupEpochs = min(c.WarmupEpochs, float64(c.Epochs)/4)
}

// regularise has the values of the paper's recipe (bignas.toml).
func regularise(c *config.Config) { c.Dropout, c.DropConnect = 0.2, 0.2 }

// Children are the children that every supernet is measured at, none bigger than
// the resolution that the configuration's last phase trains at.
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

// Runner does experiments.
type Runner struct {
	Base config.Config    // the recipe that experiments change
	Data *dataset.Dataset // opened for Base
	Out  string           // folder of the runs
	Rows *Rows
	// Step and Start, which may be nil, hear of progress, and Note of what was made
	// to fit for a run to begin (run.Session.Notes).
	Step  func(run.Position)
	Start func(e Experiment, seed uint64)
	Note  func(string)
}

// Run does an experiment with a seed and adds its rows, unless they are there.
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
	if r.Start != nil {
		r.Start(e, seed)
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
		if r.Note != nil {
			r.Note(note)
		}
	}
	s.Step = r.Step
	if err := s.Run(ctx); err != nil {
		return err
	}
	return r.measure(s, e, seed, children)
}

// session begins a run or continues one.
func (r *Runner) session(c config.Config, out string) (*run.Session, error) {
	_, err := run.ConfigOf(out)
	return run.New(c, r.Data, out, err == nil)
}

// measure adds a row for each child, calibrated for it.
func (r *Runner) measure(s *run.Session, e Experiment, seed uint64, children map[string]arch.Arch) error {
	for _, name := range []string{"smallest", "middle", "biggest"} {
		a, ok := children[name]
		if !ok {
			continue
		}
		acc, err := run.CalibrateAndEvaluate(s.Best(), a, s.Train, s.Val, run.Spec, s.Config.CalibrationImages)
		if err != nil {
			return err
		}
		if err := r.Rows.Add(Row{e.Name, seed, name, a.String(), s.Config.Epochs, s.Train.Len(), acc.Top1, acc.N}); err != nil {
			return err
		}
	}
	return nil
}
