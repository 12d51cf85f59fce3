package published

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/preprocess"
	"bignas/core/weights"
	"bignas/train/config"
)

// TestFile: a file holds the weights to the bit, and a configuration that can be read.
func TestFile(t *testing.T) {
	for name, spec := range map[string]preprocess.Spec{"attentivenas": through, "ofa-mbv3": direct} {
		t.Run(name, func(t *testing.T) { file(t, name, spec) })
	}
}

func file(t *testing.T, name string, spec preprocess.Spec) {
	space, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	w := load(t, space, made(t, space, 2))
	var data bytes.Buffer
	if err := (Imported{Net: w, Labels: []string{"a", "b"}}).Write(&data); err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range b.Net.Params {
		for j, v := range p.Data {
			if math.Float32bits(v) != math.Float32bits(w.Params[i].Data[j]) {
				t.Fatalf("%s[%d] is %v, want %v", p.Name, j, v, w.Params[i].Data[j])
			}
		}
	}
	c, err := config.Parse(b.Metadata["training"], "")
	if err != nil || c.Space != name || b.Metadata["epochs"] != "0" || b.Spec != spec || (c.CalibrationImages == 2000) != (name == "ofa-mbv3") {
		t.Errorf("%+v, %v, %q, %+v", c, err, b.Metadata["epochs"], b.Spec)
	}
	if ids, ok := b.Metadata["class_ids"]; ok {
		t.Errorf("nobody knows the folders, and they are %s", ids)
	}
}

// TestFileByTensor: a file that is written a tensor at a time has the bytes of one whose supernet is
// in memory, and the tensors that it had when every import was that.
func TestFileByTensor(t *testing.T) {
	for name, want := range map[string]string{
		"attentivenas":  "0124c7f0d597194988c6fd98a7b5015cba8e226a9b56563bdf1ac8bf75f9634c",
		"ofa-mbv3":      "b3ac9a21adebcec8c4abb7fb736614548ad3a79ca7ae11d0f95d479b5bc683dc",
		"ofa-mbv3-w1.2": "74f001e86c9ae58aa9e237fd11798018849f7b4e2db24bbce1f8bfc55cd1f92c",
	} {
		space, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Match(space, made(t, space, 3))
		if err != nil {
			t.Fatal(err)
		}
		m := Imported{Net: c.Net, Read: c.Read, Classes: []string{"a", "b", "c"}, Labels: []string{"A", "B", "C"}}
		var file, whole bytes.Buffer
		if err := m.Write(&file); err != nil {
			t.Fatal(err)
		}
		m.Net, m.Read = values(t, c), nil
		if err := m.Write(&whole); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file.Bytes(), whole.Bytes()) {
			t.Errorf("%s: another file than from memory", name)
		}
		b, err := weights.Unmarshal(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Metadata[weights.DigestKey]; got != "sha256:"+want {
			t.Errorf("%s: the tensors have the digest %s, want %s", name, got, want)
		}
	}
}

// TestUnreadable: a value that no file may have, and an error of the checkpoint, end the import.
func TestUnreadable(t *testing.T) {
	for says, read := range map[string]func(to []float32) error{
		`value 1 of the tensor "stem.conv.bn.beta" is NaN`: func(to []float32) error { to[1] = float32(math.NaN()); return nil },
		"first_conv.bn.bias: gone":                         func([]float32) error { return errors.New("gone") },
	} {
		s, err := arch.Lookup("ofa-mbv3")
		if err != nil {
			t.Fatal(err)
		}
		all := made(t, s, 2)
		for i := range all {
			if all[i].Name == "first_conv.bn.bias" {
				all[i].Read = read
			}
		}
		c, err := Match(s, all)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Imported{Net: c.Net, Read: c.Read, Labels: []string{"A", "B"}}).Write(io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
}

// TestFamily: the published children cost what their authors say, in millions.
func TestFamily(t *testing.T) {
	macs := map[string]float64{"A0": 203.4, "A1": 279.2, "A2": 316.7, "A3": 356.5, "A4": 443.5, "A5": 490.5, "A6": 709.0}
	all := family("attentivenas")
	for name, want := range macs {
		a, err := space(t).Parse(all[name])
		if err != nil {
			t.Error(err)
			continue
		}
		if got := float64(cost.Of(a).MACs) / 1e6; math.Abs(got-want) > 0.05 || !strings.HasPrefix(all[name], "r") {
			t.Errorf("%s has %.2f million MACs, want %g", name, got, want)
		}
	}
	if len(all) != len(macs) || family("nette") != nil {
		t.Errorf("%d children, and %v of nette", len(all), family("nette"))
	}
	// https://github.com/mit-han-lab/once-for-all, README.md: millions of MACs and of parameters
	ofa, err := arch.Lookup("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]float64{"note8_lat@22ms": {67, 4.3}, "note8_lat@31ms": {101, 4.6}} {
		a, err := ofa.Parse(family("ofa-mbv3")[name])
		if err != nil {
			t.Error(err)
			continue
		}
		c := cost.Of(a)
		if m, p := float64(c.MACs)/1e6, float64(c.Params)/1e6; math.Abs(m-want[0]) > 0.55 || math.Abs(p-want[1]) > 0.051 {
			t.Errorf("%s has %.2f million MACs and %.3f million parameters, want %g", name, m, p, want)
		}
	}
}
