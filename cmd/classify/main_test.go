package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// folder is a temporary current folder with seeded random weights at the
// default place, a photograph and a text.
func folder(t *testing.T) (file, photo []byte) {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, 4)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 9))
	net.Init(r, true)
	for i := range net.Classifier.Data {
		net.Classifier.Data[i] = float32(r.NormFloat64())
	}
	file, err = weights.Marshal(&weights.Bundle{
		Net: net, Statistics: bnstats.NewModel(net), Labels: []string{"ape", "bee", "cat", "dog"},
		Spec: preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom},
	}, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	im := image.NewRGBA(image.Rect(0, 0, 200, 150))
	for i := range 200 * 150 {
		im.SetRGBA(i%200, i/200, color.RGBA{uint8(i % 200), uint8(i / 200), 90, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	photo = b.Bytes()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("assets", 0o700); err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{cli.DefaultWeights: file, "photo.jpg": photo, "letter.txt": []byte("Dear reader")} {
		if err := os.WriteFile(filepath.FromSlash(path), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, photo
}

func call(stdin string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = command(args, strings.NewReader(stdin), &o, &e)
	return code, o.String(), e.String()
}

// The command gives the answer of core/classify, by name and through standard input.
func TestJSON(t *testing.T) {
	file, photo := folder(t)
	engine, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := engine.OpenImage(photo)
	if err != nil {
		t.Fatal(err)
	}
	want, err := engine.Classify(p, engine.Info().Space.Min(), classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(string(photo), "--arch", "min", "--json", "--top=3", "photo.jpg", "-")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != 0 || errs != "" || len(lines) != 2 {
		t.Fatalf("code %d, %q, %q", code, out, errs)
	}
	for i, name := range []string{"photo.jpg", "-"} {
		var got answer
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		if got.File != name || got.Arch != want.Text || len(got.Top) != 3 || got.MS <= 0 || got.MACs != want.MACs {
			t.Errorf("%s", lines[i])
		}
		for j, s := range got.Top {
			if w := want.Top[j]; s.Label != w.Label || s.Index != w.Index || math.Abs(s.P-w.P) > 1e-12 {
				t.Errorf("top %d is %+v, want %+v", j, s, w)
			}
		}
	}
}

func TestText(t *testing.T) {
	folder(t)
	code, out, errs := call("", "--arch", "max", "photo.jpg")
	if code != 0 || errs != "" || !strings.HasPrefix(out, "photo.jpg\n  child r192-") || strings.Count(out, "%") != 4 {
		t.Errorf("code %d\n%s%s", code, out, errs)
	}
	_, inherited, _ := call("", "--arch", "min", "--inherited", "photo.jpg")
	if !strings.Contains(inherited, "child r96-") {
		t.Errorf("inherited:\n%s", inherited)
	}
}

func TestRefuses(t *testing.T) {
	file, _ := folder(t)
	if err := os.WriteFile("half.safetensors", file[:len(file)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"nothing.jpg"}, 1, []string{"there is no file nothing.jpg", "hint: check the name"}},
		{[]string{"letter.txt"}, 1, []string{"letter.txt: the file is text, not an image", "hint: choose an image"}},
		{[]string{"--arch", "r1", "photo.jpg"}, 1, []string{"hint: use min, max, random:SEED or"}},
		{[]string{"--weights", "half.safetensors", "photo.jpg"}, 1, []string{"half.safetensors: the weights file ends too early", "hint: copy or download"}},
		{[]string{"--weights", "no.safetensors", "photo.jpg"}, 1, []string{"no.safetensors", "hint: give --weights"}},
		{[]string{}, 2, []string{"<photo>", "hint: run classify --help"}},
		{[]string{"--top", "0", "photo.jpg"}, 2, []string{"--top is 0"}},
	} {
		code, out, errs := call("", c.args...)
		if code != c.code || out != "" {
			t.Errorf("%q: code %d, stdout %q", c.args, code, out)
		}
		for _, part := range c.says {
			if !strings.Contains(errs, part) {
				t.Errorf("%q: stderr %q does not say %q", c.args, errs, part)
			}
		}
	}
	// One bad image does not keep the other from its answer.
	code, out, errs := call("", "--arch=min", "letter.txt", "photo.jpg")
	if code != 1 || !strings.HasPrefix(out, "photo.jpg\n") || !strings.Contains(errs, "letter.txt") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
}

// TestOldWeights: a file whose header has no digest answers, and a line says what
// it lacks; one with a changed label and the digest does not.
func TestOldWeights(t *testing.T) {
	file, _ := folder(t)
	old := strings.Replace(strings.Replace(string(file), `"header_digest"`, `"header_remark"`, 1), `"version":"4"`, `"version":"3"`, 1)
	changed := strings.Replace(string(file), `\"ape\"`, `\"pea\"`, 1)
	for path, text := range map[string]string{"old": old, "changed": changed} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := call("", "--weights", "old", "photo.jpg")
	if code != 0 || out == "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "old: ") || !strings.Contains(errs, "train rewrite") {
		t.Errorf("an old file: %d, %q, %q", code, out, errs)
	}
	if code, out, errs := call("", "--weights", "changed", "photo.jpg"); code != 1 || out != "" || !strings.Contains(errs, "digest") {
		t.Errorf("a changed label: %d, %q, %q", code, out, errs)
	}
}

// TestDoubt: where predicted statistics are far off, a line says so.
func TestDoubt(t *testing.T) {
	file, _ := folder(t)
	for text, says := range map[string]string{`{"mean":0.131,"worst":0.24,"children":50}`: "those of 50 others were off by 13.1 points of top-1 in the mean, 24.0 at worst", `{"mean":0.01,"worst":0.02,"children":50}`: ""} {
		data, err := weights.WithClassifier(file, make([]float32, 640*2), make([]float32, 2), []string{"x", "y"}, func(m map[string]string) { m[classify.KeyDoubt] = text })
		if err == nil {
			err = os.WriteFile("w", data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		code, out, errs := call("", "--weights", "w", "photo.jpg")
		if code != 0 || out == "" || !strings.Contains(errs, says) || says == "" && errs != "" {
			t.Errorf("%s: %d, %q, %q", text, code, out, errs)
		}
	}
}
