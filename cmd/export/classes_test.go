package main

import (
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/clitest"
	"bignas/train/dataset"
)

// TestClassesByName: images are labelled by the names of their classes where the
// weights have them in another order, and as many other classes are refused.
func TestClassesByName(t *testing.T) {
	shapes, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	labels := slices.Clone(shapes.Labels)
	slices.Reverse(labels)
	s, err := (&childFlags{Weights: clitest.Weights(t, clitest.Random{Labels: labels}), Data: "shapes"}).open(&cli.Program{Stderr: io.Discard}, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.val.Len() {
		if class := path.Base(path.Dir(s.val.Name(i))); labels[s.val.Label(i)] != class {
			t.Fatalf("an image of %s has the label %d, that is %s", class, s.val.Label(i), labels[s.val.Label(i)])
		}
	}
	out := filepath.Join(t.TempDir(), "c.onnx")
	other := clitest.Weights(t, clitest.Random{Labels: strings.Split("abcdefghij", "")})
	for _, args := range [][]string{{"-o", out}, {"check"}} {
		code, _, errs := call(append(args, "--weights", other, "--data", "shapes")...)
		if code != 1 || !strings.Contains(errs, "none is the same") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}
