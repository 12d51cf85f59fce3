package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// secondFile is a weights file of the space tiny with made-up classes, 30 of them: random numbers from a seed.
var secondFile = sync.OnceValues(func() ([]byte, error) {
	space, err := arch.Lookup("tiny")
	if err != nil {
		return nil, err
	}
	var labels []string
	for i := range 30 {
		labels = append(labels, fmt.Sprintf("thing %d", i+1))
	}
	net, err := supernet.NewWeights(space, len(labels))
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(2003, 11142))
	net.Init(r, false)
	for i := range net.Classifier.Data {
		net.Classifier.Data[i] = float32(r.NormFloat64())
	}
	model, smallest := bnstats.NewModel(net), supernet.NewStatistics(supernet.BNLayers(space.Min()))
	for _, layer := range smallest.Variance {
		for i := range layer {
			layer[i] = 1
		}
	}
	model.Own = map[string]*supernet.Statistics{space.Min().String(): smallest}
	return weights.Marshal(&weights.Bundle{Net: net, Statistics: model, Labels: labels,
		Spec: preprocess.Spec{Mean: [3]float32{0.48, 0.46, 0.4}, Std: [3]float32{0.23, 0.22, 0.225}, Crop: 0.875, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{"family": `{"S":"` + space.Min().String() + `"}`, classify.KeyDoubt: `{"mean":0.13,"worst":0.24,"children":50}`,
			"measured": `[{"arch":"` + space.Max().String() + `","predicted":0.25,"n":40}]`}}, weights.Float16)
})

// twoWeights is a page whose table of weights has the ten classes and a second line: assembled in a folder
// that is the repository but for its assets.
var twoWeights = sync.OnceValues(func() (string, error) {
	root, folder := filepath.Join(site.work, "two"), filepath.Join(site.work, "two-page")
	data, err := secondFile()
	if err != nil {
		return "", err
	}
	space, err := arch.Lookup("tiny")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(root, "assets"), 0o755); err != nil {
		return "", err
	}
	for _, dir := range []string{".", "assets"} {
		entries, err := os.ReadDir(filepath.Join(site.root, dir))
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			name := filepath.Join(dir, e.Name())
			if name == "assets" || name == filepath.Join("assets", "weights.json") || name[0] == '.' {
				continue
			}
			if err := os.Symlink(filepath.Join(site.root, name), filepath.Join(root, name)); err != nil {
				return "", err
			}
		}
	}
	var table []map[string]any
	text, err := os.ReadFile(filepath.Join(site.root, "assets", "weights.json"))
	if err == nil {
		err = json.Unmarshal(text, &table)
	}
	if err != nil {
		return "", err
	}
	table = slices.DeleteFunc(table, func(row map[string]any) bool { return row["id"] != "nette" })
	for _, row := range table {
		row["name"] = "10 classes"
	}
	samples := []map[string]string{{"name": "parachute", "label": "thing 1", "alt": "A parachute"}, {"name": "church", "label": "thing 2", "alt": "A church"}}
	table = append(table, map[string]any{"id": "second", "name": "30 classes", "manifest": "second.json", "data": "things that a test made up", "samples": samples})
	about := map[string]any{"weights": "second.safetensors", "bytes": len(data), "children": []any{map[string]any{"arch": space.Max().String(), "top1": 0.25, "n": 40}}}
	for name, v := range map[string]any{"weights.json": table, "second.json": about} {
		text, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "assets", name), text, 0o600)
		}
		if err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(root, "assets", "second.safetensors"), data, 0o600); err != nil {
		return "", err
	}
	c := exec.Command("go", "run", "./site/assemble", "--root", root, "--out", folder, "--view", "later")
	c.Dir = site.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return folder, nil
})

// offering serves that page. served is asked before the second weights are sent.
func offering(t *testing.T, served func(w http.ResponseWriter, r *http.Request, data []byte) bool) *httptest.Server {
	t.Helper()
	folder, err := twoWeights()
	if err != nil {
		t.Fatal(err)
	}
	data, err := secondFile()
	if err != nil {
		t.Fatal(err)
	}
	view := siteFile(t, "view.wasm")
	return tamperedFolder(t, folder, func(w http.ResponseWriter, r *http.Request) bool {
		switch path.Base(r.URL.Path) {
		case "view.wasm": // that of the other page, which is built already
			w.Header().Set("Content-Type", "application/wasm")
			_, _ = w.Write(view)
			return true
		case "second.safetensors":
			return served != nil && served(w, r, data)
		}
		return false
	})
}

// secondAddress is where the second weights lie in the page.
func secondAddress(t *testing.T) string {
	t.Helper()
	folder, err := twoWeights()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(folder, "weights-second", "*", "second.safetensors"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return filepath.ToSlash(strings.TrimPrefix(found[0], folder+string(filepath.Separator)))
}
