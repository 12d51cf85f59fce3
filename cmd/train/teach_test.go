package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/classify"
)

// TestTeach: two folders of images become a weights file that an engine answers with,
// which is refused in place of the one that it begins with.
func TestTeach(t *testing.T) {
	data, dir := clitest.Images(t, "my dark things", "my light things"), t.TempDir()
	weights := "../../assets/bignas-nette.safetensors"
	out := filepath.Join(dir, "mine.safetensors")
	code, text, errs := train(t, "teach", "--data", data, "--weights", weights, "-o", out, "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var said struct {
		Images   int
		HeldOut  int `json:"held_out"`
		Children []struct{ Predicted float64 }
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil || said.Images+said.HeldOut != 40 || said.HeldOut < 2 || len(said.Children) != 7 || !strings.Contains(text, `"calibrated":false`) {
		t.Fatalf("%v: %s", err, text)
	}
	mean := 0.0
	for _, c := range said.Children {
		mean += c.Predicted / float64(len(said.Children))
	}
	if mean < 0.8 {
		t.Errorf("%v of the held-out images are classified correctly, in the mean of the children", mean)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	photo, err := os.ReadFile(filepath.Join(data, "my light things", "lighta.png"))
	if err != nil {
		t.Fatal(err)
	}
	im, err := e.OpenImage(photo)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 3 {
		a, err := e.Parse([]string{"min", "max", "random:5"}[seed])
		if err != nil {
			t.Fatal(err)
		}
		if r, err := e.Classify(im, a, classify.Options{}); err != nil || r.Top[0].Label != "my light things" {
			t.Errorf("%s: %v, %v", a, r, err)
		}
	}
	again := filepath.Join(dir, "again")
	if code, _, errs := train(t, "teach", "--data", data, "--weights", weights, "-o", again); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if other, err := os.ReadFile(again); err != nil || !bytes.Equal(other, file) {
		t.Errorf("twice the same, two files (%v)", err)
	}
	for want, args := range map[string][]string{
		"belong to --full":      {"--epochs", "3"},
		"--steps is -1":         {"--steps=-1"},
		"would be written over": {"-o", data},
		"there is no file":      {"--weights", filepath.Join(dir, "none")},
	} {
		args = append([]string{"teach", "--data", data, "--weights", weights, "-o", filepath.Join(dir, "no")}, args...)
		if code, _, errs := train(t, args...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}
