package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/weights"
	"bignas/train/config"
)

// TestCalibrate: the block is added, the tensors stay, the same command gives the
// same file, and what cannot be fitted on is refused.
func TestCalibrate(t *testing.T) {
	search := func(c *config.Config) { c.SearchFraction = 0.05 }
	file, dir, other := clitest.Weights(t, clitest.Random{Predicts: true, Config: search}), t.TempDir(), clitest.Images(t, "dark", "light")
	var stdout, stderr bytes.Buffer
	call := func(file, out string, more ...string) int {
		stdout.Reset()
		stderr.Reset()
		return command(append([]string{"calibrate", file, "--data", "shapes", "--unknown", other, "-o", out, "--children", "10", "--images", "20"}, more...), nil, &stdout, &stderr)
	}
	var made [2][]byte
	for i, name := range []string{"a", "b"} {
		out := filepath.Join(dir, name)
		if code := call(file, out); code != 0 {
			t.Fatalf("exit %d: %s", code, &stderr)
		}
		var err error
		if made[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("twice the same, two files")
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	old, err := weights.Unmarshal(before)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(made[0])
	if err != nil || b.Confidence == nil || b.Metadata[weights.DigestKey] != old.Metadata[weights.DigestKey] {
		t.Errorf("%v, no block, or other tensors", err)
	}
	plain := clitest.Weights(t, clitest.Random{Predicts: true})
	for says, code := range map[string]int{
		"--images is 3": call(file, filepath.Join(dir, "c"), "--images", "3"),
		"--children":    call(file, filepath.Join(dir, "c"), "--children", "3"),
	} {
		if code != 1 {
			t.Errorf("%s: exit %d", says, code)
		}
	}
	if code := call(file, filepath.Join(dir, "c"), "--unknown", "shapes"); code != 1 || !strings.Contains(stderr.String(), "do not know") {
		t.Errorf("only known classes: exit %d, %s", code, &stderr)
	}
	if code := call(plain, filepath.Join(dir, "c")); code != 1 || !strings.Contains(stderr.String(), "search_fraction") {
		t.Errorf("nothing held out: exit %d, %s", code, &stderr)
	}
	clitest.Untouched(t, command, file, func(out string) []string {
		return []string{"calibrate", file, "--data", "shapes", "--unknown", other, "-o", out}
	})
}
