package main

import (
	"cmp"
	"fmt"
	"io"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/run"
)

// source is whose children are measured: those of a weights file or of a run.
type source struct {
	weights    *supernet.Weights
	statistics *bnstats.Model    // nil where only calibrated ones are known
	confidence *confidence.Model // nil where none is known
	known      dataset.Names
	spec       preprocess.Spec
	config     config.Config
	data       *dataset.Dataset
	archs      []arch.Arch
}

// openFile takes the children from a weights file.
func openFile(f flags, log io.Writer) (*source, error) {
	e, err := cli.OpenWeights(f.Weights, log)
	if err != nil {
		return nil, err
	}
	info := e.Info()
	s := &source{weights: e.Weights(), statistics: e.Statistics(), confidence: e.Confidence(), spec: info.Preprocessing}
	if s.archs, err = each(f.Arch, e.Parse); err != nil {
		return nil, err
	}
	if s.config, err = config.Parse(info.Metadata["training"], "the training configuration in "+f.Weights); err != nil {
		return nil, err
	}
	if s.known, err = run.Classes(e, f.Weights); err != nil {
		return nil, err
	}
	s.data, err = run.OpenDataFor(f.Data, s.config, s.known, true, log, run.Named(f.Names))
	return s, err
}

// openRun takes the children from a run's last checkpoint, as they are there.
func openRun(f flags, log io.Writer) (*source, error) {
	r, err := run.Open(f.Run, func(c config.Config, known dataset.Names) (*dataset.Dataset, error) {
		return run.OpenDataFor(f.Data, c, known, true, log, run.Named(f.Names))
	})
	if err != nil {
		return nil, err
	}
	s := &source{weights: r.Best(), spec: run.Spec, config: r.Config, data: r.Data}
	s.archs, err = each(f.Arch, func(text string) (arch.Arch, error) { return childOf(r.Config, s.weights.Space, text) })
	return s, err
}

// kind is of which kind the BN statistics are: what was asked for or, where nothing
// was, what the data allows.
func (s *source) kind(f flags, train dataset.Subset, log io.Writer) (string, error) {
	if f.Statistics == "predicted" || train.Len() > 0 {
		return cmp.Or(f.Statistics, "calibrated"), nil
	}
	if f.Statistics == "calibrated" || s.statistics == nil {
		return "", fault.New("no_statistics", "give data with a training half, or --statistics predicted with weights that predict them", "%s has no training images to calibrate BN statistics on", f.Data)
	}
	fmt.Fprintf(log, "%s has no training images to calibrate BN statistics on: they are those that %s predicts\n", f.Data, f.Weights)
	return "predicted", nil
}

// statisticsOf are the child's own: a child without any is never evaluated.
func (s *source) statisticsOf(a arch.Arch, f flags, train dataset.Subset) (*supernet.Statistics, error) {
	if f.Statistics == "calibrated" {
		return run.Calibrate(s.weights, a, train, s.spec, cmp.Or(f.Images, s.config.CalibrationImages))
	}
	if s.statistics == nil {
		return nil, fault.New("no_statistics", "use --statistics calibrated", "no model of BN statistics is there: a run has none, and a weights file may have none")
	}
	return s.statistics.Predict(a)
}

// childOf reads a child of a run; one that the run did not train is refused.
func childOf(c config.Config, space *arch.Space, text string) (arch.Arch, error) {
	a, err := space.Parse(text)
	if err != nil {
		err = fault.New("bad_arch", "use min, max, random:SEED or a text like "+space.Min().String(), "%v", err)
	}
	if err != nil || c.Alone == "" {
		return a, err
	}
	alone, err := space.Parse(c.Alone)
	if err == nil && !alone.Equal(a) {
		err = fault.New("bad_arch", "give --arch "+c.Alone, "the run has trained %s alone, not %s", c.Alone, text)
	}
	return a, err
}

func each(texts []string, parse func(string) (arch.Arch, error)) (archs []arch.Arch, err error) {
	for _, text := range texts {
		a, err := parse(text)
		if err != nil {
			return nil, err
		}
		archs = append(archs, a)
	}
	return archs, nil
}
