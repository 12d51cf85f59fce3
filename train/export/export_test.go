package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/core/weights"
)

// engine opens random weights in dtype, BN scales and shifts random too.
func engine(t *testing.T, dtype weights.DType) *classify.Engine {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, 3)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	net.Init(r, false)
	for _, p := range net.Params {
		if !p.Decay {
			for i := range p.Data {
				p.Data[i] += float32(0.2 * r.NormFloat64())
			}
		}
	}
	file, err := weights.Marshal(&weights.Bundle{Net: net, Labels: []string{"ape", "bee", "cat"},
		Spec: preprocess.Spec{Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.2, 0.3, 0.4}, Crop: 0.875, Filter: preprocess.CatmullRom}}, dtype)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// cut takes a out with statistics calibrated on generated images.
func cut(t *testing.T, e *classify.Engine, a arch.Arch) (*Child, *supernet.Child) {
	t.Helper()
	st, err := trainer.Calibrate(e.Weights(), a, func(yield func([]float32, int) bool) {
		each := 3 * a.Resolution * a.Resolution
		x := make([]float32, 2*each)
		for i, im := range Images(2, a.Resolution) {
			e.Info().Preprocessing.Apply(x[i*each:][:each], im, a.Resolution)
		}
		yield(x, 2)
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Cut(e, a, st, Statistics{"calibrated", 2, "drawn"})
	if err != nil {
		t.Fatal(err)
	}
	slice, err := e.Weights().Child(a, st)
	if err != nil {
		t.Fatal(err)
	}
	return c, slice
}

func children(e *classify.Engine, random int) []arch.Arch {
	space, r := e.Info().Space, rand.New(rand.NewPCG(7, 8))
	all := []arch.Arch{space.Min()}
	for range random {
		a := space.Sample(r)
		a.Resolution = 96
		all = append(all, a)
	}
	return all
}

// TestCutEqualsSlice: before anything is written, the child taken out gives the
// logits of the slice to the bit.
func TestCutEqualsSlice(t *testing.T) {
	e := engine(t, weights.Float32)
	for _, a := range append(children(e, 3), e.Info().Space.Max()) {
		c, slice := cut(t, e, a)
		d, err := Same(c, slice, 2)
		if err != nil || !d.Bits || !d.OK() || d.Absolute != 0 {
			t.Errorf("%s: %+v, %v", a, d, err)
		}
	}
}

// TestFormats: every format, read back, is the slice: to the bit as tensors in
// float32, and in float16 where the weights were that before; within what is
// stated otherwise.
func TestFormats(t *testing.T) {
	for _, dtype := range []weights.DType{weights.Float32, weights.Float16} {
		e := engine(t, dtype)
		for _, a := range children(e, 1) {
			c, slice := cut(t, e, a)
			for _, o := range []Options{{}, {Half: true}, {Preprocess: true}, {Preprocess: true, FloatPixels: true, Half: true}, {Batch: 2}} {
				var all []Difference
				if !o.Preprocess {
					file, config, err := c.Safetensors("c.safetensors", o)
					if err != nil {
						t.Fatal(err)
					}
					read, err := ReadSafetensors(file)
					if err != nil {
						t.Fatal(err)
					}
					beside, err := ReadConfig(config)
					if err != nil || beside.File != "c.safetensors" || beside.Arch != a.String() || len(beside.Labels) != 3 || beside.Statistics.Images != 2 || len(beside.Tensors) != len(c.tensors()) || len(beside.Layers) == 0 {
						t.Errorf("config %+v, %v", beside, err)
					}
					files, err := c.Npy(o)
					if err != nil {
						t.Fatal(err)
					}
					loaded, err := ReadNpy(reader(files))
					if err != nil {
						t.Fatal(err)
					}
					for _, back := range []*Child{read, loaded} {
						d, err := Same(back, slice, 1)
						if err != nil {
							t.Fatal(err)
						}
						if want := !o.Half || dtype == weights.Float16; d.Bits != want {
							t.Errorf("%s, %s as %+v: same bits: %v, want %v", a, dtype, o, d.Bits, want)
						}
						all = append(all, d)
					}
				}
				if dtype == weights.Float32 {
					file, err := c.ONNX(o)
					if err != nil {
						t.Fatal(err)
					}
					d, err := SameONNX(file, slice, c.Config.Preprocessing, 1)
					if err != nil {
						t.Fatal(err)
					}
					if d.Images != max(1, o.Batch) || o.Batch > 0 && !bytes.Contains(file, []byte("input [2, 3, R, R]")) {
						t.Errorf("%+v: %d images, or its metadata say another batch", o, d.Images)
					}
					all = append(all, d)
				}
				for _, d := range all {
					if !d.OK() {
						t.Errorf("%s, %s as %+v: %+v", a, dtype, o, d)
					}
				}
			}
		}
	}
}

func reader(files map[string][]byte) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		return nil, fs.ErrNotExist
	}
}

// TestRefuses: what was written and then changed is refused by name, and so is a
// value that float16 cannot hold.
func TestRefuses(t *testing.T) {
	e := engine(t, weights.Float32)
	c, slice := cut(t, e, e.Info().Space.Min())
	files, err := c.Npy(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		want   string
		change func(files map[string][]byte, c *Config)
	}{
		{"file does not exist", func(f map[string][]byte, _ *Config) { delete(f, "head.conv.npy") }},
		{"head.conv is missing", func(_ map[string][]byte, c *Config) { drop(c, "head.conv") }},
		{"said to be in", func(_ map[string][]byte, c *Config) { c.Tensors[0].Shape = []int{1 << 40} }},
		{"want shape", func(_ map[string][]byte, c *Config) { c.Tensors[0].Shape[3]-- }},
		{`lies in "../x"`, func(_ map[string][]byte, c *Config) { c.Tensors[0].File = "../x" }},
		{"no tensor more", func(f map[string][]byte, c *Config) {
			f["more.npy"] = f["classifier.bias.npy"]
			c.Tensors = append(c.Tensors, TensorInfo{"more", []int{3}, "F32", "more.npy"})
		}},
		{"its config has 1000000 classes", func(_ map[string][]byte, c *Config) { c.Classes = 1000000 }},
		{"the child r128", func(_ map[string][]byte, c *Config) {
			c.Arch = strings.Replace(strings.Replace(c.Arch, "r96", "r128", 1), "-c8-", "-c16-", 1)
		}},
		{"format of its config", func(_ map[string][]byte, c *Config) { c.Format = "other" }},
	} {
		changed := maps.Clone(files)
		config, err := ReadConfig(files[ConfigName])
		if err != nil {
			t.Fatal(err)
		}
		x.change(changed, &config)
		if changed[ConfigName], err = json.Marshal(config); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadNpy(reader(changed)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", x.want, err)
		}
	}
	c.Net.Head.Weight.Data[7] = 1e9
	for _, write := range []func() error{
		func() error { _, _, err := c.Safetensors("c", Options{Half: true}); return err },
		func() error { _, err := c.Npy(Options{Half: true}); return err },
		func() error { _, err := c.ONNX(Options{Half: true}); return err },
	} {
		if err := write(); fault.Of(err) == nil || fault.Of(err).Code != CodeOverflow {
			t.Errorf("10^9 in float16: %v", err)
		}
	}
	for _, n := range []int{-1, MaxBatch + 1} {
		if _, err := c.ONNX(Options{Batch: n}); fault.Of(err) == nil || fault.Of(err).Code != CodeBatch {
			t.Errorf("a batch of %d: %v", n, err)
		}
	}
	if d, err := Same(c, slice, 1); err != nil || d.OK() || d.Bits {
		t.Errorf("a changed weight is not noticed: %+v, %v", d, err)
	}
	c.Net.Head.Weight.Data[7] = float32(math.NaN())
	if d, err := Same(c, slice, 1); err == nil && d.OK() {
		t.Errorf("NaN is not noticed: %+v", d)
	}
}

func drop(c *Config, name string) {
	for i, t := range c.Tensors {
		if t.Name == name {
			c.Tensors = append(c.Tensors[:i], c.Tensors[i+1:]...)
			return
		}
	}
}

// TestFolders: an earlier export is replaced, anything else is not, and nothing
// half written is left.
func TestFolders(t *testing.T) {
	e := engine(t, weights.Float32)
	c, _ := cut(t, e, e.Info().Space.Min())
	files, err := c.Npy(Options{})
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	dir := filepath.Join(top, "a", "child")
	for range 2 {
		if err := WriteFolder(dir, files); err != nil {
			t.Fatal(err)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != len(files) {
		t.Errorf("%d files, want %d", len(names), len(files))
	}
	if err := WriteFolder(top, files); fault.Of(err) == nil || fault.Of(err).Code != CodeFolder {
		t.Errorf("over something else: %v", err)
	}
	if err := WriteFolder(filepath.Join(dir, ConfigName), files); fault.Of(err) == nil {
		t.Errorf("over a file: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	data, config, err := c.Safetensors("c.safetensors", Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(top, "b", "c.safetensors")
	for range 2 {
		if err := WriteBeside(file, data, config); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(top, "b", "d.safetensors")
	if err := WriteBeside(other, data, config); fault.Of(err) == nil || !strings.Contains(err.Error(), "belongs to something else") {
		t.Errorf("beside another child: %v", err)
	}
	if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was written all the same: %v", err)
	}
}

// FuzzReadConfig: whatever a config.json says, reading a child that has it ends in
// one or in an error.
func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(`{"format": "bignas-child-1", "space": "nette", "arch": "min", "classes": 3, "tensors": [{"name": "classifier.bias", "shape": [3], "dtype": "F32", "file": "a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ReadNpy(func(name string) ([]byte, error) {
			if name == ConfigName {
				return text, nil
			}
			return []byte("\x93NUMPY\x01\x00"), nil
		})
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
