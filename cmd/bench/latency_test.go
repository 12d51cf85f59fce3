package main

import (
	"os"
	"path/filepath"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/arch"
	"bignas/train/measure"
)

// TestLatencyTable: the table is what search reads, and its times are times; how
// good it is depends on who else uses the machine.
func TestLatencyTable(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table.json")
	l := lines[latencyLine](t, "latency-table", "--weights", "../../assets/bignas-nette.safetensors", "--rounds", "1", "--check", "3", "--out", out, "--json")
	if len(l) != 1 || l[0].Parts < 100 || l[0].Children != 3 || !(l[0].Error >= 0) || l[0].Worst < l[0].Error || l[0].Device.Threads != 1 {
		t.Fatalf("%+v", l)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	table, err := measure.ReadLatency(data, space, 10)
	if err != nil {
		t.Fatal(err)
	}
	if least, most := table.Model.Child(space.Min()), table.Model.Child(space.Max()); least <= 0 || most < 2*least {
		t.Errorf("smallest %v ms, biggest %v ms", least, most)
	}
	for _, args := range [][]string{{"--threads", "0"}, {"--check=-1"}, {"--rounds", "0"}, {"--weights", "nothing"}} {
		if code, _, errs := bench(t, append([]string{"latency-table", "--out", out}, args...)...); code != 1 || errs == "" {
			t.Errorf("%q: exit %d, %q", args, code, errs)
		}
	}
}

// TestOutputsAreNotInputs: no table, line or profile takes the place of the weights.
func TestOutputsAreNotInputs(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{})
	for _, args := range [][]string{{"latency-table", "--out"}, {"child", "--lines"}, {"child", "--profile"}, {"training", "--profile"}} {
		clitest.Untouched(t, command, file, func(out string) []string { return append([]string{args[0], "--weights", file, args[1]}, out) })
	}
}
