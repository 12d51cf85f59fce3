package main

import (
	"encoding/json"
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/train/run"
)

// released shows what a release measured.
func (p program) released(f releaseFlags, r *run.Release) error {
	mean, worst := r.StatisticsError()
	if f.JSON {
		for _, m := range r.Children {
			if err := cli.Line(p.stdout, m); err != nil {
				return err
			}
		}
		for _, c := range r.Check {
			if err := cli.Line(p.stdout, c); err != nil {
				return err
			}
		}
		return cli.Line(p.stdout, map[string]any{"file": f.Output, "bytes": len(r.File), "statistics_mean_error": mean, "statistics_worst_error": worst})
	}
	for _, m := range r.Children {
		fmt.Fprintf(p.stdout, "%-72s top-1 %.2f %% calibrated, %.2f %% predicted statistics, of %d\n", m.Arch, 100*m.Calibrated, 100*m.Predicted, m.N)
	}
	_, err := fmt.Fprintf(p.stdout, "predicted BN statistics against calibrated ones, %d unseen children: top-1 differs by %.2f points in the mean, %.2f at worst\nwrote %s, %d bytes\n",
		len(r.Check), 100*mean, 100*worst, f.Output, len(r.File))
	return err
}

// writeManifest writes what the page is told about the weights: accuracies are
// those with predicted statistics, with which the page runs.
func writeManifest(path, file string, r *run.Release) error {
	type child struct {
		Arch string  `json:"arch"`
		Top1 float64 `json:"top1"`
		N    int     `json:"n"`
	}
	m := struct {
		Weights  string  `json:"weights"`
		Bytes    int     `json:"bytes"`
		Children []child `json:"children"`
	}{Weights: file, Bytes: len(r.File)}
	for _, c := range r.Children {
		m.Children = append(m.Children, child{c.Arch, c.Predicted, c.N})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return run.WriteFile(path, append(text, '\n'))
}
