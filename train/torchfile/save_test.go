package torchfile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSave reads back what Save writes, with and without a dictionary around it.
func TestSave(t *testing.T) {
	values := func(to []float32) {
		for i := range to {
			to[i] = float32(i) - 0.3
		}
	}
	all := []Saved{{Name: "module.a.weight", Shape: []int{2, 3, 1, 1}, Floats: values}, {Name: "module.b.num_batches_tracked", Shape: []int{}, Ints: []int64{7}}, {Name: "module.c", Shape: []int{5}, Floats: values}}
	for _, key := range []string{"", "state_dict"} {
		path := filepath.Join(t.TempDir(), "x.pth")
		w, err := os.Create(path)
		if err == nil {
			err = Save(w, key, all)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := f.StateDict()
		if err != nil || len(got) != len(all) {
			t.Fatalf("%d tensors, %v", len(got), err)
		}
		for i, g := range got {
			s := all[i]
			if "module."+g.Name != s.Name || !slices.Equal(g.Shape, s.Shape) {
				t.Errorf("%s %v, want %s %v", g.Name, g.Shape, s.Name, s.Shape)
			}
			if s.Ints != nil {
				if n := make([]int64, 1); g.Ints(n) != nil || n[0] != 7 {
					t.Errorf("%s is %v", g.Name, n)
				}
				continue
			}
			have, want := make([]float32, s.len()), make([]float32, s.len())
			if values(want); g.Floats(have) != nil || !slices.Equal(have, want) {
				t.Errorf("%s is %v, want %v", g.Name, have, want)
			}
		}
	}
}
