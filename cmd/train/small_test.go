package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/train/lock"
)

// TestBeforeData: what can be known to fail without the data is refused before they
// are read, which takes long; and it leaves nothing behind.
func TestBeforeData(t *testing.T) {
	const data = "no-such-place"
	dir := t.TempDir()
	file := filepath.Join(dir, "data.tar")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "run")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"epochs is 0, allowed is 1 to", []string{"--data", data, "--out", out, "--epochs", "0"}},
		{"epochs is -3, allowed is 1 to", []string{"--data", data, "--out", out, "--epochs=-3"}},
		{file + " is a file", []string{"--data", data, "--out", file}},
		{file + " is a file", []string{"--data", data, "--out", filepath.Join(file, "runs", "a")}},
		{"no-such-weights", []string{"--data", data, "--out", out, "--init", "no-such-weights"}},
		{"nothing to resume", []string{"--data", data, "--out", out, "--resume"}},
		{file + " is a file", []string{"prepare", "--data", data, "--out", file}},
		{file + " is a file", []string{"experiments", "--data", data, "--out", file, "--csv", filepath.Join(dir, "e.csv")}},
		{"cannot be written", []string{"experiments", "--data", data, "--out", out, "--csv", filepath.Join(dir, "none", "e.csv")}},
		{"--seeds is 0", []string{"experiments", "--data", data, "--out", out, "--csv", filepath.Join(dir, "e.csv"), "--seeds", "0"}},
		{"cannot be written: it is a folder", []string{"release", "--data", data, "--out", out, "-o", dir}},
		{"cannot be written", []string{"release", "--data", data, "--out", out, "-o", filepath.Join(dir, "w"), "--manifest", filepath.Join(dir, "none", "m.json")}},
		{"cannot be written", []string{"preview", "--data", data, "-o", filepath.Join(dir, "none", "sheet.png")}},
		{"no-such-place", []string{"--data", data, "--out", out}},
	} {
		if code, _, errs := train(t, c.args...); code != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d: %s, want %q", c.args, code, errs, c.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestOneTrainer: while a process has the folder of a run, no other trains, prepares
// or experiments there.
func TestOneTrainer(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	l, err := lock.Folder(out)
	if err != nil {
		t.Fatal(err)
	}
	data := halves(t)
	for _, args := range [][]string{{"--resume"}, {}, {"prepare"}, {"experiments", "--csv", filepath.Join(t.TempDir(), "e.csv")}} {
		code, _, errs := train(t, append(args, "--data", data, "--out", out)...)
		if want := fmt.Sprintf("in use: process %d on", os.Getpid()); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d: %s, want %q", args, code, errs, want)
		}
	}
	l.Release()
	if left, err := os.ReadDir(out); err == nil {
		t.Errorf("left behind: %v", left)
	}
}

// TestSmallBatch: fewer images than a batch takes are trained on in smaller batches,
// which is said; the run goes on with --resume; the lock is gone when it ends.
func TestSmallBatch(t *testing.T) {
	data, out := halves(t), filepath.Join(t.TempDir(), "run")
	config := filepath.Join(t.TempDir(), "tiny.toml")
	text := strings.Replace(strings.Replace(recipe, "batch = 6", "batch = 64", 1), "epochs = 2", "epochs = 1", 1)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"--resume"}} {
		code, _, errs := train(t, append(more, "--config", config, "--data", data, "--out", out)...)
		if code != 0 || !strings.Contains(errs, "train: batch is 64, and there are ") {
			t.Errorf("%v: exit %d: %s", more, code, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(out, lock.Name)); err == nil {
		t.Error("the lock was left behind")
	}
}
