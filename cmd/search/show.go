package main

import (
	"fmt"
	"text/tabwriter"

	"bignas/cmd/internal/cli"
	"bignas/core/search"
)

// show prints the front, then the pick.
func (p program) show(r *search.Pareto) error {
	pick := r.Front[r.Pick]
	if p.json {
		for _, q := range r.Front {
			if err := cli.Line(p.stdout, q); err != nil {
				return err
			}
		}
		return cli.Line(p.stdout, map[string]search.Point{"pick": pick})
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "MMACs\tparameters\tweights\tactivations\t%stop-1, %s\tchild\n", whereKnown(pick, "latency\t"), r.Kind)
	for _, q := range r.Front {
		p.row(t, "", q)
	}
	for _, m := range r.Marks {
		p.row(t, m.Name+" ", m.Point)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "\nbest%s: %s\n  %s\n", within(r.Limits), pick.Arch, says(pick))
	return err
}

func (p program) row(t *tabwriter.Writer, name string, q search.Point) {
	fmt.Fprintf(t, "%.1f\t%.2f M\t%s\t%s\t%s%s\t%s%s\n", float64(q.Costs.MACs)/1e6, float64(q.Costs.Params)/1e6,
		search.Amount(search.Bytes, float64(q.Costs.Bytes)), search.Amount(search.Memory, float64(q.Costs.Memory)),
		whereKnown(q, search.Amount(search.Latency, q.Costs.Latency)+"\t"), accuracy(q), name, q.Arch)
}

// whereKnown is the cell where latencies are known, nothing otherwise.
func whereKnown(q search.Point, cell string) string {
	if q.Costs.Latency == 0 {
		return ""
	}
	return cell
}

// accuracy is never shown without its error.
func accuracy(q search.Point) string {
	return fmt.Sprintf("%.2f ± %.2f %%", 100*q.Accuracy, 100*q.Error)
}

func says(q search.Point) string {
	if q.Kind == search.Measured {
		return fmt.Sprintf("top-1 %s, measured on %d training images kept for search (± is the standard error)", accuracy(q), q.N)
	}
	return fmt.Sprintf("top-1 %s, predicted (± is the mean error on unseen children); measure it with --data", accuracy(q))
}

func within(l search.Limits) string {
	if len(l) == 0 {
		return ""
	}
	return " within " + l.String()
}
