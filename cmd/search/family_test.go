package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/search"
	"bignas/core/weights"
	"bignas/train/release"
)

// predicting adds a model of BN statistics to a weights file and gives it a manifest.
func predicting(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	b.Statistics = bnstats.NewModel(b.Net)
	if data, err = weights.Marshal(b, weights.Float16); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	m := release.Manifest{Weights: filepath.Base(file), Bytes: len(data)}
	m.State(release.Measured{Arch: b.Net.Space.Min().String(), Predicted: 0.25, N: 4})
	other := m
	other.Weights = "other.safetensors"
	for name, m := range map[string]release.Manifest{"manifest.json": m, "second.manifest.json": m, "other.manifest.json": other} {
		if err := m.Write(filepath.Join(filepath.Dir(file), name)); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, file string) classify.Info {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	return e.Info()
}

// found is a predicted pareto.json for the weights.
func found(t *testing.T, file string, info classify.Info, most string) string {
	t.Helper()
	fitted(t, info, strings.TrimSuffix(file, ".safetensors")+".predictor.json")
	out := filepath.Join(t.TempDir(), "pareto.json")
	if code, _, errs := call("--weights", file, "--max-macs", most, "--evaluations", "150", "--out", out); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	return out
}

// TestFamily: budgets take the best of the front, the names are in the weights
// file with what was measured, its tensors are what they were, and the manifest
// is right again.
func TestFamily(t *testing.T) {
	file, _ := randomWeights(t, 5)
	predicting(t, file)
	before := open(t, file)
	pareto := found(t, file, before, "20M")
	low := before.Space.Min().String()
	code, text, errs := call("family", "--weights", file, "--pareto", pareto, "--member", "M=15M", "--member", "S=12M", "--member", "Low="+low, "--data", "shapes", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	data, err := os.ReadFile(pareto)
	if err != nil {
		t.Fatal(err)
	}
	r, err := search.ReadPareto(data, before.Digest)
	if err != nil {
		t.Fatal(err)
	}
	front := search.NewFront(r.Against...)
	for _, q := range r.Front {
		front.Insert(q)
	}
	after := open(t, file)
	if after.Digest != before.Digest || len(after.Family) != 3 || after.Family["Low"] != low {
		t.Errorf("digest %s, was %s; family %v", after.Digest, before.Digest, after.Family)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, c := range []struct {
		name   string
		budget float64
	}{{"Low", 0}, {"S", 12e6}, {"M", 15e6}} {
		var m member
		if err := json.Unmarshal([]byte(lines[i]), &struct {
			*member
			Search any `json:"search"` // written only
		}{member: &m}); err != nil || m.Name != c.name || after.Family[m.Name] != m.Arch || m.Measured == nil || m.Measured.N < 100 || m.Measured.Arch != m.Arch {
			t.Errorf("%v: %+v", err, m)
		}
		if best, _ := front.Best(search.Limits{search.MACs: c.budget}); c.budget > 0 && best.Arch.String() != m.Arch {
			t.Errorf("%s is %s, the best of the front is %s", c.name, m.Arch, best.Arch)
		}
	}
	var known []release.Measured
	if err := json.Unmarshal([]byte(after.Metadata[release.KeyMeasured]), &known); err != nil || len(known) != 3 {
		t.Errorf("measured: %v, %v", known, err)
	}
	for _, name := range []string{"manifest.json", "second.manifest.json"} {
		m, err := release.ReadManifest(filepath.Join(filepath.Dir(file), name))
		if err != nil || m.Bytes != after.Bytes || len(m.Children) != 3 || m.Children[0].Top1 != known[0].Predicted || m.Children[2].Top1 != known[2].Predicted {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if m, err := release.ReadManifest(filepath.Join(filepath.Dir(file), "other.manifest.json")); err != nil || len(m.Children) != 1 || m.Bytes == after.Bytes {
		t.Errorf("the manifest of another file was changed: %+v, %v", m, err)
	}
}

// TestFamilyMistakes end in one line and a hint, and change nothing.
func TestFamilyMistakes(t *testing.T) {
	file, info := randomWeights(t, 6)
	other, _ := randomWeights(t, 7)
	pareto := found(t, file, info, "30M")
	damaged := filepath.Join(t.TempDir(), "pareto.json")
	if err := os.WriteFile(damaged, []byte(`{"format": "bignas-pareto-1"`), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	small := info.Space.Min().String()
	cases := []struct {
		want string
		args []string
	}{
		{"the Pareto file belongs to the weights sha256:", []string{"--weights", other, "--pareto", pareto}},
		{"pareto.json: the Pareto file is damaged", []string{"--weights", file, "--pareto", damaged}},
		{"there is no file nothing.json", []string{"--weights", file, "--pareto", "nothing.json"}},
		{"--member S=25M is a budget, and there is no search to pick from", []string{"--weights", file}},
		{"no child that the search found keeps S within macs 5M", []string{"--weights", file, "--pareto", pareto, "--member", "S=5M"}},
		{"M and L are the same name or child", []string{"--weights", file, "--pareto", pareto, "--member", "M=50M", "--member", "L=90M"}},
		{`--member "min=25M" has no name`, []string{"--weights", file, "--pareto", pareto, "--member", "min=25M"}},
		{`--member "25M" has no name`, []string{"--weights", file, "--pareto", pareto, "--member", "25M"}},
		{`--member S: "lots" cannot be read`, []string{"--weights", file, "--pareto", pareto, "--member", "S=lots"}},
		{"resolution is 97", []string{"--weights", file, "--member", "S=r97" + small[3:]}},
		{"the weights predict no BN statistics", []string{"--weights", file, "--member", "S=" + small, "--data", "shapes"}},
		{"not a directory", []string{"--weights", file, "--member", "S=" + small, "-o", filepath.Join(file, "w")}},
	}
	if runtime.GOOS == "linux" {
		cases = append(cases, struct {
			want string
			args []string
		}{"/dev/full: no space left on device", []string{"--weights", file, "--member", "S=" + small, "-o", "/dev/full"}})
	}
	for _, c := range cases {
		code, out, errs := call(append([]string{"family"}, c.args...)...)
		if code != 1 || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") > 2 {
			t.Errorf("%q: exit %d, want %q; %q %q", c.args, code, c.want, out, errs)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the weights file has changed: %v", err)
	}
}
