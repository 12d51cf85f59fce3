package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
)

// TestMeasured: a release measures smallest and biggest, the family of another
// file, and what is named or described besides, the cheapest first and none twice.
func TestMeasured(t *testing.T) {
	const small = "r128-c8-8x1k3-12x1k3-20x2k3-32x2k3-48x2k3-72x2k3-112x1k3-h320"
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, 2)
	if err != nil {
		t.Fatal(err)
	}
	file := func(metadata map[string]string) string {
		data, err := weights.Marshal(&weights.Bundle{Net: net, Labels: []string{"a", "b"}, Spec: config.Spec, Metadata: metadata}, weights.Float16)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "w.safetensors")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	named := file(map[string]string{classify.KeyFamily: `{"S": "` + small + `"}`})
	family, all, err := (&releaseFlags{Family: named, Measure: []string{"S", strings.Replace(small, "r128", "r160", 1)}}).measured(space, io.Discard)
	if err != nil || len(family) != 1 || family["S"] != small {
		t.Fatalf("family %v, %v", family, err)
	}
	var got []string
	for _, a := range all {
		got = append(got, a.String())
	}
	if len(got) != 4 || got[0] != space.Min().String() || got[1] != small || !strings.HasPrefix(got[2], "r160") || got[3] != space.Max().String() {
		t.Errorf("measured: %v", got)
	}
	for want, f := range map[string]releaseFlags{
		"a name of --family: S":             {Family: named, Measure: []string{"XL"}},
		"a name of --family: none is given": {Measure: []string{"S"}},
		"names no children":                 {Family: file(nil)},
		"there is no file nothing":          {Family: "nothing"},
	} {
		if _, _, err := f.measured(space, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
}
