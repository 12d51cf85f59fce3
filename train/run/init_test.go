package run

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
)

// TestInit: a run begins from another run's average and from a released file,
// and everything that does not fit is refused before the folder exists.
func TestInit(t *testing.T) {
	t.Parallel()
	data, c := colours(t), parse(t, "sgd")
	c.Epochs, c.WarmupEpochs = 1, 0
	first := filepath.Join(t.TempDir(), "first")
	s, err := New(c, data, first, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	released := filepath.Join(t.TempDir(), "released")
	file, err := weights.Marshal(&weights.Bundle{Net: s.Best(), Spec: config.Spec, Labels: data.Labels}, weights.Float32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(released, file, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{first, filepath.Join(first, checkpointName), released} {
		next := c
		next.Init, next.Seed, next.Optimiser, next.EMA = from, 99, "rmsprop", 0.5
		n, err := New(next, data, filepath.Join(t.TempDir(), "next"), false)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, from+": weights", s.Best(), n.Trainer.Weights)
		equal(t, from+": average", s.Best(), n.Trainer.Average)
		if n.Done() != 0 || n.Trainer.Updates != 0 {
			t.Errorf("%s: begins after %d epochs, %d updates", from, n.Done(), n.Trainer.Updates)
		}
	}
	others := c
	others.Init = released
	n, err := New(others, coloursIn(t, "black", "white", "white"), filepath.Join(t.TempDir(), "others"), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Notes) == 0 || !strings.Contains(n.Notes[0], "the classifier is a new one") || n.Trainer.Weights.Classes != 2 {
		t.Errorf("other classes: %d, notes %q", n.Trainer.Weights.Classes, n.Notes)
	}
	for i, p := range s.Best().Params[:len(s.Best().Params)-2] {
		if !slices.Equal(p.Data, n.Trainer.Weights.Params[i].Data) {
			t.Errorf("other classes: %s is not that of the body", p.Name)
		}
	}
	space, err := arch.Lookup("bignas")
	if err != nil {
		t.Fatal(err)
	}
	other, err := supernet.NewWeights(space, 3)
	if err != nil {
		t.Fatal(err)
	}
	other.Init(rand.New(rand.NewPCG(1, 1)), true)
	marshal := func(w *supernet.Weights, labels ...string) []byte {
		b, err := weights.Marshal(&weights.Bundle{Net: w, Spec: config.Spec, Labels: labels}, weights.Float16)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for want, content := range map[string][]byte{
		`of the space "bignas", the configuration's space is "nette"`: marshal(other, "a", "b", "c"),
		"cut off":               file[:len(file)/2],
		"released weights file": nil,
	} {
		c.Init = filepath.Join(t.TempDir(), "w")
		if content != nil {
			if err := os.WriteFile(c.Init, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(t.TempDir(), "refused")
		if _, err := New(c, data, out, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: the folder was made", want)
		}
	}
}
