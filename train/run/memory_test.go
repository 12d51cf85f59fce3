package run

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/kernel"
	"bignas/core/trainer"
	"bignas/train/config"
	"bignas/train/estimate"
)

// TestMemory: the estimate of a step's activations is near what the trainer's
// arena grows to, in float32 and in bfloat16, and follows the images of a pass.
func TestMemory(t *testing.T) {
	c, err := config.Load("nette")
	if err != nil {
		t.Fatal(err)
	}
	const n = 12
	c.Batch = n
	x := make([]float32, n*192*192*3)
	for i := range x {
		x[i] = float32(i%17) - 8
	}
	took := map[string]int64{}
	for _, c.Activations = range []string{config.Float32, config.BFloat16} {
		tr, err := NewTrainer(c, 10)
		if err != nil {
			t.Fatal(err)
		}
		var grown int64
		tr.Arena.Grow = func(n int) []float32 {
			grown += 4 * int64(n)
			return make([]float32, n)
		}
		tr.Arena.GrowBFloat16 = func(n int) []kernel.BFloat16 {
			grown += 2 * int64(n)
			return make([]kernel.BFloat16, n)
		}
		tr.Gradients(trainer.Batch[float32]{Labels: make([]int, n), At: func(r int) []float32 { return x[:n*r*r*3] }}, rand.New(rand.NewPCG(1, 1)))
		m := estimate.MemoryOf(c, 10)
		t.Logf("%s: estimated %s, grown to %s", c.Activations, estimate.Bytes(m.Activations), estimate.Bytes(grown))
		if ratio := float64(m.Activations) / float64(grown); ratio < 0.8 || ratio > 1.3 {
			t.Errorf("%s: estimated %s, grown to %s", c.Activations, estimate.Bytes(m.Activations), estimate.Bytes(grown))
		}
		took[c.Activations] = grown
		big := c
		big.Batch = 10 * n
		if big := estimate.MemoryOf(big, 10); big.Activations < 6*m.Activations || big.Weights != m.Weights {
			t.Errorf("ten times the images: %+v, was %+v", big, m)
		}
	}
	if ratio := float64(took[config.BFloat16]) / float64(took[config.Float32]); ratio > 0.62 {
		t.Errorf("bfloat16 takes %.2f of the memory of float32", ratio)
	}
}

// TestRefusesTooBig: a run that the machine cannot hold is refused before its
// folder is made.
func TestRefusesTooBig(t *testing.T) {
	if have := estimate.AvailableMemory(); have == 0 || have > 200<<30 {
		t.Skip("how much memory is free is not known, or the run would fit")
	}
	data, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Space, c.Batch = "bignas", 2000
	out := filepath.Join(t.TempDir(), "run")
	if _, err := New(c, data, out, false); err == nil || !strings.Contains(err.Error(), "2000 images of bignas in a pass") ||
		!strings.Contains(err.Error(), "micro_batch = ") && !strings.Contains(err.Error(), "a machine with more memory") { // by what is free
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the folder was made")
	}
}
