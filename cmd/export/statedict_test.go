package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/train/published"
)

// TestStateDict writes a supernet of a published space as a state dict, and refuses what has none.
func TestStateDict(t *testing.T) {
	space, err := arch.Lookup("attentivenas")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(space, 2)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 1)), false)
	var data bytes.Buffer
	if err := (published.Imported{Net: w, Labels: []string{"a", "b"}}).Write(&data); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, out := filepath.Join(dir, "w.safetensors"), filepath.Join(dir, "w.pth")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said, errs := call("--weights", file, "-o", out, "--verify"); code != 0 || !strings.Contains(said, "the same to the bit") {
		t.Errorf("exit %d, %s%s", code, said, errs)
	}
	if code, _, errs := call("--weights", file, "-o", out, "--arch", "min"); code != 2 || !strings.Contains(errs, "the whole supernet") {
		t.Errorf("one child: exit %d, %s", code, errs)
	}
	if code, _, errs := call("--weights", randomWeights(t, true), "-o", filepath.Join(dir, "n.pth")); code != 1 || !strings.Contains(errs, "no published code for the space nette") {
		t.Errorf("another space: exit %d, %s", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "n.pth")); err == nil {
		t.Error("a refused export left a file")
	}
}
