package run

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/group"
)

// began is a run of one epoch that has not trained, with its checkpoint.
func began(t *testing.T, c config.Config, data *dataset.Dataset) *Run {
	t.Helper()
	s, err := New(c, data, filepath.Join(t.TempDir(), "run"), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(checkpointName); err != nil {
		t.Fatal(err)
	}
	return s
}

// ordered checks that the images of colours are numbered as blue, green, red,
// whatever their folders are called: their base names say which they are.
func ordered(t *testing.T, what string, s *Run) {
	t.Helper()
	all := s.Data.All()
	for i := range all.Len() {
		want := map[byte]int{'b': 0, 'g': 1, 'r': 2}[path.Base(all.Name(i))[0]]
		if all.Label(i) != want {
			t.Fatalf("%s: %s has the label %d, want %d", what, all.Name(i), all.Label(i), want)
		}
	}
}

// TestClassesByName: whatever goes on from weights, a checkpoint, the folder of a
// run or a released file, learns and measures by the names of classes: folders that
// sort in another order are mapped, as many other classes are refused, but for --init.
func TestClassesByName(t *testing.T) {
	c := parse(t, "sgd")
	c.Epochs, c.WarmupEpochs = 1, 0
	first := began(t, c, colours(t))
	released := filepath.Join(t.TempDir(), "w.safetensors")
	file, err := weights.Marshal(&weights.Bundle{Net: first.Best(), Spec: config.Spec, Labels: first.Data.Labels,
		Metadata: map[string]string{dataset.KeyClassIDs: dataset.ClassList(first.Data.Classes)}}, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(released, file, 0o600); err != nil {
		t.Fatal(err)
	}
	next := c
	next.Init = first.Out
	fromFile := c
	fromFile.Init = released
	for what, begin := range map[string]func(*dataset.Dataset) (*Run, error){
		"--resume": func(d *dataset.Dataset) (*Run, error) { return New(c, d, first.Out, true) },
		"--init":   func(d *dataset.Dataset) (*Run, error) { return New(next, d, t.TempDir(), false) },
		"a run": func(d *dataset.Dataset) (*Run, error) {
			return Open(first.Out, func(config.Config, dataset.Names) (*dataset.Dataset, error) { return d, nil })
		},
		"--init of a released file": func(d *dataset.Dataset) (*Run, error) { return New(fromFile, d, t.TempDir(), false) },
	} {
		s, err := begin(coloursIn(t, "blue", "Green", "RED")) // which sort the other way round
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		ordered(t, what, s)
		if strings.HasPrefix(what, "--") && (len(s.Notes) != 1 || !strings.Contains(s.Notes[0], `"RED" is "red"`)) {
			t.Errorf("%s: notes %q", what, s.Notes)
		}
		_, err = begin(coloursIn(t, "blue", "green", "yellow"))
		if strings.HasPrefix(what, "--init") { // gets a new classifier (TestInit)
			if err != nil {
				t.Errorf("%s, with yellow for red: %v", what, err)
			}
			continue
		}
		if f := fault.Of(err); f == nil || f.Code != dataset.CodeOtherClasses || !strings.Contains(f.Message, `the weights lack 1: "yellow"; the data lacks 1: "red"`) {
			t.Errorf("%s, with yellow for red: %v", what, err)
		}
	}
}

// TestOldCheckpoint: a checkpoint from before names were kept goes on with data of as
// many classes, and says what it cannot know.
func TestOldCheckpoint(t *testing.T) {
	c := parse(t, "sgd")
	c.Epochs, c.WarmupEpochs = 1, 0
	first := began(t, c, colours(t))
	file := filepath.Join(first.Out, checkpointName)
	f, err := checkpoint(t.Context(), group.Alone{}, file)
	if err != nil {
		t.Fatal(err)
	}
	delete(f.Metadata, dataset.KeyClassIDs)
	delete(f.Metadata, weights.KeyLabels)
	var b bytes.Buffer
	if err := weights.Write(&b, f, weights.Float32); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(c, colours(t), first.Out, true)
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "does not say which classes it knows") {
		t.Errorf("%v, %+v", err, s)
	}
}

// TestOpenLeavesRunAlone: what looks at a run that is training does not take away the
// checkpoint that is being written, and asks for no batch of images.
func TestOpenLeavesRunAlone(t *testing.T) {
	c := parse(t, "sgd")
	c.Epochs, c.WarmupEpochs = 1, 0
	first := began(t, c, colours(t))
	writing := filepath.Join(first.Out, "."+checkpointName+"-1")
	if err := os.WriteFile(writing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(first.Out, func(config.Config, dataset.Names) (*dataset.Dataset, error) { return colours(t), nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(writing); err != nil {
		t.Errorf("the checkpoint that is being written is gone: %v", err)
	}
}

// TestFitBatch: a batch bigger than the data becomes the biggest that its passes
// divide, and the checkpoint of such a run is resumed.
func TestFitBatch(t *testing.T) {
	for _, b := range []struct{ batch, micro, images, want, wantMicro int }{
		{64, 0, 64, 64, 0}, {64, 0, 40, 40, 0}, {64, 16, 40, 32, 16}, {64, 32, 32, 32, 0}, {64, 32, 20, 20, 0}, {64, 32, 2, 2, 0},
	} {
		c := config.Config{Batch: b.batch, MicroBatch: b.micro}
		note, err := c.FitBatch(b.images)
		if err != nil || c.Batch != b.want || c.MicroBatch != b.wantMicro || (note == "") != (b.batch == b.want) {
			t.Errorf("%+v: batch %d, passes of %d, %q, %v", b, c.Batch, c.MicroBatch, note, err)
		}
	}
	if _, err := (&config.Config{Batch: 64}).FitBatch(1); err == nil || !strings.Contains(err.Error(), "at least 2") {
		t.Errorf("one image: %v", err)
	}
	c := parse(t, "sgd")
	c.Epochs, c.WarmupEpochs, c.Batch = 1, 0, 1000
	s := began(t, c, colours(t))
	if n := s.Train.Len(); s.Config.Batch != n || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "batch is 1000") {
		t.Errorf("batch %d of %d images, notes %q", s.Config.Batch, n, s.Notes)
	}
	if _, err := New(c, colours(t), s.Out, true); err != nil {
		t.Errorf("resumed: %v", err)
	}
}
