package run

import (
	"fmt"
	"io"

	"bignas/core/fault"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/report"
)

// Named has OpenData read the data with the names of a file for its classes
// (dataset.Dataset.NameClasses), "" for none.
func Named(file string) func(*dataset.Options) { return func(o *dataset.Options) { o.Names = file } }

// OpenData reads the images at path as the configuration stores them, and
// tells log how far it is, what it found and which images it had to skip.
// Each of more changes how they are read.
func OpenData(path string, c config.Config, log io.Writer, more ...func(*dataset.Options)) (*dataset.Dataset, error) {
	bar := report.NewProgress(log, "images", 0)
	o := dataset.Options{Side: c.Side, Seed: c.Seed, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	}}
	for _, change := range more {
		change(&o)
	}
	data, err := dataset.Open(path, o)
	bar.Finish()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(log, data.Describe())
	for i, s := range data.Skipped {
		if i == 20 {
			fmt.Fprintf(log, "and %d more\n", len(data.Skipped)-i)
			break
		}
		fmt.Fprintln(log, fault.Line(fmt.Sprintf("skipped %s: %v", s.Name, s.Err)))
	}
	return data, nil
}

// Settle gives a configuration the version of the split that a run in the folder
// out is trained with: its own, or, to resume, that of the checkpoint there, or what
// the data needs.
func Settle(c config.Config, data *dataset.Dataset, out string, resume bool) config.Config {
	switch {
	case c.Split != 0:
	case resume:
		if text, err := ConfigOf(out); err == nil {
			if saved, err := config.Parse(text, out); err == nil {
				c.Split = saved.Split
			}
		}
	default:
		c.Split = data.SplitVersion(c.ValFraction, c.SearchFraction)
	}
	return c
}

// Survey is the table of the data as the configuration splits it. Data that cannot
// be trained on, or lacks classes that its folders promise (dataset.Complete), is
// refused.
func Survey(c config.Config, data *dataset.Dataset, skipEmpty bool) (*dataset.Table, error) {
	if err := data.Complete(skipEmpty); err != nil {
		return nil, err
	}
	train, search, val := Split(c, data)
	if err := data.Trainable(train, val); err != nil {
		return nil, err
	}
	return data.Table(train.Limit(c.TrainImages), search, val)
}
