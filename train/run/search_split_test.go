package run

import (
	"testing"

	"bignas/train/dataset"
)

// TestSearchPicturesAreLeftOut: nothing is learnt from what a search chooses on.
func TestSearchPicturesAreLeftOut(t *testing.T) {
	data := colours(t)
	c := parse(t, "sgd")
	c.ValFraction, c.SearchFraction = 0.2, 0.4
	s, err := New(c, data, t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	train, _ := data.Split(0, c.ValFraction)
	rest, search := train.SearchSplit(0, c.SearchFraction)
	if search.Len() == 0 || s.Train.Len() != rest.Len() {
		t.Fatalf("%d pictures are trained on, want %d; %d are for search", s.Train.Len(), rest.Len(), search.Len())
	}
	for i := range s.Train.Len() {
		if dataset.ForSearch(s.Train.Name(i), c.SearchFraction) {
			t.Errorf("%s is trained on and searched on", s.Train.Name(i))
		}
	}
}
