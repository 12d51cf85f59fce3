package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"bignas/cmd/internal/cli"
	"bignas/core/search"
)

// show prints the front, then the pick.
func (f *runFlags) show(stdout io.Writer, r *search.Pareto) error {
	pick := r.Front[r.Pick]
	if f.JSON {
		for _, q := range r.Front {
			if err := cli.Line(stdout, q); err != nil {
				return err
			}
		}
		return cli.Line(stdout, map[string]search.Point{"pick": pick})
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "MMACs\tparameters\tweights\tactivations\t%stop-1, %s\tchild\n", whereKnown(pick, "latency\t"), r.Kind)
	for _, q := range r.Front {
		row(t, "", q)
	}
	for _, m := range r.Marks {
		row(t, m.Name+" ", m.Point)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "\nbest%s: %s\n  %s\n", within(r.Limits), pick.Arch, says(pick))
	return err
}

func row(t *tabwriter.Writer, name string, q search.Point) {
	fmt.Fprintf(t, "%.1f\t%.2f M\t%s\t%s\t%s%s\t%s%s\n", float64(q.Costs.MACs)/1e6, float64(q.Costs.Params)/1e6,
		search.Amount(search.Bytes, float64(q.Costs.Bytes)), search.Amount(search.Memory, float64(q.Costs.Memory)),
		whereKnown(q, search.Amount(search.Latency, q.Costs.Latency)+"\t"), accuracy(q), name, q.Arch)
}

// whereKnown returns the cell where latencies are known, and "" otherwise.
func whereKnown(q search.Point, cell string) string {
	if q.Costs.Latency == 0 {
		return ""
	}
	return cell
}

// accuracy formats an accuracy with its error.
func accuracy(q search.Point) string {
	return fmt.Sprintf("%.2f ± %.2f %%", 100*q.Accuracy, 100*q.Error)
}

func says(q search.Point) string {
	if q.Kind == search.Measured {
		return fmt.Sprintf("top-1 %s, measured on %d training images held out for search (± is the standard error)", accuracy(q), q.N)
	}
	return fmt.Sprintf("top-1 %s, predicted (± is the mean error on unseen children); measure it with --data", accuracy(q))
}

func within(l search.Limits) string {
	if len(l) == 0 {
		return ""
	}
	return " within " + l.String()
}
