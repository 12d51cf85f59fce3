//go:build !js

// In a browser's program it takes a minute; the operators are tested there, too.

package live

import (
	"encoding/json"
	"testing"

	"bignas/core/plainjson"
)

// told is what the page reads.
type told struct {
	Step, Of, Images, Side, Weights int
	Classes                         []string
	Biggest, Smallest               int
	Loss, Correct                   []float64
}

func read(t *testing.T, r plainjson.Record) (v told) {
	t.Helper()
	text, err := plainjson.Append(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTraining: the losses of all children fall and they classify more images correctly,
// though only the biggest sees labels alone; the same seed gives the same.
func TestTraining(t *testing.T) {
	const steps, last = 60, 10
	var losses [2][]float64
	for i, n := range []int{steps, 5} {
		tr, err := New(7)
		if err != nil {
			t.Fatal(err)
		}
		begin, pixels := tr.Begin()
		if b := read(t, begin); b.Of != Steps || len(b.Classes) != 10 || len(pixels) != 10*b.Side*b.Side*3 || b.Biggest < 4*b.Smallest || b.Weights < 10000 {
			t.Errorf("it begins with %+v and %d bytes", b, len(pixels))
		}
		var sum, right [3]float64
		for k := range n {
			s := read(t, tr.Step())
			if s.Step != k+1 || len(s.Loss) != 3 || len(s.Correct) != 3 {
				t.Fatalf("step %d says %+v", k+1, s)
			}
			losses[i] = append(losses[i], s.Loss...)
			for c := range 3 {
				if k >= steps-last {
					sum[c], right[c] = sum[c]+s.Loss[c]/last, right[c]+s.Correct[c]/last
				}
			}
		}
		for c, name := range []string{"biggest", "random", "smallest"} {
			if first := losses[i][c]; n == steps && (sum[c] > 0.7*first || right[c] < 0.4) {
				t.Errorf("after %d steps the loss of the %s is %.2f of %.2f, and %.0f %% are correct", n, name, sum[c], first, 100*right[c])
			}
		}
	}
	for i, v := range losses[1] {
		if v != losses[0][i] {
			t.Fatalf("another training with the same seed has other losses: %v, %v", losses[1], losses[0][:len(losses[1])])
		}
	}
}

// TestImages: a child of another resolution sees the same scene, and no batch has the images
// of another.
func TestImages(t *testing.T) {
	tr, err := New(7)
	if err != nil {
		t.Fatal(err)
	}
	colour := func(pixels []uint8) (sum [3]float64) {
		for i, v := range pixels {
			sum[i%3] += float64(v) / float64(len(pixels)/3)
		}
		return sum
	}
	differ := func(a, b [3]float64) (most float64) {
		for i := range a {
			most = max(most, a[i]-b[i], b[i]-a[i])
		}
		return most
	}
	for i := range images {
		same := differ(colour(tr.image(3, i, 12)), colour(tr.image(3, i, 20)))
		other := differ(colour(tr.image(3, i, 20)), colour(tr.image(4, i, 20)))
		if same > 4 {
			t.Errorf("image %d has another colour at another side, by %.1f", i, same)
		}
		if other == 0 {
			t.Errorf("image %d is in two batches", i)
		}
	}
}
