package main

import (
	"fmt"
	"io"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/train/dataset"
	"bignas/train/report"
	"bignas/train/unknown"
)

// trust is what --json prints for a child with --unknown, followed by a line for each method and set of images.
type trust struct {
	Arch        string  `json:"arch"`
	Temperature float64 `json:"temperature"`
	Uncorrected float64 `json:"ece_uncorrected"` // expected calibration error with a temperature of 1
	ECE         float64 `json:"ece"`
	Flagged     float64 `json:"known_flagged"` // share of held-out known images below the file's threshold
	N           int     `json:"n"`
}

type flagged struct {
	Arch    string  `json:"arch"`
	Method  string  `json:"method"`
	Set     string  `json:"set"`
	Flagged float64 `json:"flagged"`
	AUROC   float64 `json:"auroc"`
	N       int     `json:"n"`
}

// made is how many images of each kind are drawn.
const made = 300

// measureUnknown measures the confidence model of a weights file. Thresholds of the other methods are chosen on the images
// for searching, as the model's is; all are measured on validation images and on classes outside the fit.
func measureUnknown(s *children, f *flags, p *cli.Program) error {
	if s.confidence == nil {
		return fault.New("no_confidence", "add it with train calibrate", "%s has no confidence model", f.Weights)
	}
	train, search, val := s.train, s.search.Limit(f.Limit), s.val.Limit(f.Limit)
	if train.Len() == 0 || search.Len() < 20 || val.Len() == 0 {
		return fault.New("no_images", "give the data that the weights were trained on", "%s has %d images to train, %d to search and %d to validate on", f.Data, train.Len(), search.Len(), val.Len())
	}
	data, err := dataset.Open(f.Unknown, dataset.Options{})
	if err != nil {
		return err
	}
	defer data.Close()
	other, err := unknown.Others(data, s.known, true)
	if err != nil {
		return err
	}
	other = other.Limit(max(f.Limit, 1000))
	shapes, err := dataset.Open(dataset.Shapes, dataset.Options{Seed: 2})
	if err != nil {
		return err
	}
	_, drawings := shapes.Split(0, 0)
	held := unknown.Of("validation", val)
	small := held.Shrunk(64)
	small.Name = "validation at 64 px"
	sets := []unknown.Images{held, small, unknown.Of("other classes", other), unknown.Of("drawings", drawings.Limit(made)),
		unknown.Noise(made, 1000), unknown.Colours(made, 1000), unknown.Stripes(made, 1000)}
	for _, a := range s.archs {
		bar := report.NewProgress(p.Stderr, "image sets", len(sets)+2)
		err := trusted(s, a, train.Limit(1000), search, sets, f.JSON, p.Stdout, func(done int) { bar.Set(done, "") })
		bar.Finish()
		if err != nil {
			return err
		}
	}
	return nil
}

func trusted(s *children, a arch.Arch, train, search dataset.Subset, sets []unknown.Images, asJSON bool, stdout io.Writer, progress func(int)) error {
	st, err := s.statistics.Predict(a)
	if err != nil {
		return err
	}
	c, err := s.weights.Child(a, st)
	if err != nil {
		return err
	}
	var seen []*unknown.Outputs
	for i, set := range append([]unknown.Images{unknown.Of("", train), unknown.Of("", search)}, sets...) {
		x, err := unknown.Run(c, s.spec, set)
		if err != nil {
			return err
		}
		seen = append(seen, x)
		progress(i + 1)
	}
	learnt, chosen, seen := seen[0], seen[1], seen[2:]
	scale := s.confidence.Of(a)
	own := scale.Threshold()
	t := trust{a.String(), scale.Temperature, unknown.ECE(seen[0], 1), unknown.ECE(seen[0], scale.Temperature), unknown.Below(seen[0].Scores(scale.Score), own), len(seen[0].Logits)}
	err = cli.Show(stdout, asJSON, t, fmt.Sprintf("%s\n  temperature %.2f: expected calibration error %.2f %%, without %.2f %%; of %d held-out images %.1f %% are flagged\n",
		t.Arch, t.Temperature, 100*t.ECE, 100*t.Uncorrected, t.N, 100*t.Flagged))
	for k, m := range unknown.Methods(scale, learnt) {
		threshold := own
		if k > 0 {
			threshold = unknown.Threshold(chosen.Scores(m.Score))
		}
		known := seen[0].Scores(m.Score)
		for i, set := range sets {
			if err != nil {
				return err
			}
			scores := seen[i].Scores(m.Score)
			r := flagged{t.Arch, m.Name, set.Name, unknown.Below(scores, threshold), unknown.AUROC(known, scores), len(scores)}
			err = cli.Show(stdout, asJSON, r, fmt.Sprintf("  %-16s %-20s %5.1f %% flagged, AUROC %.3f, of %d\n", r.Method, r.Set, 100*r.Flagged, r.AUROC, r.N))
		}
	}
	return err
}
