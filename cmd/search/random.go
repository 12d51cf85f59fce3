package main

import (
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/search"
	"bignas/train/measure"
)

// randomBest is the best of the random children that cost no more than a member,
// measured on the images that the member was picked by.
type randomBest struct {
	Children int     `json:"children"` // measured random children
	Within   int     `json:"within"`   // of these, those with no more multiply-accumulates
	Top1     float64 `json:"top1"`     // of the best of these, 0 to 1; 0 where there are none
}

// against compares the members that a search has measured with the random children of a table. For one below their front
// the search was of no use.
func (f *familyFlags) against(digest string, members []member) error {
	if f.Random == "" {
		return nil
	}
	data, err := cli.ReadFile(f.Random, nil)
	if err != nil {
		return err
	}
	h, samples, _, err := measure.ReadTable(data)
	if err != nil {
		return err
	}
	if h.Source.Digest != digest {
		return fault.New(search.CodeOther, "measure children of these weights with search measure", "%s belongs to other weights: its digest is %s, theirs %s", f.Random, h.Source.Digest, digest)
	}
	samples = samples[min(2, len(samples)):] // the first two are the smallest and the biggest
	for i := range members {
		m := &members[i]
		if m.Search == nil {
			continue
		}
		if m.Search.Kind != search.Measured || m.Search.N != h.Source.N {
			return fault.New("mixed_accuracy", "search with the same --data, --fraction and --limit as search measure", "%s was picked by a %s accuracy of %d images, %s holds measured ones of %d", m.Name, m.Search.Kind, m.Search.N, f.Random, h.Source.N)
		}
		m.Random = &randomBest{Children: len(samples)}
		for _, s := range samples {
			if cost.Totals(s.Arch, h.Source.Classes).MACs <= m.MACs {
				m.Random.Within++
				m.Random.Top1 = max(m.Random.Top1, s.Accuracy)
			}
		}
	}
	return nil
}

// text describes the comparison for a member that was picked by accuracy.
func (r randomBest) text(picked float64) string {
	if r.Within == 0 {
		return fmt.Sprintf("none of %d random children costs as little", r.Children)
	}
	word := "above"
	switch {
	case picked < r.Top1:
		word = "BELOW"
	case picked == r.Top1:
		word = "on"
	}
	return fmt.Sprintf("%s the front of %d random children: the best of %d with no more MACs has %.2f %%", word, r.Children, r.Within, 100*r.Top1)
}
