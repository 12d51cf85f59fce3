package release

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/measure"
	"bignas/train/run"
)

// recipe trains for a few updates on drawn shapes.
const recipe = `
space = "nette"
seed = 5
side = 24
train_images = 40
epochs = 1
batch = 8
lr = 0.02
ema = 0.9
warmup_epochs = 0.0
random_children = 1
calibration_images = 16
eval_every = 2
[[phase]]
until = 1
resolution = 96
`

// drawn is the images that the runs of these tests see.
func drawn(t *testing.T) *dataset.Dataset {
	t.Helper()
	data, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 24, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// trained is a run to its end with that configuration, of which ten images are measured.
func trained(t *testing.T, configuration string, data *dataset.Dataset) *Source {
	t.Helper()
	c, err := config.Parse(configuration, "release")
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.New(c, data, t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := FromRun(r)
	s.val = s.val.Limit(10)
	return s
}

// TestRelease: a released file holds the averaged weights at half precision,
// statistics for every child, and what was measured.
func TestRelease(t *testing.T) {
	t.Parallel()
	data := drawn(t)
	s := trained(t, recipe, data)
	r, err := s.Release(t.Context(), Options{Children: 6, Images: 8, Check: 2, Measure: []arch.Arch{s.Weights.Space.Min()}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Children) != 1 || len(r.Check) != 2 || r.Children[0].N != s.val.Len() {
		t.Errorf("measured %+v and %+v", r.Children, r.Check)
	}
	b, err := weights.Unmarshal(r.File)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Weights.Params {
		for j, v := range p.Data {
			if got := b.Net.Params[i].Data[j]; got != weights.Single(weights.Half(v)) {
				t.Fatalf("%s[%d] is %v, want %v at half precision", p.Name, j, got, v)
			}
		}
	}
	st, err := b.Statistics.Predict(b.Net.Space.Sample(rand.New(rand.NewPCG(1, 9))))
	if err != nil {
		t.Fatal(err)
	}
	for i := range st.Variance {
		for c, v := range st.Variance[i] {
			if !(v > 0) || math.IsNaN(float64(st.Mean[i][c])) {
				t.Fatalf("layer %d channel %d: predicted mean %v, variance %v", i, c, st.Mean[i][c], v)
			}
		}
	}
	if !strings.Contains(b.Metadata["measured"], r.Children[0].Arch) {
		t.Errorf("the file does not say what was measured: %q", b.Metadata["measured"])
	}
	if _, err := config.Parse(b.Metadata["training"], "stored"); err != nil {
		t.Errorf("the stored configuration does not parse: %v", err)
	}
	want := config.Spec
	want.Through = 24 // the side of the stored images
	if b.Spec != want {
		t.Errorf("the preprocessing is %+v, want %+v", b.Spec, want)
	}
	if !strings.Contains(b.Metadata[classify.KeyDoubt], `"children":2`) {
		t.Errorf("the file says of its statistics %q", b.Metadata[classify.KeyDoubt])
	}
	t.Run("own", func(t *testing.T) { ownStatistics(t, s) })
	t.Run("anew", func(t *testing.T) { releaseAnew(t, r, b, data) })
}

// ownStatistics: where images are few, the measured children have calibrated statistics of their
// own in the file, and others predicted ones.
func ownStatistics(t *testing.T, s *Source) {
	a := s.Weights.Space.Min()
	r, err := s.Release(t.Context(), Options{Children: 6, Images: 8, Measure: []arch.Arch{a}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(r.File)
	if err != nil {
		t.Fatal(err)
	}
	own, err := measure.Calibrate(e.Weights(), a, s.train, e.Info().Preprocessing, s.config.CalibrationImages)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.StatisticsOf(a, false)
	if err != nil || !r.Own || !reflect.DeepEqual(got, own) || r.Children[0].Predicted != r.Children[0].Calibrated {
		t.Errorf("own %v, measured %+v (%v)", r.Own, r.Children, err)
	}
	e.Info().Metadata[classify.KeyDoubt] = `{"mean":0.1,"worst":0.2,"children":9}`
	if d, ok := e.Doubt(a); ok {
		t.Errorf("of a child with its own statistics the file says %+v", d)
	}
	if d, ok := e.Doubt(s.Weights.Space.Max()); !ok || d != (classify.Doubt{Mean: 0.1, Worst: 0.2, Children: 9}) {
		t.Errorf("of another child the file says %+v, %v", d, ok)
	}
}

// releaseAnew: a released file becomes another with the same weights and history;
// its statistics and its accuracies are of the crop that it states.
func releaseAnew(t *testing.T, before *Result, was *weights.Bundle, data *dataset.Dataset) {
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(file, before.File, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := FromFile(file, func(config.Config, dataset.Names) (*dataset.Dataset, error) { return data, nil })
	if err != nil {
		t.Fatal(err)
	}
	s.val = s.val.Limit(10)
	o := Options{Children: 6, Images: 8, Check: 2, Measure: []arch.Arch{was.Net.Space.Min()}}
	same, err := s.Release(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(same.File, before.File) {
		t.Error("released with the same options a file is another")
	}
	stopped, stop := context.WithCancel(t.Context())
	o.Progress = func(done, _ int) {
		if done == 2 {
			stop()
		}
		if done > 2 {
			t.Errorf("child %d after it was stopped", done)
		}
	}
	if _, err := s.Release(stopped, o); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	o.Crop, o.Progress = 0.5, nil
	other, err := s.Release(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(other.File)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range was.Net.Params {
		if !slices.Equal(b.Net.Params[i].Data, p.Data) {
			t.Fatalf("%s is not what it was", p.Name)
		}
	}
	want, _ := was.Statistics.Predict(was.Net.Space.Max())
	got, err := b.Statistics.Predict(was.Net.Space.Max())
	if err != nil || b.Spec.Crop != 0.5 || slices.Equal(got.Mean[1], want.Mean[1]) {
		t.Errorf("the crop is %v, the statistics are the same (%v)", b.Spec.Crop, err)
	}
	for _, key := range []string{"training", "epochs", "seed"} {
		if b.Metadata[key] != was.Metadata[key] {
			t.Errorf("%s is %q, was %q", key, b.Metadata[key], was.Metadata[key])
		}
	}
	b.Spec.Through, b.Metadata["family"] = 32, `{"S":"`+was.Net.Space.Min().String()+`"}`
	seen, err := weights.Marshal(b, weights.Float16)
	if err == nil {
		err = os.WriteFile(file, seen, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, err = FromFile(file, func(config.Config, dataset.Names) (*dataset.Dataset, error) { return data, nil }); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Release(t.Context(), Options{Children: 6, Images: 8})
	if err != nil {
		t.Fatal(err)
	}
	again, err := weights.Unmarshal(kept.File)
	if err != nil || again.Spec != b.Spec || again.Metadata["family"] != b.Metadata["family"] {
		t.Errorf("preprocessing and names of a file are kept: %+v, %q, %v", again.Spec, again.Metadata["family"], err)
	}
	o.Crop = 1.5
	if _, err := s.Release(t.Context(), o); err == nil {
		t.Error("a crop of 1.5 is accepted")
	}
	if _, err := FromFile(filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("a file that is not there is released")
	}
}
