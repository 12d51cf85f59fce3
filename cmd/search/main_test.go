package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/classify"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/core/search/landscape"
	"bignas/train/measure"
)

func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = command(args, nil, &o, &e)
	return code, o.String(), e.String()
}

// randomWeights writes a weights file of random values for the drawn data set.
func randomWeights(t *testing.T, seed uint64) (file string, info classify.Info) {
	t.Helper()
	file = clitest.Weights(t, clitest.Random{Seed: seed})
	return file, open(t, file)
}

// fitted writes, through search fit, a predictor of a made-up accuracy for the weights.
func fitted(t *testing.T, info classify.Info, out string) {
	t.Helper()
	h := measure.Head{Space: info.Space, Seed: 2, Source: predict.Source{Digest: info.Digest, Classes: len(info.Labels), N: 1000, Images: 8, Split: "search-0.1"}}
	csv := filepath.Join(t.TempDir(), "children.csv")
	table, err := measure.OpenTable(csv, h)
	if err != nil {
		t.Fatal(err)
	}
	l := landscape.New(info.Space, 4)
	for table.Done < 120 {
		if err := table.Append(l.Accuracy(h.Child(table.Done))); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	code, text, errs := call("fit", "--children", csv, "--unseen", "40", "--out", out, "--json")
	var got struct {
		Fitted int
		Unseen predict.Quality
	}
	if err := json.Unmarshal([]byte(text), &got); code != 0 || err != nil || got.Fitted != 80 || got.Unseen.Children != 40 || got.Unseen.Spearman < 0.9 {
		t.Fatalf("exit %d, %q, %q, %v", code, text, errs, err)
	}
}

// TestSearch: the predictor beside the weights proposes; the front, the pick and
// the named children are in the file and in the lines; the same call gives the
// same file; both plots are drawn.
func TestSearch(t *testing.T) {
	file, info := randomWeights(t, 1)
	fitted(t, info, strings.TrimSuffix(file, ".safetensors")+".predictor.json")
	dir := t.TempDir()
	out := filepath.Join(dir, "pareto.json")
	var first []byte
	for _, plot := range []string{"front.svg", "front.png"} {
		code, text, errs := call("--weights", file, "--max-macs", "40M", "--max-params", "1.5M", "--evaluations", "150", "--out", out, "--plot", filepath.Join(dir, plot), "--json")
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, data) {
			t.Error("the same search wrote another file")
		}
		first = data
		r, err := search.ReadPareto(data, info.Digest)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(text), "\n")
		var last struct {
			Pick struct {
				Arch, Kind string
				MACs       float64
				Error      float64
			}
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != len(r.Front)+1 {
			t.Fatalf("%v: %d lines for a front of %d", err, len(lines), len(r.Front))
		}
		if p := last.Pick; p.Arch != r.Front[r.Pick].Arch.String() || p.Kind != "predicted" || p.MACs > 40e6 || p.Error <= 0 {
			t.Errorf("picked %+v", p)
		}
		if m := r.Marks; len(m) != 3 || m[0].Name != "smallest" || m[1].Name != "biggest" || m[2].Name != "S" || m[2].Point.Arch.Stages[2].Kernels[1] != 5 {
			t.Errorf("marks %+v", m)
		}
		if drawn, err := os.ReadFile(filepath.Join(dir, plot)); err != nil || len(drawn) < 5000 {
			t.Errorf("%s: %d bytes, %v", plot, len(drawn), err)
		}
	}
}

// TestMeasured: children measured on drawn images: a table that is continued,
// a search that measures what was proposed, and one that measures everything.
func TestMeasured(t *testing.T) {
	file, info := randomWeights(t, 2)
	dir := t.TempDir()
	csv, pr, out := filepath.Join(dir, "c.csv"), filepath.Join(dir, "p.json"), filepath.Join(dir, "pareto.json")
	data := []string{"--weights", file, "--data", "shapes", "--limit", "8"}
	for _, n := range []string{"2", "4"} {
		if code, _, errs := call(append([]string{"measure", "--children", n, "--out", csv}, data...)...); code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
	}
	text, err := os.ReadFile(csv)
	if err != nil {
		t.Fatal(err)
	}
	if h, samples, _, err := measure.ReadTable(text); err != nil || len(samples) != 4 || h.Source.N != 8 || h.Source.Digest != info.Digest {
		t.Fatalf("%v\n%s", err, text)
	}
	fitted(t, info, pr)
	for _, c := range []struct {
		args     []string
		proposed bool
		n        int
	}{
		{[]string{"--predictor", pr, "--measure", "2", "--evaluations", "60"}, true, 60},
		{[]string{"--evaluations", "3", "--method", "random"}, false, 3},
	} {
		args := append(append([]string{"--max-macs", "15M", "--out", out}, c.args...), data...)
		code, shown, errs := call(args...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		r, err := search.ReadPareto(text, info.Digest)
		if err != nil || r.Kind != search.Measured || r.Front[r.Pick].N != 8 || r.Evaluations != c.n || (len(r.Proposed) > 0) != c.proposed {
			t.Fatalf("%v: %s", err, text)
		}
		if !strings.Contains(shown, "measured on 8 training images") {
			t.Errorf("%s", shown)
		}
	}
}

// TestCompare writes the table and the image.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	csv := filepath.Join(dir, "c.csv")
	code, out, errs := call("compare", "--landscape", "1", "--max-macs", "25M,90M", "--seeds", "2", "--evaluations", "40", "--out", csv, "--plot", filepath.Join(dir, "c.svg"))
	text, err := os.ReadFile(csv)
	if code != 0 || err != nil || strings.Count(string(text), "\n") != 1+2*3*2 || strings.Count(out, "made-up, mean of 2 seeds") != 2 {
		t.Errorf("exit %d, %v: %s%s\n%s", code, err, errs, out, text)
	}
}

// TestFullDisk: whatever a search was to write, a full disk is one line that says so.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	file, info := randomWeights(t, 9)
	pr := filepath.Join(t.TempDir(), "p.json")
	fitted(t, info, pr)
	run := []string{"--weights", file, "--predictor", pr, "--evaluations", "5"}
	for _, args := range [][]string{append(run, "--out", "/dev/full"), {"compare", "--landscape", "1", "--max-macs", "25M", "--seeds", "1", "--evaluations", "5", "--out", "/dev/full"}} {
		code, out, errs := call(args...)
		errs = errs[strings.LastIndex(errs, "search: "):]
		if code != 1 || out != "" || !strings.Contains(errs, "/dev/full was not written") || !strings.Contains(errs, "no space left on device\n  hint: make room") || strings.Count(errs, "\n") != 2 {
			t.Errorf("%q: exit %d: %q %q", args, code, out, errs)
		}
	}
}

// TestMistakes end in one line and a hint.
func TestMistakes(t *testing.T) {
	file, info := randomWeights(t, 3)
	other, _ := randomWeights(t, 4)
	pr := filepath.Join(t.TempDir(), "p.json")
	fitted(t, info, pr)
	state := filepath.Join(t.TempDir(), "pareto.json")
	if err := os.WriteFile(state+".state", []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{1, "the budget of 5M MACs is impossible: the smallest child has 9.51M", []string{"--weights", file, "--max-macs", "5M"}},
		{1, "the budget of 100KB of weights is impossible", []string{"--weights", file, "--max-bytes", "100KB"}},
		{1, `--max-params: "1,5M" cannot be read`, []string{"--weights", file, "--max-params", "1,5M"}},
		{1, "there is no predictor beside", []string{"--weights", file}},
		{1, "p.json: the predictor belongs to the weights sha256:", []string{"--weights", other, "--predictor", pr}},
		{1, "no file nothing.json", []string{"--weights", file, "--predictor", "nothing.json"}},
		{1, "stored search cannot be read", []string{"--weights", file, "--predictor", pr, "--out", state, "--resume"}},
		{1, "--resume needs --out", []string{"--resume"}},
		{1, "--plot is x.pdf", []string{"--weights", file, "--predictor", pr, "--plot", "x.pdf"}},
		{1, "not a directory", []string{"--weights", file, "--predictor", pr, "--evaluations", "5", "--out", filepath.Join(file, "pareto.json")}},
		{1, "the budget of 1K parameters is impossible: the smallest child has", []string{"--weights", file, "--max-macs", "50M", "--max-params", "1K"}},
		{1, `unknown space "bignet"`, []string{"compare", "--landscape", "1", "--space", "bignet", "--max-macs", "25M", "--out", "x"}},
		{2, "--method", []string{"--method", "annealing"}},
		{2, "--out", []string{"fit", "--children", "x"}},
		{1, "line 1 of the measured children", []string{"fit", "--children", file, "--out", "x"}},
	} {
		code, out, errs := call(c.args...)
		errs = errs[strings.LastIndex(errs, "search: "):]
		if code != c.code || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") > 2 {
			t.Errorf("%q: exit %d, want %d and %q; %q %q", c.args, code, c.code, c.want, out, errs)
		}
	}
}

// TestOutputsAreNotInputs: nothing that a search reads is what it writes, not even
// the predictor that it finds by itself.
func TestOutputsAreNotInputs(t *testing.T) {
	file, info := randomWeights(t, 3)
	beside := strings.TrimSuffix(file, ".safetensors") + ".predictor.json"
	fitted(t, info, beside)
	table := filepath.Join(t.TempDir(), "table.svg")
	if err := os.WriteFile(table, []byte("a table"), 0o644); err != nil {
		t.Fatal(err)
	}
	for read, args := range map[string]func(out string) []string{
		file:   func(out string) []string { return []string{"--weights", file, "--out", out} },
		beside: func(out string) []string { return []string{"--weights", file, "--out", out} },
		table:  func(out string) []string { return []string{"--weights", file, "--latency-table", table, "--plot", out} },
	} {
		clitest.Untouched(t, command, read, args)
	}
	clitest.Untouched(t, command, beside, func(out string) []string {
		return []string{"compare", "--weights", file, "--max-macs", "50M", "--out", out}
	})
	clitest.Untouched(t, command, file, func(out string) []string {
		return []string{"measure", "--weights", file, "--data", "shapes", "--out", out}
	})
	clitest.Untouched(t, command, table, func(out string) []string { return []string{"fit", "--children", table, "--out", out} })
	clitest.Untouched(t, command, table, func(out string) []string {
		return []string{"family", "--weights", file, "--pareto", table, "-o", out}
	})
}
