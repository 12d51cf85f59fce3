package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrors: what a person can get wrong is said with the next step. That a
// right run makes a page which works is what site/test shows.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		args  []string
		code  int
		want  string
	}{
		"elsewhere":     {nil, nil, 1, "root folder"},
		"unknown":       {nil, []string{"now"}, 2, "unknown argument"},
		"no weights":    {map[string]string{"index.html": "x"}, nil, 1, "cmd/train release"},
		"not there":     {map[string]string{"index.html": "x"}, []string{"--weights", "none.safetensors"}, 1, "after --weights"},
		"a path":        {map[string]string{"index.html": "x", "assets/manifest.json": `{"weights": "../a"}`}, nil, 1, "file name in assets"},
		"other size":    {map[string]string{"index.html": "x", "assets/manifest.json": `{"weights": "a", "bytes": 3}`, "assets/a": "four"}, nil, 1, "it has 4"},
		"no safetensor": {map[string]string{"index.html": "x", "assets/manifest.json": `{"weights": "a", "bytes": 4}`, "assets/a": "four"}, nil, 1, "assemble: "},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for n, text := range c.files {
				file := filepath.Join(root, n)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var out, errors bytes.Buffer
			// Go's own files are not needed for what fails here.
			code := run(append([]string{"--root", root, "--out", filepath.Join(root, "page")}, c.args...), &out, &errors)
			if code != c.code || !strings.Contains(errors.String(), c.want) {
				t.Errorf("exit %d, %q; want %d and %q", code, errors.String(), c.code, c.want)
			}
		})
	}
}
