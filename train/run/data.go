package run

import (
	"fmt"
	"io"

	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/report"
)

// OpenData reads the pictures at path as the configuration stores them, and
// tells log how far it is, what it found and which pictures it had to skip.
// Each of more changes how they are read.
func OpenData(path string, c config.Config, log io.Writer, more ...func(*dataset.Options)) (*dataset.Dataset, error) {
	bar := report.NewProgress(log, "pictures", 0)
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
		fmt.Fprintf(log, "skipped %s: %v\n", s.Name, s.Err)
	}
	return data, nil
}
