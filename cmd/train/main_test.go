package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/train/run"
)

// halves writes a data set of two classes: bright above, and bright below.
func halves(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for c, name := range []string{"above", "below"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			im := image.NewGray(image.Rect(0, 0, 24, 24))
			for y := range 24 {
				for x := range 24 {
					v := uint8(40 + 5*i)
					if (y < 12) == (c == 0) {
						v += 120
					}
					im.SetGray(x, y, color.Gray{v})
				}
			}
			var b bytes.Buffer
			if err := png.Encode(&b, im); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, name, name+string(rune('a'+i))+".png")
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

const recipe = `
space = "nette"
side = 96
val_fraction = 0.3
epochs = 2
batch = 6
lr = 0.01
warmup_epochs = 0.0
calibration_images = 8
eval_every = 1
[[phase]]
until = 2
resolution = 96
[augment]
scale = [0.8, 1.0]
ratio = [0.9, 1.1]
`

func train(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = main1(args, nil, &o, &e)
	return code, o.String(), e.String()
}

// TestTrainAndRelease trains for two epochs and turns the run into a weights
// file with its manifest.
func TestTrainAndRelease(t *testing.T) {
	data, out := halves(t), filepath.Join(t.TempDir(), "run")
	config := filepath.Join(t.TempDir(), "tiny.toml")
	if err := os.WriteFile(config, []byte(recipe), 0o644); err != nil {
		t.Fatal(err)
	}
	code, text, errs := train(t, "--config", config, "--data", data, "--out", out, "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines of JSON, want one an epoch:\n%s", len(lines), text)
	}
	for i, l := range lines {
		var row run.Row
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			t.Fatal(err)
		}
		if row.Epoch != i+1 || row.LossBiggest <= 0 || row.ValBiggest < 0 || row.ImagesPerSecond <= 0 {
			t.Errorf("epoch %d: %+v", i+1, row)
		}
	}
	csv, err := os.ReadFile(filepath.Join(out, "metrics.csv"))
	if err != nil || strings.Count(string(csv), "\n") != 3 {
		t.Errorf("metrics.csv: %v\n%s", err, csv)
	}
	if svg, err := os.ReadFile(filepath.Join(out, "curves.svg")); err != nil || !bytes.Contains(svg, []byte("<svg")) {
		t.Errorf("curves.svg: %v", err)
	}

	file := filepath.Join(t.TempDir(), "w.safetensors")
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	code, text, errs = train(t, "release", "--data", data, "--out", out, "-o", file, "--children", "50", "--images", "4", "--check", "2", "--manifest", manifest, "--json")
	if code != 0 {
		t.Fatalf("release: exit %d: %s", code, errs)
	}
	if n := strings.Count(text, "\n"); n != 2+2+1 {
		t.Errorf("release printed %d lines, want smallest, biggest, 2 checks and a summary:\n%s", n, text)
	}
	var m struct {
		Weights  string
		Bytes    int64
		Children []struct{ N int }
	}
	if text, err := os.ReadFile(manifest); err != nil || json.Unmarshal(text, &m) != nil || m.Weights != "w.safetensors" || len(m.Children) != 2 || m.Children[0].N != 5 {
		t.Errorf("manifest: %v, %+v", err, m)
	}
	if info, err := os.Stat(file); err != nil || info.Size() < 5_000_000 {
		t.Errorf("weights file: %v", err)
	}
}

// TestMistakes: every mistake ends in the right exit code and a sentence that
// says what to do; nothing is written.
func TestMistakes(t *testing.T) {
	data, out := halves(t), filepath.Join(t.TempDir(), "run")
	bad := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(bad, []byte("space = \"nette\"\nlearning_rat = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "good.toml")
	if err := os.WriteFile(good, []byte(recipe), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--data", []string{"--out", out}},
		{1, "no-such-place", []string{"--data", "no-such-place", "--out", out}},
		{1, "learning_rat", []string{"--config", bad, "--data", data, "--out", out}},
		{1, "epochs", []string{"--data", data, "--out", out, "--epochs=-3"}},
		{1, "nothing to resume", []string{"--data", data, "--out", out, "--resume", "--config", good}},
		{1, "no run", []string{"release", "--data", data, "--out", out, "-o", filepath.Join(out, "w")}},
	} {
		code, _, errs := train(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, want %d; stderr should mention %q:\n%s", c.args, code, c.code, c.want, errs)
		}
	}
	if files, _ := os.ReadDir(out); len(files) > 0 {
		t.Errorf("files were left behind: %v", files)
	}
}
