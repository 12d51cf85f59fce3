package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/clitest"
	"bignas/core/onnx"
	"bignas/train/export"
)

// root is the folder of go.mod, from here.
const root = "../.."

// runtimesHere skips but for make exported, which installs what is needed.
func runtimesHere(t *testing.T) {
	t.Helper()
	if os.Getenv("BIGNAS_RUNTIMES") == "" {
		t.Skip("other people's runtimes take minutes: run make exported")
	}
	t.Chdir(root)
	for name, r := range runtimes {
		if _, err := r.command("build/peers", python); err != nil {
			t.Fatalf("%s: %v: run make peers", name, err)
		}
	}
}

// python is Debian's own, whose modules apt-get installs.
const python = "/usr/bin/python3"

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

// withinFloat32 is what a runtime may be off by in float32, over the largest logit.
const withinFloat32 = 1e-5

// TestRuntimes: smallest, biggest, one between them and 5 random children of the shipped
// weights in every runtime: the ONNX checker accepts the files, and the logits of
// 10 images are within 1e-5 of the slice's.
func TestRuntimes(t *testing.T) {
	runtimesHere(t)
	args := []string{"--runtime", strings.Join(slices.Sorted(maps.Keys(runtimes)), ",")}
	for _, child := range []string{"min", "r160-c12-12x1k3-16x1k3-28x2k5-48x3k5-64x3k5-104x3k5-160x2k5-h512", "max", "random:1", "random:2", "random:3", "random:4", "random:5"} {
		args = append(args, "--arch", child)
	}
	lines := checkedLines(t, args...)
	if want := 8 * len(runtimes); len(lines) != want {
		t.Fatalf("%d lines, want %d", len(lines), want)
	}
	for _, c := range lines {
		if !(c.Relative <= withinFloat32) || c.Images != 10 || c.SameAnswer != 1 {
			t.Errorf("%+v", c)
		}
		if c.Checker == "" {
			t.Error("the ONNX checker was not asked: install python3-onnx")
		}
	}
}

// others are the spaces whose children have the operators that those of the shipped weights do not:
// ReLU, hard swish, hard sigmoid, kernels of 7, a convolution behind the pool.
var others = []string{"attentivenas", "ofa-mbv3"}

// TestRuntimesPublished: smallest, biggest and a random child of these spaces in every runtime, with random weights and
// calibrated, since statistics that do not fit let numbers grow until a gate hangs on a rounding.
func TestRuntimesPublished(t *testing.T) {
	runtimesHere(t)
	for _, space := range others {
		args := []string{"--weights", clitest.Weights(t, clitest.Random{Seed: 3, Space: space}), "--data", "shapes", "--limit", "10", "--batch", "2", "--runtime", "node,web,oldest,opencv"}
		for _, child := range []string{"min", "random:1", "max"} {
			args = append(args, "--arch", child)
		}
		lines := checkedLines(t, args...)
		if want := 3 * 4; len(lines) != want {
			t.Fatalf("%d lines, want %d", len(lines), want)
		}
		for _, c := range lines {
			t.Logf("%s in %s: %.1e of the largest logit", c.Arch, c.Runtime, c.Relative)
			if !(c.Relative <= 1e-4) || c.Images != 10 || c.SameAnswer != 1 || c.Checker == "" {
				t.Errorf("%+v", c)
			}
		}
	}
}

// TestRuntimesVariants: float16, graphs that take bytes and graphs of a fixed
// batch, on the sample images, where the runtime reads them. docs/exports.md is a
// table of that: a runtime that learns to read a variant fails here too.
func TestRuntimesVariants(t *testing.T) {
	runtimesHere(t)
	photos, err := filepath.Glob("assets/samples/*.jpg")
	if err != nil || len(photos) < 10 {
		t.Fatalf("%d sample images, %v", len(photos), err)
	}
	const noFloat16, noTensor = "Unsupported data type: FLOAT16", "no way to make a tensor"
	refuses := map[string]map[string]string{
		"opencv":    {"--half": noFloat16, "--half --preprocess": noFloat16},
		"opencv4js": {"--preprocess": noTensor, "--half --preprocess": noTensor, "--batch 4": noTensor},
		"opencv5js": {"--preprocess": noTensor, "--half --preprocess": noTensor, "--batch 4": noTensor},
	}
	for _, kind := range slices.Sorted(maps.Keys(runtimes)) {
		for _, variant := range []string{"--half", "--preprocess", "--half --preprocess", "--batch 1", "--batch 4"} {
			args := append(strings.Fields(variant), "--runtime", kind, "--arch", "min", "--arch", "max")
			if want := refuses[kind][variant]; want != "" {
				code, _, errs := call(append([]string{"check"}, args...)...)
				if code == 0 || !strings.Contains(errs, want) {
					t.Errorf("%s, %s: exit %d, want %q: %s", kind, variant, code, want, errs)
				}
				continue
			}
			for _, c := range checkedLines(t, append(args, photos...)...) {
				within := withinFloat32
				if c.Precision == "float16" {
					within = 2e-2
				}
				if !(c.Relative <= within) || c.Images != len(photos) || c.SameAnswer < 0.9 {
					t.Errorf("%s, %s: %+v", kind, variant, c)
				}
			}
		}
	}
}

// TestRuntimesFreeBatch: OpenCV 4.6 runs one image of a graph whose batch is
// free and says an assertion of its own for two, which is why check gives it one
// at a time and --batch is there.
func TestRuntimesFreeBatch(t *testing.T) {
	runtimesHere(t)
	file := filepath.Join(t.TempDir(), "child.onnx")
	for _, batch := range []int{0, 2} {
		if code, _, errs := call("--arch", "min", "-o", file, "--batch", strconv.Itoa(batch)); code != 0 {
			t.Fatal(errs)
		}
		p, err := runtimes["opencv"].start("", python, t.TempDir(), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = p.load(file); err != nil {
			t.Fatal(err)
		}
		_, err = p.run(onnx.Input, "float32", make([]float32, 2*3*96*96), []int{2, 3, 96, 96})
		if (err == nil) != (batch == 2) {
			t.Errorf("two images in a graph of batch %d (0: free): %v", batch, err)
		}
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTorch: PyTorch, given config.json and the numpy files alone, computes the
// slice's logits: the file says all that is needed.
func TestTorch(t *testing.T) {
	runtimesHere(t)
	if exec.Command(python, "-c", "import torch, numpy").Run() != nil {
		t.Fatal("no torch for " + python + ": run make peers")
	}
	torch(t, cli.DefaultWeights, "min", "random:5")
	for _, space := range others {
		torch(t, clitest.Weights(t, clitest.Random{Seed: 3, Space: space, Predicts: true}), "min", "random:5")
	}
}

// torch compares children of a weights file with PyTorch.
func torch(t *testing.T, file string, children ...string) {
	dir := t.TempDir()
	s, err := (&childFlags{Weights: file}).open(&cli.Program{Stderr: os.Stderr}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range children {
		a, err := s.child(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, slice, err := s.cut(a)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, "child")
		if code, _, errs := call("--weights", file, "--arch", text, "--format", "npy", "-o", folder); code != 0 {
			t.Fatal(errs)
		}
		im := export.Images(1, a.Resolution)[0]
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
			t.Errorf("%s of %s: %+v", text, a.Space.Name, d)
		}
	}
}
