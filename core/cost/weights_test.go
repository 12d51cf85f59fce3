package cost_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/supernet"
)

// TestParametersAreTheWeights: what is counted is what a child really uses, in
// sum and for every layer, by the names of its tensors.
func TestParametersAreTheWeights(t *testing.T) {
	const classes = 10
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"nette", "tiny", "bignas"} {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := supernet.NewWeights(s, classes)
		if err != nil {
			t.Fatal(err)
		}
		if got := cost.ForClasses(s.Max(), classes).Params; got != int64(w.Count()) {
			t.Errorf("%s: biggest child counted with %d parameters, the supernet has %d", name, got, w.Count())
		}
		for _, a := range []arch.Arch{s.Min(), s.Sample(r), s.Sample(r), s.Max()} {
			views, err := w.Slices(a)
			if err != nil {
				t.Fatal(err)
			}
			report, used, matched := cost.ForClasses(a, classes), int64(0), 0
			for _, l := range report.Layers {
				of := int64(0)
				for _, v := range views {
					if v.Param.Name == l.Name || strings.HasPrefix(v.Param.Name, l.Name+".") {
						of += int64(v.Len())
						matched++
					}
				}
				if of != l.Params {
					t.Errorf("%s: %s counted with %d parameters, its tensors have %d", a, l.Name, l.Params, of)
				}
				used += of
			}
			if used != report.Params || matched != len(views) {
				t.Errorf("%s: %d parameters counted, %d used; %d of %d tensors belong to a layer", a, report.Params, used, matched, len(views))
			}
		}
	}
}
