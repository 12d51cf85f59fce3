package main

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestNamespaces: two ranks on two hosts, network namespaces of this machine, which talk by TCP,
// train what one process does.
func TestNamespaces(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes network namespaces")
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces are made by root")
	}
	const script = "../../train/cluster/namespaces"
	if said, err := exec.Command(script, "2", "true").CombinedOutput(); err != nil {
		t.Skipf("no hosts of network namespaces here: %s", bytes.TrimSpace(said))
	}
	dir := t.TempDir()
	config, data := filepath.Join(dir, "c.toml"), halves(t)
	if err := os.WriteFile(config, []byte("micro_batch = 2\n"+ranksRecipe), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", config, "--data", data, "--out"}
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	if code, _, errs := train(t, append(args, one)...); code != 0 {
		t.Fatal(errs)
	}
	cmd := exec.Command(script, "2", os.Args[0], "-test.run=^TestRankOfTrain$")
	cmd.Env = append(os.Environ(), rankArgs+"="+strings.Join(append(args, two), "\n"))
	if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "2 ranks") {
		t.Fatalf("%v: %s", err, said)
	}
	want, got := metrics(t, one), metrics(t, two)
	if len(want) != 5 || len(got) != len(want) {
		t.Fatalf("%d and %d rows", len(want), len(got))
	}
	for i := range want {
		for j, w := range want[i] {
			a, errA := strconv.ParseFloat(w, 64)
			b, errB := strconv.ParseFloat(got[i][j], 64)
			timed := strings.Contains(want[0][j], "second")
			if errA != nil && w != got[i][j] || errB == nil && !timed && math.Abs(a-b) > 1e-3*max(1, math.Abs(a)) {
				t.Errorf("epoch %d: %s is %s, in one process %s", i, want[0][j], got[i][j], w)
			}
		}
	}
}

// metrics reads the rows of a run, the names first.
func metrics(t *testing.T, out string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, metricsName))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
