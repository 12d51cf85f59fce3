package run

import (
	"fmt"
	"io"

	"bignas/core/fault"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/report"
)

// OpenData reads the images at path as the configuration stores them, with the names
// of a file for its classes ("" for none), and tells log how far it is, what it found
// and which images it had to skip.
func OpenData(path, names string, c config.Config, log io.Writer) (*dataset.Dataset, error) {
	bar := report.NewProgress(log, "images", 0)
	data, err := dataset.Open(path, dataset.Options{Side: c.Side, Seed: c.Seed, Names: names, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	}})
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

// OpenDataFor is OpenData for weights that know certain classes: images are labelled
// with the numbers of those (dataset.Match, which says what partly is), and log is told
// where they have other names. The zero Names stand for any classes.
func OpenDataFor(path, names string, c config.Config, known dataset.Names, partly bool, log io.Writer) (*dataset.Dataset, error) {
	data, err := OpenData(path, names, c, log)
	if err != nil {
		return nil, err
	}
	note, _, err := match(data, known, partly)
	if err != nil {
		data.Close()
		return nil, err
	}
	if note != "" {
		_, err = io.WriteString(log, note+"\n")
	}
	return data, err
}

// match is data.Match, and nothing for the zero Names. Data with other classes than
// replaceable ones stays as it is; others reports that.
func match(data *dataset.Dataset, known dataset.Names, partly bool) (note string, others bool, err error) {
	if known.Of == "" {
		return "", false, nil
	}
	note, err = data.Match(known, partly)
	if f := fault.Of(err); f != nil && f.Code == dataset.CodeOtherClasses && known.Replaceable {
		return f.Message + "; the body of those weights is kept, the classifier is a new one", true, nil
	}
	return note, false, err
}

// Split returns the images that a configuration trains on, those that it holds out for
// a search to choose on, and those that results are quoted on.
func Split(c config.Config, data *dataset.Dataset) (train, search, val dataset.Subset) {
	train, val = data.Split(c.Split, c.ValFraction)
	train, search = train.SearchSplit(c.Split, c.SearchFraction)
	return train, search, val
}

// WithSplit returns the configuration with the version of the split that a run in the
// folder out is trained with: its own, or, to resume, that of the checkpoint there, or
// what the data needs.
func WithSplit(c config.Config, data *dataset.Dataset, out string, resume bool) config.Config {
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

// Survey returns the table of the data as the configuration splits it. Data that cannot
// be trained on, or that lacks classes that it has folders for (dataset.Complete), is
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
