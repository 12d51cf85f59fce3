package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
)

// TestRewrite: the shipped weights are in the present layout already, so that
// they come out as they are. That the old layout loses nothing on the way is
// tested in core/weights.
func TestRewrite(t *testing.T) {
	old, out := "../../assets/bignas-nette.safetensors", filepath.Join(t.TempDir(), "new.safetensors")
	var stdout, stderr bytes.Buffer
	if code := command([]string{"rewrite", old, "-o", out}, nil, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "children open at [") {
		t.Fatalf("exit %d, %s%s", code, &stdout, &stderr)
	}
	before, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed from %d to %d bytes (%v)", len(before), len(after), err)
	}
	if code := command([]string{"rewrite", "none", "-o", out}, nil, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "hint") {
		t.Errorf("no file: exit %d, %s", code, &stderr)
	}
}

// TestOutputsAreNotInputs: nothing that a command reads is what it writes.
func TestOutputsAreNotInputs(t *testing.T) {
	file, dir := clitest.Weights(t, clitest.Random{}), t.TempDir()
	clitest.Untouched(t, command, file, func(out string) []string { return []string{"rewrite", file, "-o", out} })
	clitest.Untouched(t, command, file, func(out string) []string {
		return []string{"release", "--data", "shapes", "--weights", file, "-o", out}
	})
	clitest.Untouched(t, command, file, func(out string) []string {
		return []string{"release", "--data", "shapes", "--weights", file, "-o", filepath.Join(dir, "new"), "--manifest", out}
	})
	clitest.Untouched(t, command, file, func(out string) []string {
		return []string{"release", "--data", "shapes", "--out", dir, "--family", file, "-o", out}
	})
	last := filepath.Join(dir, "last.safetensors")
	if err := os.WriteFile(last, []byte("a checkpoint"), 0o644); err != nil {
		t.Fatal(err)
	}
	clitest.Untouched(t, command, last, func(out string) []string {
		return []string{"release", "--data", "shapes", "--out", dir, "-o", out}
	})
}
