package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/confidence/confidencetest"
	"bignas/core/weights"
	"bignas/train/config"
)

// TestUnknown: one line for the child and one for each method and set, of which
// every one has other images than the fit.
func TestUnknown(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{Predicts: true, Config: func(c *config.Config) { c.SearchFraction = 0.05 }})
	other := clitest.Images(t, "one", "two")
	args := []string{"--weights", file, "--data", "shapes", "--unknown", other, "--arch", "min", "--limit", "30", "--json"}
	if code, _, errs := call(args...); code != 1 || !strings.Contains(errs, "train calibrate") {
		t.Errorf("weights without a block: exit %d, %s", code, errs)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	b.Confidence = confidencetest.Model(t, b.Net.Space, func(int) float64 { return 9e3 }) // everything scores less
	if data, err = weights.Marshal(b, weights.Float16); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(args...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 1+5*7 {
		t.Fatalf("exit %d, %d lines, %s", code, len(lines), errs)
	}
	var first trust
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || math.Abs(first.Temperature-math.Exp(0.75)) > 1e-3 || first.Flagged != 1 || first.N != 30 || first.ECE == first.Uncorrected {
		t.Errorf("%+v: %v", first, err)
	}
	for i, line := range lines[1:] {
		var r flagged
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.N == 0 || r.AUROC < 0 || r.AUROC > 1 || i < 7 && r.Flagged != 1 {
			t.Errorf("%+v: %v", r, err)
		}
		if r.Set == "other classes" && r.N != 20 { // one of the two classes
			t.Errorf("%d images of other classes are measured", r.N)
		}
	}
	if code, _, errs := call("--run", "x", "--data", "shapes", "--unknown", other); code != 2 || !strings.Contains(errs, "--unknown") {
		t.Errorf("with a run: exit %d, %s", code, errs)
	}
}
