package dataset

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestHeldOutNeverMoves: these images of Imagenette were held out, and these
// were not, when the first weights were trained. Changing the rule would put
// training images into the validation set of published weights.
func TestHeldOutNeverMoves(t *testing.T) {
	got := ""
	for i := range 60 {
		if HeldOut(fmt.Sprintf("train/n01440764/n01440764_%d.JPEG", i), 0.1) {
			got += fmt.Sprint(i, " ")
		}
	}
	if want := heldOutOf60; got != want {
		t.Errorf("held out are %s, want %s", got, want)
	}
}

func TestHeldOutDependsOnTheBaseNameAlone(t *testing.T) {
	count := 0
	for i := range 20_000 {
		name := fmt.Sprintf("img%d.png", i)
		in := HeldOut(name, 0.1)
		if in {
			count++
		}
		if in != HeldOut("some/where/"+name, 0.1) {
			t.Fatalf("%s changes sides with its folder", name)
		}
		if in && !HeldOut(name, 0.2) {
			t.Fatalf("%s is held out at 0.1 and not at 0.2", name)
		}
	}
	if share := float64(count) / 20_000; math.Abs(share-0.1) > 0.008 { // 4 standard deviations
		t.Errorf("%.4f are held out, want 0.1", share)
	}
	if HeldOut("a", 0) || !HeldOut("a", 1) {
		t.Error("0 must hold out nothing, 1 everything")
	}
}

// made is a data set without pixels.
func made(classes, each int) *Dataset {
	d := &Dataset{Side: 1}
	for c := range classes {
		d.Classes = append(d.Classes, fmt.Sprint(c))
		for i := range each * (c + 1) {
			d.items = append(d.items, item{name: fmt.Sprintf("%d/%d_%d.png", c, c, i), label: c, pix: make([]uint8, 3)})
		}
	}
	return d
}

func TestLimitIsBalancedAndNested(t *testing.T) {
	all := made(4, 30).All()
	small, big := all.Limit(20), all.Limit(57)
	count := make([]int, 4)
	var names []string
	for i := range big.Len() {
		names = append(names, big.Name(i))
	}
	if big.Len() != 57 || !slices.IsSorted(big.index) {
		t.Errorf("Limit(57) has %d images, in order: %v", big.Len(), slices.IsSorted(big.index))
	}
	for i := range small.Len() {
		count[small.Label(i)]++
		if !slices.Contains(names, small.Name(i)) {
			t.Errorf("%s is in Limit(20) and not in Limit(57)", small.Name(i))
		}
	}
	if !slices.Equal(count, []int{5, 5, 5, 5}) {
		t.Errorf("Limit(20) has %v a class, want 5 each", count)
	}
	if all.Limit(0).Len() != all.Len() || all.Limit(10_000).Len() != all.Len() {
		t.Error("0 and too many must mean all")
	}
	// A second image of a small class comes before a hundredth of a big one.
	if n := made(4, 30).All().Limit(200); n.Len() != 200 {
		t.Errorf("Limit(200) has %d images", n.Len())
	}
}

// TestPartsCoverAll: parts are disjoint until every image has had its turn, and
// each is spread over the classes.
func TestPartsCoverAll(t *testing.T) {
	all := made(4, 30).All()
	seen := map[string]int{}
	for i := range (all.Len() + 11) / 12 {
		part := all.Part(i, 12)
		classes := map[int]bool{}
		for k := range part.Len() {
			seen[part.Name(k)]++
			classes[part.Label(k)] = true
		}
		if part.Len() != 12 || i == 0 && len(classes) != 4 {
			t.Errorf("part %d has %d images of %d classes", i, part.Len(), len(classes))
		}
	}
	for name, n := range seen {
		if n > 2 {
			t.Errorf("%s has its turn %d times", name, n)
		}
	}
	if len(seen) != all.Len() {
		t.Errorf("%d of %d images had their turn", len(seen), all.Len())
	}
	if first := all.Part(0, 20); !slices.Equal(first.index, all.Limit(20).index) {
		t.Error("part 0 is not Limit's")
	}
}

func TestSplitCoversAll(t *testing.T) {
	d := made(5, 40)
	train, val := d.Split(ByName, 0.1)
	if train.Len()+val.Len() != d.Len() || val.Len() == 0 || val.Len() > d.Len()/5 {
		t.Fatalf("%d and %d of %d", train.Len(), val.Len(), d.Len())
	}
	both := append(slices.Clone(train.index), val.index...)
	slices.Sort(both)
	if !slices.Equal(both, d.All().index) {
		t.Error("an image is on both sides or on none")
	}
}

// TestMixed: every stretch of a balanced subset has all classes alike, and no image
// is lost or comes twice.
func TestMixed(t *testing.T) {
	d := made(4, 50)
	train, _ := d.Split(ByName, 0)
	mixed := train.Limit(160).Mixed()
	for from := 0; from < 160; from += 16 {
		count := make([]int, 4)
		for i := from; i < from+16; i++ {
			count[mixed.Label(i)]++
		}
		if slices.Min(count) != 4 {
			t.Errorf("images %d to %d: %v of each class", from, from+15, count)
		}
	}
	names := map[string]bool{}
	for i := range mixed.Len() {
		names[mixed.Name(i)] = true
	}
	if len(names) != 160 {
		t.Errorf("%d different images of 160", len(names))
	}
}
