package main

import (
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
)

// TestOtherClasses: as many classes of other names are refused wherever children are
// measured, and nothing is written.
func TestOtherClasses(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{Seed: 1, Predicts: true, Labels: strings.Split("abcdefghij", "")})
	dir := t.TempDir()
	for _, args := range [][]string{
		{"measure", "--out", filepath.Join(dir, "children.csv")},
		{"--max-macs", "15M", "--out", filepath.Join(dir, "pareto.json")},
		{"compare", "--max-macs", "15M", "--out", filepath.Join(dir, "compare.csv")},
		{"family", "--member", "M=min", "-o", filepath.Join(dir, "w.safetensors")},
	} {
		code, _, errs := call(append(args, "--weights", file, "--data", "shapes")...)
		if code != 1 || !strings.Contains(errs, "shapes has other classes than "+file) || !strings.Contains(errs, "none is the same") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("written: %v", left)
	}
}

// TestOutBeforeData: a file that cannot be written is noticed before data is read.
func TestOutBeforeData(t *testing.T) {
	file, _ := randomWeights(t, 1)
	none := filepath.Join(t.TempDir(), "none", "x")
	for _, args := range [][]string{
		{"measure", "--out", none},
		{"--max-macs", "15M", "--out", none},
		{"--max-macs", "15M", "--plot", none + ".svg"},
		{"compare", "--max-macs", "15M", "--out", none},
		{"family", "--member", "M=min", "-o", none},
	} {
		code, _, errs := call(append(args, "--weights", file, "--data", "no-such-place")...)
		if code != 1 || !strings.Contains(errs, "cannot be written") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}
