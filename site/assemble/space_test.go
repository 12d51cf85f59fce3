package main

import (
	"encoding/json"
	"io/fs"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"bignas/core/arch"
)

// module returns the path of the page's arithmetic over spaces.
func module(t *testing.T) string {
	path := ""
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "space.js" {
			path = p
		}
		return err
	})
	if err != nil || path == "" {
		t.Fatalf("there is no space.js: %v", err)
	}
	return path
}

// call runs a program that reads space and the functions of space.js, and decodes the JSON that it
// prints.
func call(t *testing.T, s *arch.Space, program string, to any) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const head = `import { readFileSync } from 'node:fs';
const [file, text] = process.argv.slice(1), space = JSON.parse(text);
const spaces = await import('data:text/javascript,' + encodeURIComponent(readFileSync(file)));
console.log(JSON.stringify(`
	out, err := exec.Command("node", "--input-type=module", "-e", head+program+`));`, module(t), string(text)).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	if err := json.Unmarshal(out, to); err != nil {
		t.Fatal(err)
	}
}

// TestRandomChildren: what the page draws at random is in the space, and children of random depth
// differ.
func TestRandomChildren(t *testing.T) {
	for _, name := range arch.Spaces() {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var children []arch.Arch
		call(t, s, "Array.from({ length: 60 }, () => spaces.random(space))", &children)
		seen := map[string]bool{}
		for _, a := range children {
			a.Space = s
			if err := s.Validate(a); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			seen[a.String()] = true
		}
		if len(seen) < 50 {
			t.Errorf("%s: %d children of 60", name, len(seen))
		}
	}
}

// TestExpansionsOfLayers: where layers have expansions of their own and widths no choice, the
// slider of widths moves those, of all stages or of one, and they are counted as kernels are.
func TestExpansionsOfLayers(t *testing.T) {
	s, err := arch.Lookup("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		All, One arch.Arch
		Says     []string
		Count    float64
	}
	call(t, s, `(() => {
		const min = spaces.smallest(space), all = spaces.move(space, min, -1, 'width', 2), one = spaces.move(space, min, 3, 'width', 1);
		return { all, one, count: spaces.countChildren(space),
			says: [min, all, one].map(c => spaces.slider(space, c, -1, 'width').text).concat(spaces.slider(space, one, 3, 'width').text) };
	})()`, &got)
	got.All.Space, got.One.Space = s, s
	if text := got.All.String(); text != "r128-c16-16x1k3-24x2k3e6-40x2k3e6-80x2k3e6-112x2k3e6-160x2k3e6-h1280" {
		t.Errorf("all expansions give %s", text)
	}
	if text := got.One.String(); text != "r128-c16-16x1k3-24x2k3e3-40x2k3e3-80x2k3e4-112x2k3e3-160x2k3e3-h1280" {
		t.Errorf("one expansion gives %s", text)
	}
	if want := []string{"expanded 3 ×", "expanded 6 ×", "mixed", "expanded 4 ×"}; !slices.Equal(got.Says, want) {
		t.Errorf("the slider says %q, want %q", got.Says, want)
	}
	if want := 25 * math.Pow(81+729+6561, 5); math.Abs(got.Count/want-1) > 1e-9 { // arXiv 1908.09791, section 3.1, at each resolution
		t.Errorf("%g children, want %g", got.Count, want)
	}
}

// TestFractions: the page's child at a fraction of a space is Space.At but for the
// layers; these are in all as near to the fraction of their range, and those of the
// smallest and the biggest child are the same.
func TestFractions(t *testing.T) {
	for _, name := range arch.Spaces() {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var children []arch.Arch
		if call(t, s, "Array.from({ length: 241 }, (_, i) => spaces.atFraction(space, i / 240))", &children); len(children) != 241 {
			t.Fatalf("%d children, want 241", len(children))
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
