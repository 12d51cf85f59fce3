package run

import (
	"testing"

	"bignas/train/dataset"
)

// TestSearchImagesAreLeftOut: nothing is learnt from what a search chooses on, by
// the rule of published splits and by the one that the data needs, which the run
// keeps.
func TestSearchImagesAreLeftOut(t *testing.T) {
	data := colours(t)
	for _, version := range []int{dataset.ByName, 0} {
		c := parse(t, "sgd")
		c.ValFraction, c.SearchFraction, c.Split = 0.2, 0.4, version
		s, err := New(c, data, t.TempDir(), false)
		if err != nil {
			t.Fatal(err)
		}
		if version == 0 && s.Config.Split != data.SplitVersion(0.2, 0.4) {
			t.Errorf("the run keeps version %d", s.Config.Split)
		}
		train, _ := data.Split(s.Config.Split, c.ValFraction)
		rest, search := train.SearchSplit(s.Config.Split, c.SearchFraction)
		if search.Len() == 0 || s.Train.Len() != rest.Len() {
			t.Fatalf("%d images are trained on, want %d; %d are for search", s.Train.Len(), rest.Len(), search.Len())
		}
		chosen := map[string]bool{}
		for i := range search.Len() {
			chosen[search.Name(i)] = true
		}
		for i := range s.Train.Len() {
			if name := s.Train.Name(i); chosen[name] || version == dataset.ByName && dataset.ForSearch(name, c.SearchFraction) {
				t.Errorf("%s is trained on and searched on", name)
			}
		}
	}
}
