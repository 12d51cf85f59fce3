package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/train/config"
)

func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = command(args, nil, &o, &e)
	return code, o.String(), e.String()
}

const small = clitest.Small

// randomWeights writes a weights file of random values for the drawn data set,
// with one named child.
func randomWeights(t *testing.T, predicts bool) string {
	t.Helper()
	return clitest.Weights(t, clitest.Random{Seed: 1, Predicts: predicts, Config: func(c *config.Config) { c.CalibrationImages = 6 }})
}

// TestFormats: every format is written, read back and near enough; what is
// printed says what it is.
func TestFormats(t *testing.T) {
	file, dir := randomWeights(t, true), t.TempDir()
	for _, c := range []struct {
		args []string
		want written
		bits bool
	}{
		{[]string{"-o", "c.onnx"}, written{Format: "onnx", Precision: "float32", Opset: 17}, false},
		{[]string{"-o", "c.onnx", "--half", "--preprocess"}, written{Format: "onnx", Precision: "float16", Opset: 17, Preprocess: "uint8"}, false},
		{[]string{"-o", "c.onnx", "--batch", "2"}, written{Format: "onnx", Precision: "float32", Opset: 17, Batch: 2}, false},
		{[]string{"-o", "c.safetensors"}, written{Format: "safetensors", Precision: "float32"}, true},
		{[]string{"-o", "npy", "--format", "npy", "--half"}, written{Format: "npy", Precision: "float16"}, true}, // the weights were halves
	} {
		c.args[1] = filepath.Join(dir, c.args[1])
		code, out, errs := call(append(c.args, "--weights", file, "--arch", "S", "--verify", "--json")...)
		var got written
		if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil {
			t.Fatalf("%q: exit %d, %v: %s", c.args, code, err, errs)
		}
		if got.Format != c.want.Format || got.Precision != c.want.Precision || got.Opset != c.want.Opset || got.Batch != c.want.Batch || got.Preprocess != c.want.Preprocess ||
			got.Name != "S" || got.Arch != small || got.Statistics.Kind != "predicted" || got.Bytes < 700_000 {
			t.Errorf("%q: %+v", c.args, got)
		}
		if v := got.Verified; v == nil || !v.OK() || v.Bits != c.bits {
			t.Errorf("%q: verified %+v", c.args, v)
		}
		if _, err := os.Stat(got.File); err != nil {
			t.Error(err)
		}
	}
}

// TestCalibrated: with --data the statistics are calibrated ones, weights that
// predict none are enough, and the file says so; so does the line for people.
func TestCalibrated(t *testing.T) {
	file, dir := randomWeights(t, false), t.TempDir()
	out := filepath.Join(dir, "c.onnx")
	code, text, errs := call("--weights", file, "--arch", "min", "--resolution", "128", "-o", out, "--data", "shapes", "--images", "5", "--verify")
	data, err := os.ReadFile(out)
	if code != 0 || err != nil || !bytes.Contains(data, []byte("calibrated on 5 training images of shapes")) {
		t.Fatalf("exit %d, %v: %s", code, err, errs)
	}
	for _, want := range []string{"opset 17", "128 px", "calibrated on 5 training images of shapes", "verified by core/onnx/runner on 4 generated images"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said:\n%s", want, text)
		}
	}
}

var mistake = regexp.MustCompile(`(?m)^export( check)?: `)

// TestMistakes end in one line and a hint, and write nothing.
func TestMistakes(t *testing.T) {
	file, bare, dir := randomWeights(t, true), randomWeights(t, false), t.TempDir()
	out := filepath.Join(dir, "c.onnx")
	cases := []struct {
		code int
		want string
		args []string
	}{
		{2, "missing flags: --output", nil},
		{2, "missing flags: --format", []string{"-o", filepath.Join(dir, "c.bin")}},
		{2, "--format must be one of", []string{"-o", out, "--format", "pickle"}},
		{2, "which the format safetensors does not have", []string{"-o", filepath.Join(dir, "c.safetensors"), "--preprocess"}},
		{2, "--floats goes with --preprocess", []string{"-o", out, "--floats"}},
		{2, "--batch fixes the input of a graph, which the format npy does not have", []string{"-o", dir, "--format", "npy", "--batch", "2"}},
		{1, "the batch is 257, allowed is 1 to 256", []string{"-o", out, "--weights", file, "--batch", "257"}},
		{2, "--images goes with --data", []string{"-o", out, "--images", "3"}},
		{1, `there is no child named "XXL"; known: min, max, S`, []string{"-o", out, "--weights", file, "--arch", "XXL"}},
		{1, "resolution is 100", []string{"-o", out, "--weights", file, "--resolution", "100"}},
		{1, `"x" in "random:x": want a seed`, []string{"-o", out, "--weights", file, "--arch", "random:x"}},
		{1, "predicts no BN statistics", []string{"-o", out, "--weights", bare}},
		{1, "there is no file nothing", []string{"-o", out, "--weights", "nothing"}},
		{1, "no-such-place", []string{"-o", out, "--weights", file, "--data", "no-such-place"}},
		{1, "not a directory", []string{"-o", filepath.Join(file, "c.onnx"), "--weights", file}},
		{1, "there is no onnxruntime-node in", []string{"check", "--weights", file, "--folder", dir}},
	}
	if runtime.GOOS == "linux" {
		cases = append(cases, struct {
			code int
			want string
			args []string
		}{1, "/dev/full was not written, what was there before is untouched: write /dev/full: no space left on device", []string{"-o", "/dev/full", "--format", "safetensors", "--weights", file}})
	}
	for _, c := range cases {
		code, said, errs := call(c.args...)
		if at := mistake.FindStringIndex(errs); at != nil { // behind how the data was read
			errs = errs[at[0]:]
		}
		if first := strings.Index(errs, "\n"); code != c.code || said != "" || !strings.Contains(errs, c.want) || first < 0 || strings.Count(errs, "\n") > 2 {
			t.Errorf("%q: exit %d, want %d and %q; %q %q", c.args, code, c.code, c.want, said, errs)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("written all the same: %v", left)
	}
}

// TestOutputIsNotInput: a child does not take the place of the weights that it is cut from.
func TestOutputIsNotInput(t *testing.T) {
	file := randomWeights(t, true)
	clitest.Untouched(t, command, file, func(out string) []string { return []string{"--weights", file, "-o", out} })
}
