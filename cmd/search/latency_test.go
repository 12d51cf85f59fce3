package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/latency"
	"bignas/core/search"
	"bignas/train/measure"
)

// TestLatency: a budget of milliseconds is kept by a made-up device on which a
// part takes a microsecond a channel, and is in the file and the lines.
func TestLatency(t *testing.T) {
	file, info := randomWeights(t, 11)
	fitted(t, info, strings.TrimSuffix(file, ".safetensors")+".predictor.json")
	dir := t.TempDir()
	part := func(p latency.Part) float64 { return 1e-3 * float64(p.In+p.Mid+p.Out) }
	table := &measure.Latency{Space: info.Space, Classes: len(info.Labels), Device: measure.Device{Platform: "none", Kernels: "made-up", Threads: 1}}
	for _, p := range latency.Plan(info.Space, len(info.Labels)) {
		table.Rows = append(table.Rows, latency.Row{Part: p, MS: part(p)})
	}
	for _, a := range []arch.Arch{info.Space.Min(), info.Space.Max()} {
		sum := 0.0
		for _, p := range latency.Parts(a, len(info.Labels)) {
			sum += part(p)
		}
		table.Scaled = append(table.Scaled, latency.Sample{Arch: a, MS: sum})
	}
	table.Unseen = table.Scaled
	if err := table.Fit(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	path, out := filepath.Join(dir, "table.json"), filepath.Join(dir, "pareto.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	least, most := table.Model.Child(info.Space.Min()), table.Model.Child(info.Space.Max())
	budget := search.Amount(search.Latency, (least+most)/2)
	code, shown, errs := call("--weights", file, "--max-latency", budget, "--latency-table", path, "--evaluations", "100", "--out", out, "--plot", filepath.Join(dir, "f.svg"))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.ReadPareto(data, info.Digest)
	if err != nil || r.Against[0] != search.Latency || len(r.Front) < 3 {
		t.Fatalf("%v: %s", err, data)
	}
	for _, q := range r.Front {
		if ms := table.Model.Child(q.Arch); q.Costs.Latency != ms || ms > (least+most)/2+0.01 {
			t.Errorf("%s: %v ms in the file, %v by the table, within %s", q.Arch, q.Costs.Latency, ms, budget)
		}
	}
	if !strings.Contains(shown, "latency") || !strings.Contains(shown, "within latency "+budget) || !strings.Contains(errs, "off in the mean on 2 unseen children") {
		t.Errorf("%s%s", errs, shown)
	}
	for want, args := range map[string][]string{
		"--max-latency needs a --latency-table":      {"--max-latency", "5ms"},
		"the budget of 0.01ms of latency is imposs":  {"--max-latency", "0.01ms", "--latency-table", path},
		"pareto.json: the latency table cannot be u": {"--max-latency", "5ms", "--latency-table", out},
		`--max-latency: "fast" cannot be read`:       {"--max-latency", "fast", "--latency-table", path},
	} {
		code, out, errs := call(append(args, "--weights", file)...)
		errs = errs[strings.LastIndex(errs, "search: "):]
		if code != 1 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") > 2 {
			t.Errorf("%q: exit %d, want %q: %q", args, code, want, errs)
		}
	}
}
