package main

import (
	"encoding/json"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"bignas/core/arch"
)

// TestFractions: the page's child at a fraction of a space is Space.At but for the
// layers; these are in all as near to the fraction of their range, and those of the
// smallest and the biggest child are the same.
func TestFractions(t *testing.T) {
	module := ""
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "space.js" {
			module = path
		}
		return err
	})
	if err != nil || module == "" {
		t.Fatalf("there is no space.js: %v", err)
	}
	const program = `import { readFileSync } from 'node:fs';
const [file, space] = process.argv.slice(1);
const { atFraction } = await import('data:text/javascript,' + encodeURIComponent(readFileSync(file)));
console.log(JSON.stringify(Array.from({ length: 241 }, (_, i) => atFraction(JSON.parse(space), i / 240))));`
	for _, name := range arch.Spaces() {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("node", "--input-type=module", "-e", program, module, string(text)).Output()
		if err != nil {
			t.Fatalf("node: %v", err)
		}
		var children []arch.Arch
		if err := json.Unmarshal(out, &children); err != nil || len(children) != 241 {
			t.Fatalf("%d children, want 241: %v", len(children), err)
		}
		for i, got := range children {
			got.Space = s
			fraction, want := float64(i)/240, s.At(float64(i)/240)
			least, most, layers := 0, 0, 0
			for j, st := range s.Stages {
				least, most, layers = least+st.Depths[0], most+slices.Max(st.Depths), layers+got.Stages[j].Depth
				if i > 0 && i < 240 {
					want.Stages[j].SetDepth(got.Stages[j].Depth)
				}
			}
			if !got.Equal(want) {
				t.Errorf("%s at %d/240: %s, want %s", name, i, got, want)
			}
			if round := int(fraction*float64(most-least) + 0.5); layers != least+round {
				t.Errorf("%s at %d/240: %d layers, want %d", name, i, layers, least+round)
			}
		}
	}
}
