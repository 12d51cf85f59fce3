package main

import (
	"os"
	"testing"

	"bignas/core/classify"
	"bignas/core/teach"
	"bignas/core/weights"
)

// TestTaughtChoice: weights with a taught classifier have no samples of other weights, and what
// their file says of predicted statistics is passed on where it is much.
func TestTaughtChoice(t *testing.T) {
	shipped, err := os.ReadFile("../../assets/bignas-nette.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		key, value string
		samples    int
		doubt      float64
	}{
		{teach.KeyTaught, "{}", 0, 0},
		{classify.KeyDoubt, `{"mean":0.13,"worst":0.24,"children":50}`, 1, 0.13},
		{classify.KeyDoubt, `{"mean":0.01,"worst":0.02,"children":50}`, 1, 0},
	} {
		file, err := weights.WithClassifier(shipped, make([]float32, 640*2), make([]float32, 2), []string{"x", "y"}, func(m map[string]string) { m[of.key] = of.value })
		if err != nil {
			t.Fatal(err)
		}
		c := choice{ID: "own", Samples: []sample{{Name: "bee", Label: "bee"}}, Borrowed: true, data: file}
		if err := c.describe(); err != nil {
			t.Fatal(err)
		}
		if c.Samples == nil || len(c.Samples) != of.samples || c.Doubt != of.doubt {
			t.Errorf("%s %s: %d samples, a doubt of %v", of.key, of.value, len(c.Samples), c.Doubt)
		}
	}
}
