package published

import (
	"bytes"
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
	w, err := Import(space(t), made(t, space(t), 3))
	if err != nil {
		t.Fatal(err)
	}
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
	if err != nil || len(tensors) != 1468 {
		t.Fatalf("%d tensors, want 1468; %v", len(tensors), err)
	}
	for _, x := range tensors {
		if strings.HasSuffix(x.Name, "bn_tracking.1.running_var") {
			v := make([]float32, x.Len())
			if err := x.Floats(v); err != nil || v[0] != 1 {
				t.Fatalf("%s is %v, %v", x.Name, v[0], err)
			}
		}
	}
	again, err := ImportFile(w.Space, path)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range w.Params {
		for j, v := range p.Data {
			if math.Float32bits(v) != math.Float32bits(again.Params[i].Data[j]) {
				t.Fatalf("%s[%d] is %v, was %v", p.Name, j, again.Params[i].Data[j], v)
			}
		}
	}
	nette, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	small, err := supernet.NewWeights(nette, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := Export(&b, small); err == nil || !strings.Contains(err.Error(), "no published code for the space nette") {
		t.Errorf("nette: %v", err)
	}
}
