package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrepareAndPreview: a prepared folder gives the sheet that its source gives,
// and what is wrong is said.
func TestPrepareAndPreview(t *testing.T) {
	data, dir := halves(t), t.TempDir()
	out, config := filepath.Join(dir, "prepared"), filepath.Join(dir, "c.toml")
	if err := os.WriteFile(config, []byte(recipe+"mixup = 0.2\npolicy = \"autoaugment\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, text, errs := train(t, "prepare", "--data", data, "--out", out, "--side", "96", "--decoder", "go", "--json")
	var done struct {
		Count, Skipped int
		Bytes          int64
	}
	if err := json.Unmarshal([]byte(text), &done); code != 0 || err != nil || done.Count != 24 || done.Skipped != 0 || done.Bytes != 24*96*96*3 {
		t.Fatalf("exit %d: %s%s", code, text, errs)
	}
	if code, text, errs = train(t, "prepare", "--data", out, "--verify"); code != 0 || !strings.Contains(text, "whole") {
		t.Errorf("verify: exit %d: %s%s", code, text, errs)
	}
	var sheets [2][]byte
	for i, from := range []string{data, out} {
		file := filepath.Join(dir, "sheet.png")
		if code, _, errs := train(t, "preview", "--data", from, "--config", config, "-o", file, "--images", "10", "--columns", "5", "--epoch", "3"); code != 0 {
			t.Fatalf("preview: exit %d: %s", code, errs)
		}
		var err error
		if sheets[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	im, err := png.Decode(bytes.NewReader(sheets[0]))
	if err != nil || im.Bounds().Dx() < 5*192 || im.Bounds().Dy() < 2*192 {
		t.Errorf("the sheet: %v", err)
	}
	if !bytes.Equal(sheets[0], sheets[1]) {
		t.Error("the prepared folder gives another sheet than its source")
	}
	for want, args := range map[string][]string{
		"already":          {"prepare", "--data", data, "--out", out, "--side", "96"},
		"--out is missing": {"prepare", "--data", data},
		"--images is 1":    {"preview", "--data", out, "--config", config, "-o", filepath.Join(dir, "x"), "--images=-1"},
		"side = 96":        {"preview", "--data", out, "-o", filepath.Join(dir, "x")},
	} {
		if code, _, errs := train(t, args...); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, stderr should have %q:\n%s", args, code, want, errs)
		}
	}
}
