package main

import (
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
		fmt.Fprintf(p.stdout, "%-72s top-1 %.2f %% of %d\n", m.Arch, 100*m.Top1, m.N)
	}
	_, err := fmt.Fprintf(p.stdout, "predicted BN statistics against calibrated ones, %d unseen children: top-1 differs by %.2f points in the mean, %.2f at worst\nwrote %s, %d bytes\n",
		len(r.Check), 100*mean, 100*worst, f.Output, len(r.File))
	return err
}
