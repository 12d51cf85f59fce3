package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
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

// measured are the children that a release measures, the cheapest first, and
// those of them that have names.
func (f releaseFlags) measured(space *arch.Space, stderr io.Writer) (family map[string]string, all []arch.Arch, err error) {
	if f.Family != "" {
		e, err := cli.OpenWeights(f.Family, stderr)
		if err != nil {
			return nil, nil, err
		}
		if e.Info().Space != space {
			return nil, nil, fault.New("bad_family", "name children of the same space", "%s is of the space %s, the run of %s", f.Family, e.Info().SpaceName, space.Name)
		}
		if family = e.Info().Family; len(family) == 0 {
			return nil, nil, fault.New("bad_family", "put names into it with search family", "%s names no children", f.Family)
		}
	}
	texts := append([]string{"min", "max"}, slices.Sorted(maps.Values(family))...)
	for _, text := range f.Measure {
		if named, ok := family[text]; ok {
			text = named
		}
		texts = append(texts, text)
	}
	for _, text := range texts {
		a, err := space.Parse(text)
		if err != nil {
			known := strings.Join(slices.Sorted(maps.Keys(family)), ", ")
			return nil, nil, fault.New("bad_arch", "use a text like "+space.Min().String()+", or a name of --family: "+cmp.Or(known, "none is given"), "--measure: %v", err)
		}
		if !slices.ContainsFunc(all, a.Equal) {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b arch.Arch) int { return cmp.Compare(cost.Of(a).MACs, cost.Of(b).MACs) })
	return family, all, nil
}
