package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/arch"
	"bignas/core/cost"
)

// TestEdges: every layer but the first reads what was computed before, on one main
// path; each block with a shortcut has one that begins at the block's input.
func TestEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range arch.Spaces() {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []arch.Arch{s.Min(), s.Max(), s.Sample(r), s.Sample(r)} {
			layers := cost.Of(a).Layers
			main, shortcuts, reads := 0, 0, make([]int, len(layers))
			for _, e := range edges(a, layers) {
				if e.from >= e.to {
					t.Fatalf("%s: %s reads %s", a, layers[e.to].Name, layers[e.from].Name)
				}
				reads[e.to]++
				switch {
				case !e.shortcut:
					main++
					if from := layers[e.from]; from.Kind == cost.Shortcut || layers[e.to].Kind == cost.Shortcut {
						t.Errorf("%s: the main path runs over a shortcut: %s to %s", a, from.Name, layers[e.to].Name)
					}
				case layers[e.to].Kind != cost.Shortcut: // joins after the block
					shortcuts++
				}
			}
			wantMain, wantShort := -1, 0
			for _, l := range layers {
				if l.Kind != cost.Shortcut {
					wantMain++
				}
			}
			for _, b := range a.Network().Blocks {
				if b.Shortcut != arch.NoShortcut {
					wantShort++
				}
			}
			if main != wantMain || shortcuts != wantShort {
				t.Errorf("%s: %d edges and %d shortcuts, want %d and %d", a, main, shortcuts, wantMain, wantShort)
			}
			for i, n := range reads {
				if i > 0 && n == 0 {
					t.Errorf("%s: nothing leads to %s", a, layers[i].Name)
				}
			}
		}
	}
}

// TestDrawings: both name every layer; the SVG is well-formed and without scripts.
func TestDrawings(t *testing.T) {
	s, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "child.svg")
	code, text, errs := inspect("--arch", "max", "--classes", "10", "--svg", file)
	if code != 0 || errs != "" || !strings.Contains(text, "MACs") {
		t.Fatalf("%d, %q, %q", code, text, errs)
	}
	drawn, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, graph, _ := inspect("--arch", "max", "--classes", "10", "--dot", "-")
	if code != 0 || !strings.HasPrefix(graph, "digraph") || strings.Count(graph, "{") != strings.Count(graph, "}") {
		t.Errorf("%d\n%.200s", code, graph)
	}
	rects := 0
	for d := xml.NewDecoder(strings.NewReader(string(drawn))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			rects++
		}
	}
	layers := cost.ForClasses(s.Max(), 10).Layers
	if rects != 1+3*len(layers) {
		t.Errorf("%d rectangles for %d layers", rects, len(layers))
	}
	for _, l := range layers {
		if !strings.Contains(string(drawn), ">"+l.Name+"<") || !strings.Contains(graph, `"`+l.Name+`" [`) {
			t.Errorf("%s is missing", l.Name)
		}
	}
	if code, _, errs := inspect("--svg", filepath.Join(file, "x")); code != 1 || strings.Count(errs, "\n") != 2 {
		t.Errorf("%d: %q", code, errs)
	}
}

// TestDrawingIsNotInput: a drawing does not take the place of the weights.
func TestDrawingIsNotInput(t *testing.T) {
	file := clitest.Weights(t, clitest.Random{})
	clitest.Untouched(t, command, file, func(out string) []string { return []string{"--weights", file, "--arch", "S", "--svg", out} })
}
