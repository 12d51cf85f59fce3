package run

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/dataset"
)

const recipe = `
space = "nette"
seed = 5
side = 96
val_fraction = 0.25
epochs = 3
batch = 6
optimiser = "%s"
lr = 0.02
momentum = 0.9
rms_decay = 0.9
rms_eps = 0.001
clip_norm = 1.0
ema = 0.9
schedule = "cosine"
warmup_epochs = 1.0
dropout = 0.1
drop_connect = 0.1
calibration_images = 16
random_children = 1
eval_every = 2

[[phase]]
until = 3
resolution = 96

[augment]
scale = [0.5, 1.0]
ratio = [0.8, 1.25]
flip = 0.5
`

// colours writes a tiny data set whose classes are three noisy colours.
func colours(t *testing.T) *dataset.Dataset { return coloursIn(t, "blue", "green", "red") }

// coloursIn puts the same images into folders of other names.
func coloursIn(t *testing.T, folders ...string) *dataset.Dataset {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 1))
	for c, name := range []string{"blue", "green", "red"} {
		folder := filepath.Join(dir, folders[c])
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			im := image.NewRGBA(image.Rect(0, 0, 32, 32))
			for p := range 32 * 32 {
				v := [3]uint8{uint8(r.IntN(120)), uint8(r.IntN(120)), uint8(r.IntN(120))}
				v[2-c] += 120
				im.Set(p%32, p/32, color.RGBA{v[0], v[1], v[2], 255})
			}
			f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s%d.png", name, i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, im); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	d, err := dataset.Open(dir, dataset.Options{Side: 96})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parse(t *testing.T, optimiser string) config.Config {
	t.Helper()
	c, err := config.Parse(fmt.Sprintf(recipe, optimiser), "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func equal(t *testing.T, what string, a, b *supernet.Weights) {
	t.Helper()
	for i, p := range a.Params {
		for j, v := range p.Data {
			if math.Float32bits(v) != math.Float32bits(b.Params[i].Data[j]) {
				t.Fatalf("%s: %s[%d] is %v undisturbed and %v resumed", what, p.Name, j, v, b.Params[i].Data[j])
			}
		}
	}
}

// TestResume: a run that is stopped in the middle of its second epoch and
// resumed ends with the same weights and average, bit for bit, as one that is not.
func TestResume(t *testing.T) {
	t.Parallel()
	data := colours(t)
	for _, optimiser := range []string{"sgd", "rmsprop", "adamw"} {
		c := parse(t, optimiser)
		if optimiser == "rmsprop" {
			c.Activations = config.BFloat16
		}
		var rows []Row
		straight, err := New(c, data, filepath.Join(t.TempDir(), "straight"), false)
		if err != nil {
			t.Fatal(err)
		}
		straight.OnEpoch = func(r Row) error { rows = append(rows, r); return nil }
		if err := straight.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(rows) != 3 || rows[0].ValBiggest >= 0 || rows[1].ValBiggest < 0 || rows[2].ValSmallest < 0 {
			t.Errorf("%s: rows %+v: want three, the last two evaluated", optimiser, rows)
		}

		out := filepath.Join(t.TempDir(), "stopped")
		stopped, err := New(c, data, out, false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		stopped.OnStep = func(p Position) {
			if p.Epoch == 1 && p.Step == 2 {
				stop()
			}
		}
		if err := stopped.Run(ctx); err != context.Canceled {
			t.Fatalf("stopped run ended with %v", err)
		}
		if _, err := New(c, data, out, false); err == nil || !strings.Contains(err.Error(), "--resume") {
			t.Errorf("starting over an existing run: %v", err)
		}
		resumed, err := New(c, data, out, true)
		if err != nil {
			t.Fatal(err)
		}
		if resumed.Done() != 1 {
			t.Fatalf("resumed after %d epochs, want 1", resumed.Done())
		}
		if err := resumed.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		equal(t, optimiser+" weights", straight.Trainer.Weights, resumed.Trainer.Weights)
		equal(t, optimiser+" average", straight.Best(), resumed.Best())
	}
}

// TestCheckpointRefusals: what can not be resumed is refused with a reason and
// left as it is.
func TestCheckpointRefusals(t *testing.T) {
	data, c, out := colours(t), parse(t, "sgd"), t.TempDir()
	c.Epochs, c.WarmupEpochs = 1, 0
	s, err := New(c, data, out, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(checkpointName); err != nil {
		t.Fatal(err)
	}
	other := c
	other.LR *= 2
	if _, err := New(other, data, out, true); err == nil || !strings.Contains(err.Error(), "configuration differs") {
		t.Errorf("another configuration: %v", err)
	}
	other = c
	other.Space, other.Phases = "tiny", nil
	if _, err := New(other, data, out, true); err == nil || !strings.Contains(err.Error(), `of the space "nette", the configuration's is "tiny"`) {
		t.Errorf("another space: %v", err)
	}
	shapes, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 16})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(c, shapes, out, true); err == nil || !strings.Contains(err.Error(), `the 3 of the weights: "blue", "green", "red"; none is the same`) {
		t.Errorf("another number of classes: %v", err)
	}
	path := filepath.Join(out, checkpointName)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file[:len(file)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(c, data, out, true); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("truncated checkpoint: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, file[:len(file)/2]) {
		t.Error("a refused checkpoint was changed")
	}
	if _, err := New(c, data, t.TempDir(), true); err == nil {
		t.Error("resuming nothing succeeded")
	}
}
