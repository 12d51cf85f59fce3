package main

import (
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/train/measure"
)

// TestAgainstRandom: a member is compared with the random children that cost no
// more, and with nothing that was measured otherwise.
func TestAgainstRandom(t *testing.T) {
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "children.csv")
	head := measure.Head{Space: space, Seed: 3, Source: predict.Source{Digest: "sha256:a", N: 50, Images: 8, Classes: 10, Split: "search-0.1-four-views"}}
	table, err := measure.OpenTable(file, head)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	const random = 40
	limit, within, best := 60e6, 0, 0.0
	for i := range random + 2 {
		a := head.Child(i)
		macs := float64(cost.Totals(a, 10).MACs)
		top1 := 0.5 + macs/1e9
		if i == 1 {
			top1 = 0.99 // the biggest is no random child
		}
		if i > 1 && macs <= limit {
			within++
			best = max(best, top1)
		}
		if err := table.Append(top1); err != nil {
			t.Fatal(err)
		}
	}
	picked := func(accuracy float64, kind search.Kind, n int) []member {
		return []member{{Name: "S", MACs: int64(limit), Search: &search.Point{Accuracy: accuracy, Kind: kind, N: n}}, {Name: "named"}}
	}
	f := familyFlags{Random: file}
	members := picked(0.9, search.Measured, 50)
	if err := f.against("sha256:a", members); err != nil {
		t.Fatal(err)
	}
	if r := members[0].Random; r.Children != random || r.Within != within || r.Top1 != best || within == 0 || within == random {
		t.Errorf("%+v, want %d within, the best %v", r, within, best)
	}
	if members[1].Random != nil {
		t.Error("a child that no search picked is compared")
	}
	for accuracy, want := range map[float64]string{best + 0.01: "above the front", best: "on the front", best - 0.01: "BELOW the front"} {
		if got := members[0].Random.text(accuracy); !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", accuracy, got, want)
		}
	}
	for want, err := range map[string]error{
		"belongs to other weights":       f.against("sha256:b", picked(0.9, search.Measured, 50)),
		"measured accuracy of 49 images": f.against("sha256:a", picked(0.9, search.Measured, 49)),
		"predicted accuracy of 0 images": f.against("sha256:a", picked(0.9, search.Predicted, 0)),
		"there is no file no.csv":        (&familyFlags{Random: "no.csv"}).against("sha256:a", members),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
