// Package clitest makes files for the tests of commands.
package clitest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
)

// Small is the text of the child that Weights names S: the smallest but for one kernel.
const Small = "r96-c8-8x1k3-12x1k3-20x2k35-32x2k3-48x2k3-72x2k3-112x1k3-h320"

// Random are the options of Weights. The zero value is usable.
type Random struct {
	Seed     uint64
	Space    string               // "": nette, and one child is named
	Labels   []string             // nil: those of the drawn data set
	Predicts bool                 // with a model of BN statistics, all zeros
	Config   func(*config.Config) // changes the training configuration
}

// Weights writes a weights file of random values and returns its path.
func Weights(t testing.TB, o Random) string {
	t.Helper()
	metadata := map[string]string{}
	if o.Space == "" {
		o.Space, metadata[classify.KeyFamily] = "nette", `{"S": "`+Small+`"}`
	}
	space, err := arch.Lookup(o.Space)
	if err != nil {
		t.Fatal(err)
	}
	if o.Labels == nil {
		data, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 8, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		o.Labels = data.Labels
	}
	w, err := supernet.NewWeights(space, len(o.Labels))
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(o.Seed, 1)), false)
	c := config.Default()
	c.Space, c.Side, c.ValFraction, c.CalibrationImages = o.Space, 32, 0.2, 4
	if o.Config != nil {
		o.Config(&c)
	}
	metadata["training"] = c.String()
	b := &weights.Bundle{Net: w, Spec: config.Spec, Labels: o.Labels, Metadata: metadata}
	if o.Predicts {
		b.Statistics = bnstats.NewModel(w)
	}
	text, err := weights.Marshal(b, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
