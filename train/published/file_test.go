package published

import (
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
	w, err := Import(space, made(t, space, 2))
	if err != nil {
		t.Fatal(err)
	}
	data, err := Imported{Net: w, Labels: []string{"a", "b"}}.File()
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data)
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
}
