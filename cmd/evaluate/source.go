package main

import (
	"cmp"
	"fmt"
	"io"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/source"
	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/teach"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/measure"
	"bignas/train/run"
)

// children are the children to measure: of a weights file or of a run, with its images.
type children struct {
	weights            *supernet.Weights
	statistics         *bnstats.Model    // nil where statistics can only be calibrated
	confidence         *confidence.Model // nil where there is none
	known              dataset.Names
	spec               preprocess.Spec
	config             config.Config
	train, search, val dataset.Subset
	archs              []arch.Arch
	taught             bool // the classifier alone was trained, for predicted statistics
}

// openFile opens the children of a weights file.
func openFile(f *flags, log io.Writer) (*children, error) {
	e, err := cli.OpenWeights(f.Weights, log)
	if err != nil {
		return nil, err
	}
	s := &children{weights: e.Weights(), statistics: e.Statistics(), confidence: e.Confidence(), spec: e.Info().Preprocessing}
	if s.archs, err = each(f.Arch, e.Parse); err != nil {
		return nil, err
	}
	images, err := source.Open(e, f.Weights, f.Data, f.Names, true, log)
	if err != nil {
		return nil, err
	}
	s.taught = e.Info().Metadata[teach.KeyTaught] != ""
	s.config, s.known, s.train, s.search, s.val = images.Config, images.Known, images.Train, images.Search, images.Val
	return s, nil
}

// openRun opens the children of a run's last checkpoint, as they are in it.
func openRun(f *flags, log io.Writer) (*children, error) {
	r, err := run.Open(f.FromRun, func(c config.Config, known dataset.Names) (*dataset.Dataset, error) {
		return run.OpenDataFor(f.Data, f.Names, c, known, true, log)
	})
	if err != nil {
		return nil, err
	}
	s := &children{weights: r.Best(), spec: config.Spec, config: r.Config}
	s.train, s.search, s.val = run.Split(r.Config, r.Data)
	s.archs, err = each(f.Arch, func(text string) (arch.Arch, error) { return childOf(r.Config, s.weights.Space, text) })
	return s, err
}

// kind returns the kind of BN statistics to take: what was asked for, otherwise what the
// data allows and a classifier was taught for.
func (s *children) kind(f *flags, log io.Writer) (string, error) {
	if f.Statistics == "" && s.taught {
		return "predicted", nil
	}
	if f.Statistics == "predicted" || f.Statistics == "inherited" || s.train.Len() > 0 {
		return cmp.Or(f.Statistics, "calibrated"), nil
	}
	if f.Statistics == "calibrated" || s.statistics == nil {
		return "", fault.New("no_statistics", "give data with a training half, or --statistics predicted with weights that predict them", "%s has no training images to calibrate BN statistics on", f.Data)
	}
	fmt.Fprintf(log, "%s has no training images to calibrate BN statistics on: those that %s predicts are taken\n", f.Data, f.Weights)
	return "predicted", nil
}

// statisticsOf returns the BN statistics of a child.
func (s *children) statisticsOf(a arch.Arch, f *flags) (*supernet.Statistics, error) {
	if f.Statistics == "calibrated" {
		return measure.Calibrate(s.weights, a, s.train, s.spec, cmp.Or(f.Images, s.config.CalibrationImages))
	}
	if s.statistics == nil {
		return nil, fault.New("no_statistics", "use --statistics calibrated", "there is no model that predicts BN statistics: a run never has one, nor do some weights files")
	}
	if f.Statistics != "inherited" {
		return s.statistics.Predict(a)
	}
	biggest := a.Space.Max()
	st, err := s.statistics.Predict(biggest)
	if err != nil {
		return nil, err
	}
	return st.Inherit(biggest, a)
}

// childOf parses a child of a run. One with weights that the run did not train is refused.
func childOf(c config.Config, space *arch.Space, text string) (arch.Arch, error) {
	a, err := space.Parse(text)
	if err != nil {
		err = fault.New("bad_arch", "use min, max, random:SEED or a text like "+space.Min().String(), "%v", err)
	}
	if err != nil || c.Alone == "" {
		return a, err
	}
	alone, err := space.Parse(c.Alone)
	if err == nil && !a.Within(alone) {
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
