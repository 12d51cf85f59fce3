package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// imported are the modules that a module names, those among them that load later.
var imported = regexp.MustCompile(`(?:from |import |import\()'(\.\.?/[^']+)'`)

// doors are the rooms that the modules of a room may import from, beside its own.
// What starts the page, in no room, may import from any.
var doors = map[string][]string{
	"shared":   nil,
	"worker":   {"shared"},
	"explore":  {"shared", "worker"},
	"teach":    {"shared", "explore"},
	"story":    {"shared", "worker"}, // an engine of its own
	"sections": {"shared", "teach", "story"},
	"inside":   {"shared", "worker"}, // Go's loader
}

// TestRooms: the modules of the page import in the order of their rooms, and in no circle.
func TestRooms(t *testing.T) {
	imports := map[string][]string{}
	for _, room := range append([]string{"."}, rooms...) {
		found, err := filepath.Glob(filepath.Join("..", room, "*.js"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s has no modules: %v", room, err)
		}
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := path.Join(room, filepath.Base(file))
			imports[name] = []string{}
			for _, m := range imported.FindAllSubmatch(text, -1) {
				imports[name] = append(imports[name], path.Join(room, string(m[1])))
			}
		}
	}
	for name, all := range imports {
		from := path.Dir(name)
		for _, other := range all {
			to := path.Dir(other)
			if _, ok := imports[other]; !ok && other != "worker/wasm_exec.js" {
				t.Errorf("%s imports %s, which is not there", name, other)
			}
			if from != "." && to != from && !slices.Contains(doors[from], to) {
				t.Errorf("%s imports %s: from %s there is no door to %s", name, other, from, to)
			}
			if from != "." && to != from && slices.Index(rooms, to) > slices.Index(rooms, from) {
				t.Errorf("%s imports %s, of a room that comes later", name, other)
			}
		}
	}
	done := map[string]bool{}
	var walk func(way []string)
	walk = func(way []string) {
		name := way[len(way)-1]
		if at := slices.Index(way, name); at < len(way)-1 {
			t.Fatalf("a circle of imports: %s", strings.Join(way[at:], " imports "))
		}
		if done[name] {
			return
		}
		for _, other := range imports[name] {
			walk(append(slices.Clone(way), other))
		}
		done[name] = true
	}
	for name := range imports {
		walk([]string{name})
	}
	if len(imports["main.js"]) < 5 || len(imports["sections/sections.js"]) < 5 {
		t.Errorf("main.js imports %q, sections.js %q: the test does not see all", imports["main.js"], imports["sections/sections.js"])
	}
}
