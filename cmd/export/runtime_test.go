package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/cli"
	"bignas/train/export"
)

// root is the folder of go.mod, from here.
const root = "../.."

// middle is the child of about a third of the biggest's MACs in the model card.
const middle = "r160-c12-12x1k3-16x1k3-28x2k5-48x3k5-64x3k5-104x3k5-160x2k5-h512"

// runtimesHere skips where other runtimes are not installed; make exported, which
// installs them, demands them with BIGNAS_RUNTIMES.
func runtimesHere(t *testing.T) {
	t.Helper()
	for _, pack := range runtimes {
		if _, err := os.Stat(filepath.Join(root, "build/peers/node_modules", pack)); err != nil {
			if os.Getenv("BIGNAS_RUNTIMES") != "" {
				t.Fatalf("%v: run make peers", err)
			}
			t.Skipf("no %s: run make exported", pack)
		}
	}
	t.Chdir(root)
}

// checkedLines runs check on children of the shipped weights.
func checkedLines(t *testing.T, args ...string) (lines []checked) {
	t.Helper()
	code, out, errs := call(append([]string{"check", "--json"}, args...)...)
	if code != 0 {
		t.Fatalf("%q: exit %d: %s\n%s", args, code, errs, out)
	}
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		var c checked
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, c)
	}
	return lines
}

// TestRuntimes: smallest, middle, biggest and 5 random children of the shipped
// weights in onnxruntime, native and WebAssembly: the ONNX checker accepts the
// files, and the logits of 10 pictures are within 1e-4 of the slice's.
func TestRuntimes(t *testing.T) {
	runtimesHere(t)
	var args []string
	for _, child := range []string{"min", middle, "max", "random:1", "random:2", "random:3", "random:4", "random:5"} {
		args = append(args, "--arch", child)
	}
	lines := checkedLines(t, args...)
	if len(lines) != 2*8 {
		t.Fatalf("%d lines, want 16", len(lines))
	}
	for _, c := range lines {
		if !(c.Absolute <= 1e-4) || c.Images != 10 || c.SameAnswer != 1 || !strings.HasPrefix(c.Runtime, "onnxruntime-") {
			t.Errorf("%+v", c)
		}
		if c.Checker == "" && os.Getenv("BIGNAS_RUNTIMES") != "" {
			t.Error("the ONNX checker was not asked: install python3-onnx")
		}
	}
}

// TestRuntimesVariants: float16, and graphs that take bytes, on the sample
// pictures.
func TestRuntimesVariants(t *testing.T) {
	runtimesHere(t)
	photos, err := filepath.Glob("assets/samples/*.jpg")
	if err != nil || len(photos) < 10 {
		t.Fatalf("%d sample pictures, %v", len(photos), err)
	}
	for _, variant := range [][]string{{"--half"}, {"--preprocess"}, {"--half", "--preprocess"}} {
		for _, c := range checkedLines(t, append(append(variant, "--arch", "min", "--arch", "max"), photos...)...) {
			within := 1e-4
			if variant[0] == "--half" {
				within = 2e-2
			}
			if !(c.Relative <= within) || c.Images != len(photos) || c.SameAnswer < 0.9 {
				t.Errorf("%v: %+v", variant, c)
			}
		}
	}
}

// TestTorch: PyTorch, given config.json and the numpy files alone, computes the
// slice's logits: the file says all that is needed.
func TestTorch(t *testing.T) {
	const python = "/usr/bin/python3"
	if os.Getenv("BIGNAS_RUNTIMES") == "" {
		t.Skip("it takes long to start: run make exported")
	}
	if exec.Command(python, "-c", "import torch, numpy").Run() != nil {
		t.Fatal("no torch for " + python + ": run make peers")
	}
	t.Chdir(root)
	p, dir := program{os.Stdout, os.Stderr}, t.TempDir()
	s, err := p.open(childFlags{Weights: cli.DefaultWeights}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"min", "random:5"} {
		a, err := s.child(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, slice, err := s.cut(a)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, "child")
		if code, _, errs := call("--arch", text, "--format", "npy", "-o", folder); code != 0 {
			t.Fatal(errs)
		}
		im := export.Pictures(1, a.Resolution)[0]
		x := make([]float32, len(im.Pix))
		s.engine.Info().Preprocessing.Apply(x, im, a.Resolution)
		nchw := make([]float32, len(x))
		export.NCHW(nchw, x)
		raw, _ := binary.Append(nil, binary.LittleEndian, nchw)
		input := filepath.Join(dir, "x")
		if err := os.WriteFile(input, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "cmd/export/child.py", folder, input).Output()
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		want, err := slice.Forward(x, 1, nil)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d logits, %v", len(got), err)
		}
		d := export.Difference{Within: export.Within}
		if d.Compare(got, want); !d.OK() {
			t.Errorf("%s: %+v", text, d)
		}
	}
}
