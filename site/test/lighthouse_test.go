package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestLighthouse holds the page against the budgets of its design, as Lighthouse
// measures them for a phone: the median of three runs. It needs a machine that
// does nothing else, so that it runs with make budgets only.
func TestLighthouse(t *testing.T) {
	needsQuiet(t)
	program := filepath.Join("lighthouse", "node_modules", ".bin", "lighthouse")
	if _, err := os.Stat(program); err != nil {
		c := exec.Command("npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")
		c.Dir = "lighthouse"
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	browser, err := exec.LookPath(browserPath(full...))
	if err != nil {
		t.Fatal(err)
	}
	// As make site leaves it: compressed.
	folder := filepath.Join(t.TempDir(), "page")
	for _, args := range [][]string{{"./site/assemble", "--out", folder}, {"./site/compress", folder}} {
		build := exec.Command("go", append([]string{"run"}, args...)...)
		build.Dir = site.root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", build, err, out)
		}
	}
	url, stop, err := startServer(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	values := map[string][]float64{}
	for range 3 {
		for name, v := range lighthouse(t, program, browser, url) {
			values[name] = append(values[name], v)
		}
	}
	for _, c := range []struct {
		name        string
		least, most float64
	}{
		{"performance", 0.98, 1}, {"accessibility", 1, 1}, {"best-practices", 1, 1}, {"seo", 1, 1},
		{"largest-contentful-paint", 0, 1200}, {"total-blocking-time", 0, 20}, {"cumulative-layout-shift", 0, 0.01},
	} {
		v := values[c.name]
		slices.Sort(v)
		t.Logf("%-26s %.4v", c.name, v)
		if len(v) != 3 || v[1] < c.least || v[1] > c.most {
			t.Errorf("%s is %.4v, the median must lie in %v to %v", c.name, v, c.least, c.most)
		}
	}
}

// lighthouse runs it once: the scores, 0 to 1, and the measures, in ms.
func lighthouse(t *testing.T, program, browser, url string) map[string]float64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	c := exec.Command(program, url, "--quiet", "--output=json", "--output-path="+out, "--chrome-flags=--headless=new --no-sandbox --disable-gpu")
	c.Env = append(os.Environ(), "CHROME_PATH="+browser)
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("lighthouse: %v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Categories map[string]struct{ Score float64 }
		Audits     map[string]struct{ NumericValue float64 }
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for name, c := range report.Categories {
		values[name] = c.Score
	}
	for _, name := range []string{"largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"} {
		values[name] = report.Audits[name].NumericValue
	}
	return values
}
