package published

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/train/torchfile"
)

// TestExport: what is exported has the tensors of the published checkpoints, and imported again the
// same bits.
func TestExport(t *testing.T) {
	for name, tensors := range map[string]int{"attentivenas": 1468, "ofa-mbv3": 475, "ofa-mbv3-w1.2": 475} {
		t.Run(name, func(t *testing.T) { exported(t, name, tensors) })
	}
	nette, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	small, err := supernet.NewWeights(nette, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := Export(io.Discard, small); err == nil || !strings.Contains(err.Error(), "no published code for the space nette") {
		t.Errorf("nette: %v", err)
	}
}

func exported(t *testing.T, name string, want int) {
	space, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	w := load(t, space, made(t, space, 3))
	var b bytes.Buffer
	if err := Export(&b, w); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net.pth")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := torchfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensors, err := f.StateDict()
	if err != nil || len(tensors) != want {
		t.Fatalf("%d tensors, want %d; %v", len(tensors), want, err)
	}
	for _, x := range tensors {
		if strings.HasSuffix(x.Name, ".running_var") {
			v := make([]float32, x.Len())
			if err := x.Floats(v); err != nil || v[0] != 1 {
				t.Fatalf("%s is %v, %v", x.Name, v[0], err)
			}
		}
	}
	c, err := Open(w.Space, path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	again := values(t, c)
	for i, p := range w.Params {
		for j, v := range p.Data {
			if math.Float32bits(v) != math.Float32bits(again.Params[i].Data[j]) {
				t.Fatalf("%s[%d] is %v, was %v", p.Name, j, again.Params[i].Data[j], v)
			}
		}
	}
}
