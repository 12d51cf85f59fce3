package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/teach"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/measure"
	"bignas/train/run"
)

// images writes a data set of two classes, 20 grey images each.
func images(t *testing.T) string { return clitest.Images(t, "dark", "light") }

// randomWeights writes a weights file of random values without statistics.
func randomWeights(t *testing.T, classes int) string {
	t.Helper()
	return clitest.Weights(t, clitest.Random{Seed: 1, Labels: []string{"dark", "light", "other"}[:classes],
		Config: func(c *config.Config) { c.Side, c.ValFraction, c.CalibrationImages = 224, 0.5, 8 }})
}

func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = command(args, nil, &o, &e)
	return code, o.String(), e.String()
}

// TestEvaluate: several children in one call, each with its own calibrated
// statistics, the same figures every time.
func TestEvaluate(t *testing.T) {
	args := []string{"--data", images(t), "--weights", randomWeights(t, 2), "--arch", "min", "--arch", "random:7", "--limit", "6", "--json"}
	code, out, errs := call(args...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one a child:\n%s", len(lines), out)
	}
	var r result
	if err := json.Unmarshal([]byte(lines[0]), &r); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Arch, "r96-c8-") || r.Resolution != 96 || r.MACs < 8e6 || r.N != 6 || r.Top5 != 1 || r.Split != "val" {
		t.Errorf("smallest child: %+v", r)
	}
	if _, again, _ := call(args...); again != out {
		t.Errorf("a second call printed\n%s\nthe first\n%s", again, out)
	}
}

// TestClassesByName: the same images in folders of other names, which sort the
// other way round, measure the same; so does a part of the classes, which is said.
func TestClassesByName(t *testing.T) {
	file := randomWeights(t, 2)
	measured := func(file string, folders ...string) (measure.Accuracy, string) {
		code, out, errs := call("--data", clitest.Images(t, folders...), "--weights", file, "--arch", "min", "--json")
		var r result
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil {
			t.Fatalf("%q: exit %d, %v: %s", folders, code, err, errs)
		}
		return r.Accuracy, errs
	}
	want, said := measured(file, "dark", "light")
	if want.Top1 == 0.5 || strings.Contains(said, "classes of") {
		t.Errorf("top-1 is %v, which tells nothing of the order; said is %s", want.Top1, said)
	}
	got, said := measured(file, "dark", "Light")
	if got != want || !strings.Contains(said, `"Light" is "light"`) {
		t.Errorf("in folders of other names: %+v, want %+v; %s", got, want, said)
	}
	if _, said := measured(randomWeights(t, 3), "dark", "light"); !strings.Contains(said, `has 2 of the 3 classes of`) || !strings.Contains(said, `it lacks "other"`) {
		t.Errorf("a part of the classes: %s", said)
	}
}

// TestInherited: with the statistics of the biggest child the biggest itself measures the
// same as with its own, and a smaller one is measured too, which is said.
func TestInherited(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{Seed: 1, Labels: []string{"dark", "light"}, Predicts: true, Config: func(c *config.Config) { c.Side = 224 }})
	measured := func(arch, statistics string) (r result) {
		code, out, errs := call("--data", images(t), "--weights", file, "--arch", arch, "--statistics", statistics, "--json")
		if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Statistics != statistics {
			t.Fatalf("exit %d, %q, %v: %s", code, out, err, errs)
		}
		return r
	}
	if own, inherited := measured("max", "predicted"), measured("max", "inherited"); own.Accuracy != inherited.Accuracy {
		t.Errorf("the biggest child has %+v with its own statistics, %+v with those of the biggest", own.Accuracy, inherited.Accuracy)
	}
	measured("min", "inherited")
}

// TestNoTrainingHalf: data with a val/ half alone is measured with the statistics
// that the weights predict, and that is said; asked to calibrate, there is a sentence.
func TestNoTrainingHalf(t *testing.T) {
	dir := t.TempDir()
	if err := os.Rename(images(t), filepath.Join(dir, "val")); err != nil {
		t.Fatal(err)
	}
	file := clitest.Weights(t, clitest.Random{Seed: 1, Labels: []string{"dark", "light"}, Predicts: true, Config: func(c *config.Config) { c.Side = 224 }})
	code, out, errs := call("--data", dir, "--weights", file, "--arch", "min", "--json")
	var r result
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.N != 40 || r.Statistics != "predicted" {
		t.Errorf("exit %d, %q, %v: %s", code, out, err, errs)
	}
	if !strings.Contains(errs, "no training images to calibrate") || !strings.Contains(errs, "predicts") {
		t.Errorf("what was done is not said: %s", errs)
	}
	for want, args := range map[string][]string{
		"no training images to calibrate BN statistics on": {"--statistics", "calibrated"},
		"has no train images":                              {"--split", "train"},
		"hint: give data with a training half":             {"--weights", randomWeights(t, 2)},
	} {
		code, out, errs := call(append([]string{"--data", dir, "--weights", file, "--arch", "min"}, args...)...)
		if code != 1 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %q, %s", args, code, out, errs)
		}
	}
}

// trained is a run of one epoch, of the child alone where it is not empty.
func trained(t *testing.T, data, alone string) string {
	t.Helper()
	c := config.Default()
	c.Side, c.ValFraction, c.CalibrationImages, c.EvalEvery = 96, 0.5, 8, 1
	c.Epochs, c.Batch, c.LR, c.WarmupEpochs = 1, 6, 0.01, 0
	c.Phases, c.Alone = []config.Phase{{Until: 1, Resolution: 96}}, alone
	images, err := run.OpenData(data, "", c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "run")
	s, err := run.New(c, images, out, false)
	if err != nil {
		t.Fatal(err)
	}
	var last run.Row
	s.OnEpoch = func(r run.Row) error { last = r; return nil }
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, text, errs := call("--data", data, "--run", out, "--arch", cmp.Or(alone, "min"), "--json")
	var r result
	if err := json.Unmarshal([]byte(text), &r); code != 0 || err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, errs)
	}
	want := last.ValSmallest
	if alone != "" {
		want = last.ValBiggest
	}
	if r.Top1 != want {
		t.Errorf("top-1 of the run is %v, the run itself says %v", r.Top1, want)
	}
	return out
}

// TestRun: the children of a run measure what the run said of them, also with
// another crop, and one with weights that it did not train is refused.
func TestRun(t *testing.T) {
	data := images(t)
	if code, _, errs := call("--data", data, "--run", trained(t, data, "max"), "--arch", "min"); code != 0 {
		t.Errorf("a slice of the biggest child alone: exit %d, %s", code, errs)
	}
	whole, alone := trained(t, data, ""), trained(t, data, "min")
	code, cropped, errs := call("--data", data, "--run", whole, "--arch", "random:1", "--crop", "0.5")
	if code != 0 || !strings.Contains(cropped, "top-1") {
		t.Errorf("exit %d: %s%s", code, cropped, errs)
	}
	renamed := clitest.Images(t, "dark", "Light") // which sort the other way round
	_, own, _ := call("--data", data, "--run", whole, "--arch", "min")
	if code, other, errs := call("--data", renamed, "--run", whole, "--arch", "min"); code != 0 || other != own {
		t.Errorf("in folders of other names: exit %d, %s\n%s\nas they were trained on: %s", code, errs, other, own)
	}
	for want, args := range map[string][]string{
		"has trained min alone":                {"--run", alone},
		"alone, not random:1":                  {"--run", alone, "--arch", "random:1"},
		"no model that predicts BN statistics": {"--run", whole, "--statistics", "predicted"},
		"allowed is above 0 to 1":              {"--run", whole, "--crop", "1.5"},
		"--crop is 0, allowed":                 {"--run", whole, "--crop", "0"},
		"use min, max, random:SEED":            {"--run", whole, "--arch", "S"},
		"can't be used together":               {"--run", whole, "--weights", randomWeights(t, 2)},
		"are of a crop of 1, not":              {"--weights", randomWeights(t, 2), "--crop", "0.5", "--statistics", "predicted"},
		"no-such-run":                          {"--run", "no-such-run"},
	} {
		if code, _, errs := call(append(args, "--data", data)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d: %s, want %q", args, code, errs, want)
		}
	}
}

// TestMistakes: wrong classes, children, files and statistics that are not
// there end in a sentence.
func TestMistakes(t *testing.T) {
	data, file := images(t), randomWeights(t, 2)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--data", nil},
		{1, "no-such-file", []string{"--data", data, "--weights", "no-such-file"}},
		{1, `the weights lack 1: "grey"; the data lacks 1: "light"`, []string{"--data", clitest.Images(t, "dark", "grey"), "--weights", file}},
		{1, "S2 width is 13", []string{"--data", data, "--weights", file, "--arch", "r96-c8-8x1k3-13x1k3-20x2k3-32x2k3-48x2k3-72x2k3-112x1k3-h320"}},
		{1, `no child named "XL"; known: min, max, S`, []string{"--data", data, "--weights", file, "--arch", "XL"}},
		{1, "statistics", []string{"--data", data, "--weights", file, "--statistics", "predicted"}},
		{2, "limit", []string{"--data", data, "--weights", file, "--limit=-1"}},
	} {
		code, _, errs := call(c.args...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, want %d; stderr should mention %q:\n%s", c.args, code, c.code, c.want, errs)
		}
	}
}

// TestTaught: a file with a taught classifier is measured with predicted statistics,
// also where there are images to calibrate on, unless it is asked otherwise.
func TestTaught(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{Seed: 1, Labels: []string{"dark", "light"}, Predicts: true})
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	b.Metadata[teach.KeyTaught] = "{}"
	if data, err = weights.Marshal(b, weights.Float16); err != nil {
		t.Fatal(err)
	}
	taught := filepath.Join(t.TempDir(), "taught")
	if err := os.WriteFile(taught, data, 0o600); err != nil {
		t.Fatal(err)
	}
	on := images(t)
	for want, args := range map[string][]string{"predicted": {taught}, "calibrated": {file}, "calibrated ": {taught, "--statistics", "calibrated"}} {
		code, out, errs := call(append([]string{"--data", on, "--arch", "min", "--weights"}, args...)...)
		if code != 0 || !strings.Contains(out, strings.TrimSpace(want)+" BN statistics") {
			t.Errorf("%v: exit %d: %s%s", args, code, out, errs)
		}
	}
}
