package dataset

import (
	"fmt"
	"math"
	"testing"
)

// TestSearchSplit: what searches choose on is cut from the training half, is none
// of the validation images, is independent of them, and never moves.
func TestSearchSplit(t *testing.T) {
	d := made(4, 800)
	train, val := d.Split(ByName, 0.1)
	rest, search := train.SearchSplit(ByName, 0.2)
	if rest.Len()+search.Len() != train.Len() || train.Len()+val.Len() != d.Len() {
		t.Fatalf("%d and %d of %d training images", rest.Len(), search.Len(), train.Len())
	}
	if share := float64(search.Len()) / float64(train.Len()); math.Abs(share-0.2) > 0.02 { // 4 standard deviations
		t.Errorf("%.3f of the training images are for search, want 0.2", share)
	}
	for i := range search.Len() {
		if HeldOut(search.Name(i), 0.1) || !ForSearch("else/where/"+search.Name(i), 0.3) {
			t.Fatalf("%s is a validation image, or leaves the split when it grows", search.Name(i))
		}
	}
	got := ""
	for i := range 60 {
		if ForSearch(fmt.Sprintf("train/n01440764/n01440764_%d.JPEG", i), 0.1) {
			got += fmt.Sprint(i, " ")
		}
	}
	if want := forSearchOf60; got != want { // published results depend on the rule
		t.Errorf("for search are %s, want %s", got, want)
	}
}

const forSearchOf60 = "3 10 29 31 38 57 "
