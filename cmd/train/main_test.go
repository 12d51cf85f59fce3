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

	"bignas/train/plan"
	"bignas/train/report"
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
	code = command(args, nil, &o, &e)
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
	if len(lines) != 3 || !strings.HasPrefix(lines[0], `{"data":{"source":`) {
		t.Fatalf("%d lines of JSON, want one of the data and one an epoch:\n%s", len(lines), text)
	}
	lines = lines[1:]
	for i, l := range lines {
		var row run.Row
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			t.Fatal(err)
		}
		if row.LossRandom <= 0 || row.TrainRandom < 0 || row.Epoch != i+1 || row.LossBiggest <= 0 || row.ValBiggest < 0 || row.ImagesPerSecond <= 0 {
			t.Errorf("epoch %d: %+v", i+1, row)
		}
	}
	csv, err := os.ReadFile(filepath.Join(out, "metrics.csv"))
	if err != nil || strings.Count(string(csv), "\n") != 3 {
		t.Errorf("metrics.csv: %v\n%s", err, csv)
	}
	events, err := report.ReadEvents(filepath.Join(out, report.EventsName))
	if err != nil || len(events) != 3 || events[2].Step != 2 || events[2].Scalars["val/smallest"] < 0 || events[2].Scalars["loss/random"] <= 0 {
		t.Errorf("events: %v, %+v", err, events)
	}
	for _, name := range []string{"curves.svg", "curves.png"} {
		if err := os.Remove(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	if code, _, errs := train(t, "plot", "--out", out); code != 0 {
		t.Errorf("plot: exit %d: %s", code, errs)
	}
	svg, err := os.ReadFile(filepath.Join(out, "curves.svg"))
	for _, curve := range []string{"loss random", "loss smallest", "val middle", "train biggest"} {
		if !bytes.Contains(svg, []byte(curve)) {
			t.Errorf("curves.svg does not show %q: %v", curve, err)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "curves.png")); err != nil {
		t.Error(err)
	}

	file := filepath.Join(t.TempDir(), "w.safetensors")
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	code, text, errs = train(t, "release", "--from", "best", "--data", data, "--out", out, "-o", file, "--children", "50", "--images", "4", "--check", "2", "--manifest", manifest, "--json")
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

// TestAlone: one child is trained alone from another run's weights, and its rows
// have no smallest child.
func TestAlone(t *testing.T) {
	data, dir := halves(t), t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	write := func(name, more string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(more+strings.Replace(recipe, "epochs = 2", "epochs = 1", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if code, _, errs := train(t, "--config", write("space.toml", ""), "--data", data, "--out", first); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	code, text, errs := train(t, "--config", write("alone.toml", "alone = \"min\"\n"), "--init", first, "--data", data, "--out", second, "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	_, epoch, _ := strings.Cut(text, "\n") // behind the data's
	var row run.Row
	if err := json.Unmarshal([]byte(epoch), &row); err != nil {
		t.Fatal(err)
	}
	if row.LossSmallest != -1 || row.ValSmallest != -1 || row.LossBiggest <= 0 || row.ValBiggest < 0 {
		t.Errorf("%+v", row)
	}
	if code, _, errs := train(t, "release", "--data", data, "--out", second, "-o", filepath.Join(dir, "w")); code != 1 || !strings.Contains(errs, "not a supernet") {
		t.Errorf("releasing one child: exit %d: %s", code, errs)
	}
}

// TestDryRun: the plan for ImageNet counts what can be counted, and nothing is
// written.
func TestDryRun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	code, text, errs := train(t, "--config", "nette", "--images", "9469", "--classes", "10", "--dry-run", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var p plan.Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if p.TrainImages != 8522 || p.ValImages != 947 || p.UpdatesPerEpoch != 8522/p.Batch || p.Updates != p.UpdatesPerEpoch*p.Epochs || p.Parameters < 2_700_000 {
		t.Errorf("%+v", p)
	}
	if p.Speed.PerImage <= 0 || p.RunSeconds < float64(p.Updates)*p.Speed.PerImage || p.MemoryTotal < 100<<20 || len(p.Rates) < 4 {
		t.Errorf("%+v", p)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("a dry run wrote %v", files)
	}
	code, text, errs = train(t, "--config", "nette", "--images", "9469", "--classes", "10", "--dry-run", "--json", "--ranks", "4", "--link", "10Gb")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if r := p.Ranks; r == nil || r.Count != 4 || r.Images != p.Batch/4 || r.Note == "" || r.Gradients != 4*p.Parameters || r.UpdateSeconds <= r.Compute || r.Speedup <= 0 || r.RunSeconds <= 0 {
		t.Errorf("%+v", r)
	}
	if code, _, errs := train(t, "--config", "bignas", "--images", "1", "--dry-run"); code != 1 || !strings.Contains(errs, "at least 2 are needed") {
		t.Errorf("too few images: exit %d: %s", code, errs)
	}
}

// TestMistakes: every mistake ends in the right exit code and a sentence that
// says what to do; nothing is written.
func TestMistakes(t *testing.T) {
	data, out, there := halves(t), filepath.Join(t.TempDir(), "run"), t.TempDir()
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
		{2, "--out", []string{"--data", data}},
		{2, "--images", []string{"--dry-run"}},
		{2, "--ranks", []string{"--data", data, "--out", out, "--ranks", "2"}},
		{2, "--link", []string{"--images", "1000", "--dry-run", "--link", "10Gb"}},
		{1, "metrics.csv", []string{"plot", "--out", out}},
		{1, "init", []string{"--config", good, "--data", data, "--out", out, "--init", "no-such-file"}},
		{1, "no-such-place", []string{"--data", "no-such-place", "--out", out}},
		{1, "learning_rat", []string{"--config", bad, "--data", data, "--out", out}},
		{1, "epochs", []string{"--data", data, "--out", out, "--epochs=-3"}},
		{1, "nothing to resume", []string{"--data", data, "--out", out, "--resume", "--config", good}},
		{2, "--weights", []string{"release", "--data", data, "-o", filepath.Join(out, "w")}},
		{1, "--crop", []string{"release", "--data", data, "--out", out, "-o", filepath.Join(out, "w"), "--crop", "1.2"}},
		{1, "--from", []string{"release", "--data", data, "--weights", "w", "-o", filepath.Join(out, "w"), "--from", "best"}},
		{1, "no-such-file", []string{"release", "--data", data, "--weights", "no-such-file", "-o", filepath.Join(there, "w")}},
		{1, "no-such-images", []string{"release", "--data", data, "--out", out, "--unknown", "no-such-images", "-o", filepath.Join(there, "w")}},
		{1, "no run", []string{"release", "--data", data, "--out", out, "-o", filepath.Join(there, "w")}},
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
