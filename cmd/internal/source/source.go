// Package source opens the images that go with a weights file, numbered and split as in
// the training of the weights.
package source

import (
	"io"

	"bignas/core/classify"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/run"
)

// Images is the data of a command beside the weights of an engine.
type Images struct {
	*dataset.Dataset
	Config config.Config // of the weights' training
	Known  dataset.Names // the classes of the weights
	// Train, Search and Val are the images that the weights were trained on, that a
	// search chooses on, and that results are quoted on.
	Train, Search, Val dataset.Subset
}

// Config returns the configuration that the weights of e were trained with; file names
// them in errors.
func Config(e *classify.Engine, file string) (config.Config, error) {
	return config.Parse(e.Info().Metadata["training"], "the training configuration in "+file)
}

// Known returns the classes of the weights of e; file names them in errors.
func Known(e *classify.Engine, file string) (dataset.Names, error) {
	return dataset.NamesIn(file, e.Info().Metadata, e.Info().Labels)
}

// Open opens the data at path for the weights of e, which come from file. names is the
// value of --class-names. The data may lack classes of the weights if partly is true.
// What is unusual about the data is written to log.
func Open(e *classify.Engine, file, path, names string, partly bool, log io.Writer) (*Images, error) {
	c, err := Config(e, file)
	if err != nil {
		return nil, err
	}
	known, err := Known(e, file)
	if err != nil {
		return nil, err
	}
	data, err := run.OpenDataFor(path, names, c, known, partly, log)
	if err != nil {
		return nil, err
	}
	i := &Images{Dataset: data, Config: c, Known: known}
	i.Train, i.Search, i.Val = run.Split(c, data)
	return i, nil
}
