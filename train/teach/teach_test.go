package teach

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/teach"
	"bignas/core/weights"
	"bignas/train/dataset"
	"bignas/train/run"
)

// shipped are the weights of the repository.
func shipped(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../assets/bignas-nette.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t *testing.T) *Base {
	t.Helper()
	b, err := Open(shipped(t), "w", 1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var shapes = sync.OnceValues(func() (*dataset.Dataset, error) {
	return dataset.Open(dataset.Shapes, dataset.Options{Side: 48, Seed: 1})
})

// drawn writes class folders with so many drawn images each, in the order of the
// classes of the drawn data set; the same image every time where alike is true.
func drawn(t *testing.T, alike bool, folders map[string]int) string {
	t.Helper()
	d, err := shapes()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for class, folder := range slices.Sorted(maps.Keys(folders)) {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		n := 0
		for i := range d.Len() {
			if n == folders[folder] {
				break
			}
			if d.Label(i) != class%10 && !alike {
				continue
			}
			pix := d.Image(i)
			if alike {
				pix = d.Image(0)
			}
			file, err := dataset.PNG(pix, d.Side)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, folder, fmt.Sprintf("%d.png", n)), file, 0o644); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	return dir
}

// TestHead: the file holds the body bit for bit with another classifier, is read by an
// engine, says what it was taught on, and comes out the same again.
func TestHead(t *testing.T) {
	b := open(t)
	data, err := dataset.Open(drawn(t, false, map[string]int{"a disc": 8, "b": 8, "c": 8}), dataset.Options{Side: 64})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Random: 1}
	r, err := b.Head(context.Background(), data, o)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.Head(context.Background(), data, o); err != nil || string(again.File) != string(r.File) {
		t.Errorf("twice the same, two files (%v)", err)
	}
	was, err := weights.Unmarshal(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	is, err := weights.Unmarshal(r.File)
	if err != nil {
		t.Fatal(err)
	}
	last := len(was.Net.Params) - 2
	for i, p := range was.Net.Params[:last] {
		if !slices.Equal(p.Data, is.Net.Params[i].Data) {
			t.Errorf("%s has changed", p.Name)
		}
	}
	for _, a := range teach.Children(was.Net.Space, 1, 3) {
		before, err := was.Statistics.Predict(a)
		if err != nil {
			t.Fatal(err)
		}
		after, err := is.Statistics.Predict(a)
		if err != nil || !slices.EqualFunc(before.Mean, after.Mean, slices.Equal) || !slices.EqualFunc(before.Variance, after.Variance, slices.Equal) {
			t.Errorf("the statistics of %s have changed (%v)", a, err)
		}
	}
	if is.Confidence != nil || was.Confidence == nil || !slices.Equal(is.Labels, []string{"a disc", "b", "c"}) || is.Metadata["measured"] == "" ||
		!strings.Contains(is.Metadata[teach.KeyTaught], was.Metadata[weights.DigestKey]) {
		t.Errorf("labels %q, confidence %v, metadata %v", is.Labels, is.Confidence != nil, is.Metadata)
	}
	e, err := classify.New(r.File)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dataset.NamesIn("f", e.Info().Metadata, e.Info().Labels); err != nil {
		t.Error(err)
	}
	train, _, held := run.Split(b.Config, data)
	if train.Len() != r.Images || held.Len() != r.HeldOut || held.Len() < 3 {
		t.Errorf("%d images and %d held out, the file's own split is %d and %d", r.Images, r.HeldOut, train.Len(), held.Len())
	}
	if c, err := child(is, is.Net.Space.Min()); err != nil || c.Classes != 3 {
		t.Errorf("a child of three classes: %v", err)
	}
}

// TestInterrupted: before the classifier is trained there is nothing to keep; then
// there is.
func TestInterrupted(t *testing.T) {
	b := open(t)
	data, err := dataset.Open(drawn(t, false, map[string]int{"a": 4, "b": 4}), dataset.Options{Side: 64})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := b.Head(ctx, data, Options{Random: 1, Step: func(s teach.Step) {
		if s.Done == 2 {
			cancel()
		}
	}})
	if err != nil || !r.Interrupted || r.Steps > 2 || len(r.File) == 0 {
		t.Errorf("%v, %+v", err, r.Steps)
	}
	if _, err := b.Head(ctx, data, Options{Random: 1}); err != context.Canceled {
		t.Errorf("ended before: %v", err)
	}
}

// TestSmallAndOddData: each works, or says what to do.
func TestSmallAndOddData(t *testing.T) {
	b := open(t)
	hundred := map[string]int{}
	for i := range 100 {
		hundred[fmt.Sprintf("class %02d", i)] = 1 + i%2
	}
	for name, c := range map[string]struct {
		folders map[string]int
		alike   bool
		held    int
		refused string
	}{
		"one image of each of two": {folders: map[string]int{"a": 1, "b": 1}},
		"two of one":               {folders: map[string]int{"a": 2, "b": 1}, held: 1},
		"a hundred classes":        {folders: hundred, held: 50},
		"names with spaces":        {folders: map[string]int{"my left shoe ": 3, " my right shoe": 3}, held: 2},
		"one class":                {folders: map[string]int{"a": 5}, refused: "at least 2"},
		"an empty class":           {folders: map[string]int{"a": 5, "b": 5, "empty": 0}, refused: "--skip-empty"},
		"all alike":                {folders: map[string]int{"a": 5, "b": 5}, alike: true, held: 2},
	} {
		data, err := dataset.Open(drawn(t, c.alike, c.folders), dataset.Options{Side: 48})
		if err == nil {
			_, err = Survey(b.Config, data, false)
		}
		if c.refused != "" {
			if f := fault.Of(err); f == nil || !strings.Contains(f.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, err := b.Head(context.Background(), data, Options{Random: 1})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.HeldOut < c.held || c.held == 0 && r.HeldOut > 0 || (r.Children == nil) != (r.HeldOut == 0) {
			t.Errorf("%s: %d held out, children %v", name, r.HeldOut, r.Children)
		}
		if e, err := classify.New(r.File); err != nil || len(e.Info().Labels) != len(c.folders) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefused: a file without statistics, and one that is no weights file.
func TestRefused(t *testing.T) {
	b, err := weights.Unmarshal(shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	b.Statistics = nil
	bare, err := weights.Marshal(b, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	for want, data := range map[string][]byte{"no BN statistics": bare, "safetensors": []byte("something else")} {
		if _, err := Open(data, "w", 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestFull: all weights change, the statistics are fitted anew, and a run that is there
// is gone on with. Without a held-out image it is refused.
func TestFull(t *testing.T) {
	b := open(t)
	data, err := dataset.Open(drawn(t, false, map[string]int{"a": 6, "b": 6}), dataset.Options{Side: 48})
	if err != nil {
		t.Fatal(err)
	}
	head, err := b.Head(context.Background(), data, Options{Random: 1})
	if err != nil {
		t.Fatal(err)
	}
	o := FullOptions{Folder: t.TempDir(), Epochs: 3, Calibrated: 12, Check: 2}
	r, err := b.Full(context.Background(), head, data, o)
	if err != nil {
		t.Fatal(err)
	}
	is, err := weights.Unmarshal(r.File)
	if err != nil {
		t.Fatal(err)
	}
	was, err := weights.Unmarshal(head.File)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(is.Net.Head.Weight.Data, was.Net.Head.Weight.Data) || is.Statistics == nil || is.Metadata[teach.KeyTaught] != "" {
		t.Errorf("the body has not changed, or has no statistics: %q", is.Metadata[teach.KeyTaught])
	}
	if r.Doubt.Children != 2 || r.Doubt.Worst < r.Doubt.Mean || !strings.Contains(is.Metadata[classify.KeyDoubt], `"children":2`) {
		t.Errorf("what to expect of other children is %+v, and in the file %q", r.Doubt, is.Metadata[classify.KeyDoubt])
	}
	if is.Spec != was.Spec || len(r.Children) != 7 || is.Metadata[classify.KeyFamily] == "" {
		t.Errorf("%d children, preprocessing %v, was %v", len(r.Children), is.Spec, was.Spec)
	}
	begun := 0
	o.Begun = func(s *run.Run) { begun = s.Done() }
	if again, err := b.Full(context.Background(), head, data, o); err != nil || begun != 3 || string(again.File) != string(r.File) {
		t.Errorf("gone on after %d epochs, %v", begun, err)
	}
	head.HeldOut = 0
	if _, err := b.Full(context.Background(), head, data, o); err == nil || !strings.Contains(err.Error(), "no image is held out") {
		t.Errorf("nothing held out: %v", err)
	}
}

// TestConfidence: where enough images are held out, the confidence is fitted to them.
func TestConfidence(t *testing.T) {
	b := open(t)
	b.Config.ValFraction = 0.7
	data, err := dataset.Open(drawn(t, false, map[string]int{"a": 50, "b": 50}), dataset.Options{Side: 32})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Head(context.Background(), data, Options{Random: 1})
	if err != nil {
		t.Fatal(err)
	}
	if is, err := weights.Unmarshal(r.File); err != nil || r.HeldOut < enough || is.Confidence == nil {
		t.Errorf("%d held out: %v", r.HeldOut, err)
	}
}
