package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

func inspect(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = command(args, nil, &o, &e)
	return code, o.String(), e.String()
}

// The numbers are those of the paper's space, counted by hand elsewhere: 218 and
// 1,892 million MACs, 3.84 and 11.0 million parameters.
func TestCountsOfThePaper(t *testing.T) {
	for _, c := range []struct {
		arch         string
		macs, params float64 // millions
	}{{"min", 218, 3.84}, {"max", 1892, 11.0}} {
		code, out, errs := inspect("--space", "bignas", "--arch", c.arch, "--json")
		var got struct {
			Space, Arch  string
			MACs, Params float64
			Layers       []any
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || errs != "" {
			t.Fatalf("code %d, %q, %q, %v", code, out, errs, err)
		}
		if d := got.MACs/1e6 - c.macs; d > 0.5 || d < -0.5 {
			t.Errorf("%s: %v MACs", c.arch, got.MACs)
		}
		if d := got.Params/1e6 - c.params; d > 0.05 || d < -0.05 {
			t.Errorf("%s: %v parameters", c.arch, got.Params)
		}
		if strings.Count(out, "\n") != 1 || got.Layers != nil || got.Space != "bignas" || !strings.HasPrefix(got.Arch, "r") {
			t.Errorf("%s", out)
		}
	}
}

// --layers lists every layer, and they sum to the whole.
func TestLayers(t *testing.T) {
	_, out, _ := inspect("--arch", "min", "--classes", "10", "--layers", "--json")
	var got struct {
		MACs, Params int64
		Layers       []struct {
			Name         string
			MACs, Params int64
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var macs, params int64
	for _, l := range got.Layers {
		macs, params = macs+l.MACs, params+l.Params
	}
	if macs == 0 || macs != got.MACs || params != got.Params {
		t.Errorf("the layers sum to %d and %d, the whole is %d and %d", macs, params, got.MACs, got.Params)
	}
	code, text, _ := inspect("--arch", "min", "--layers")
	for _, l := range got.Layers {
		if !strings.Contains(text, " "+l.Name+" ") {
			t.Errorf("the table has no layer %s", l.Name)
		}
	}
	if code != 0 || !strings.Contains(text, "96 x 96 pixels, 1000 classes") {
		t.Errorf("code %d\n%s", code, text)
	}
}

func TestResolution(t *testing.T) {
	_, small, _ := inspect("--space", "bignas", "--arch", "max", "--resolution", "192", "--json")
	var got struct {
		Arch       string
		Resolution int
	}
	if err := json.Unmarshal([]byte(small), &got); err != nil || got.Resolution != 192 || !strings.HasPrefix(got.Arch, "r192-c40") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--space", "resnet"}, 1, `"resnet"`},
		{[]string{"--arch", "medium"}, 1, "use min, max or a text like r96-"},
		{[]string{"--resolution", "97"}, 1, "resolution is 97; the space nette allows 96, 128, 160, 192"},
		{[]string{"--resolution", "0"}, 1, "resolution is 0"},
		{[]string{"--classes", "0"}, 2, "--classes is 0"},
		{[]string{"--classes", "1000001"}, 2, "--classes is 1000001, allowed is 1 to 1000000"},
		{[]string{"--classes", "9223372036854775807"}, 2, "--classes is 9223372036854775807"},
		{[]string{"--arch"}, 2, "--arch"},
		{[]string{"extra"}, 2, "extra"},
	} {
		code, out, errs := inspect(c.args...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) || !strings.Contains(errs, "hint:") {
			t.Errorf("%q: code %d, stdout %q, stderr %q", c.args, code, out, errs)
		}
	}
}

// TestNames: a name is looked up in a weights file; a name without one, or of
// another space, is refused with what is known.
func TestNames(t *testing.T) {
	const small = "r128-c8-8x1k3-12x1k3-20x2k3-32x2k3-48x2k3-72x2k3-112x1k3-h320"
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, 2)
	if err != nil {
		t.Fatal(err)
	}
	data, err := weights.Marshal(&weights.Bundle{Net: net, Labels: []string{"a", "b"}, Spec: preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{classify.KeyFamily: `{"S": "` + small + `"}`}}, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := inspect("--arch", "S", "--weights", file, "--json")
	if code != 0 || !strings.Contains(out, small) {
		t.Errorf("S: exit %d, %q, %q", code, out, errs)
	}
	if code, out, _ := inspect("--arch", "random:1", "--json"); code != 0 || !strings.Contains(out, `"arch":"r`) {
		t.Errorf("random:1: exit %d, %q", code, out)
	}
	for want, args := range map[string][]string{
		`there is no child named "XS"; known: min, max, S`: {"--arch", "XS", "--weights", file},
		"no file nothing":             {"--arch", "S", "--weights", "nothing"},
		"of the space nette, not big": {"--arch", "S", "--weights", file, "--space", "bignas"},
		"want a seed":                 {"--arch", "random:"},
	} {
		if code, out, errs := inspect(args...); code != 1 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 2 {
			t.Errorf("%q: exit %d, want %q: %q %q", args, code, want, out, errs)
		}
	}
}
