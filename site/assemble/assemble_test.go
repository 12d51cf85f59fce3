package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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
		"never":         {nil, []string{"--view", "never"}, 2, "now, later or only"},
		"no weights":    {map[string]string{"index.html": "x"}, nil, 1, "cmd/train release"},
		"not there":     {map[string]string{"index.html": "x"}, []string{"--weights", "none.safetensors"}, 1, "after --weights"},
		"a path":        {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "a", "name": "A", "manifest": "manifest.json"}]`, "assets/manifest.json": `{"weights": "../a"}`}, nil, 1, "file name in assets"},
		"other size":    {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "a", "name": "A", "manifest": "manifest.json"}]`, "assets/manifest.json": `{"weights": "a", "bytes": 3}`, "assets/a": "four"}, nil, 1, "it has 4"},
		"no table":      {map[string]string{"index.html": "x", "assets/weights.json": `[]`}, nil, 1, "names no weights"},
		"no such offer": {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "a", "name": "A", "manifest": "manifest.json"}]`}, []string{"--offer", "b"}, 1, `no weights have the id "b"`},
		"no manifest":   {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "a", "name": "A", "manifest": "b.json"}]`}, nil, 1, "there is no"},
		"an id":         {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "A b", "name": "A"}]`}, nil, 1, "an id is of"},
		"no safetensor": {map[string]string{"index.html": "x", "assets/weights.json": `[{"id": "a", "name": "A", "manifest": "manifest.json"}]`, "assets/manifest.json": `{"weights": "a", "bytes": 4}`, "assets/a": "four"}, nil, 1, "assemble: "},
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

// TestViewLater: the page comes first and names the network view, which a second
// run builds there; the service worker has it last, as it waits for it.
func TestViewLater(t *testing.T) {
	out := t.TempDir()
	assemble := func(view string) string {
		t.Helper()
		var said, errors bytes.Buffer
		if code := run([]string{"--root", "../..", "--out", out, "--view", view}, &said, &errors); code != 0 {
			t.Fatalf("--view %s: exit %d, %s", view, code, errors.String())
		}
		return said.String()
	}
	read := func(pattern string) []byte {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(out, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	assemble(later)
	var m struct{ View string }
	if err := json.Unmarshal(read("page/*/assets/manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	name, ok := strings.CutPrefix(m.View, up)
	if !ok || !regexp.MustCompile(`^view/[0-9a-f]{12}/view[.]wasm$`).MatchString(name) {
		t.Fatalf("the view is at %q", m.View)
	}
	if _, err := os.Stat(filepath.Join(out, name)); err == nil {
		t.Error("the view is there already")
	}
	if entries := `["` + name + `","",0],["index.html","sha256-`; !bytes.Contains(read("service.js"), []byte(entries)) {
		t.Errorf("the service worker has no %s", entries)
	}
	if kept := regexp.MustCompile(`"later":\[.*\["trainer/[0-9a-f]{12}/trainer[.]wasm",`); !kept.Match(read("service.js")) {
		t.Error("the service worker does not leave the trainer to those who use it")
	}
	if said := assemble(only); !strings.Contains(said, "the network view is in") {
		t.Errorf("a second run says %q", said)
	}
	if data := read(name); !bytes.HasPrefix(data, []byte("\x00asm")) {
		t.Errorf("the view begins with %q", data[:4])
	}
	page := read("service.js")
	if said := assemble(only); said != "" {
		t.Errorf("a third run says %q", said)
	}
	if assemble(later); !bytes.Equal(read("service.js"), page) {
		t.Error("the page is another version after the view came")
	}
}
