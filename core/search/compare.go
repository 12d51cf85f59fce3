package search

import (
	"context"
	"fmt"
	"strings"
)

// Trial is the outcome of one search of a comparison.
type Trial struct {
	Limits      Limits
	Method      string
	Seed        uint64
	Evaluations int   // that were used
	Best        Point // the most accurate child found
}

// Trials is a comparison of methods.
type Trials []Trial

// Compare runs each method on the problem within each of the limits, with the seeds from 1 to
// seeds and the same number of evaluations. each, where not nil, is called after each search.
func Compare(ctx context.Context, p Problem, budgets []Limits, seeds, evaluations int, each func(done, total int)) (Trials, error) {
	var out Trials
	total := len(budgets) * len(Methods) * seeds
	for _, l := range budgets {
		p.Limits, p.Against = l, nil
		for _, m := range Methods {
			for seed := uint64(1); seed <= uint64(seeds); seed++ {
				s, err := New(p, Options{m, seed, evaluations})
				if err != nil {
					return nil, err
				}
				if err := s.Run(ctx, nil); err != nil {
					return nil, err
				}
				best, _ := s.Best()
				out = append(out, Trial{l, m, seed, len(s.points), best})
				if each != nil {
					each(len(out), total)
				}
			}
		}
	}
	return out, nil
}

// Mean returns the mean accuracy of a method's best children over the seeds, within the limits
// of the given trial.
func (t Trials) Mean(of Trial, method string) float64 {
	sum, n := 0.0, 0
	for _, x := range t {
		if x.Method == method && x.Limits.String() == of.Limits.String() {
			sum, n = sum+x.Best.Accuracy, n+1
		}
	}
	return sum / float64(max(n, 1))
}

// String lists the limits in a fixed order, such as "macs 50M, params 1.5M".
func (l Limits) String() string {
	var parts []string
	for _, m := range Metrics {
		if v, ok := l[m]; ok {
			parts = append(parts, fmt.Sprintf("%s %s", m, Amount(m, v)))
		}
	}
	return strings.Join(parts, ", ")
}

// CSV formats the comparison as a table with a row for each search. Accuracies are shares, 0
// to 1.
func (t Trials) CSV() string {
	var b strings.Builder
	b.WriteString("budget,method,seed,evaluations,accuracy,kind,error,macs,params,arch\n")
	for _, x := range t {
		fmt.Fprintf(&b, "%s,%s,%d,%d,%.6f,%s,%.6f,%d,%d,%s\n", strings.ReplaceAll(x.Limits.String(), ",", ";"), x.Method, x.Seed, x.Evaluations,
			x.Best.Accuracy, x.Best.Kind, x.Best.Error, x.Best.Costs.MACs, x.Best.Costs.Params, x.Best.Arch)
	}
	return b.String()
}
