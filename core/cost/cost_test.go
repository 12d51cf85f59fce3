package cost

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"bignas/core/arch"
)

// TestByHand counts a network small enough to check on paper: 8x8 input, stem 2,
// one block 2 -> 4 (expanded) -> 4 with stride 2, SE and a transition shortcut,
// head 8, 3 classes.
func TestByHand(t *testing.T) {
	one := func(v int) []int { return []int{v} }
	s := &arch.Space{
		Name: "paper", Resolutions: one(8), Stem: one(2), Head: one(8),
		Stages:  []arch.Stage{{Name: "S1", Widths: one(4), Depths: one(1), Kernels: one(3), Expansions: one(2), Stride: 2, SE: true}},
		Squeeze: arch.SqueezeInput, Shortcuts: arch.ShortcutTransition,
	}
	want := []struct {
		name                   string
		kind                   Kind
		macs, params, act, liv int64
	}{
		{"stem", Stem, 9 * 3 * 2 * 16, 54 + 4, 32, 192 + 32},
		{"s1.0.expand", Expand, 2 * 4 * 16, 8 + 8, 64, 32 + 64},
		{"s1.0.depthwise", Depthwise, 9 * 4 * 4, 36 + 8, 16, 64 + 16 + 32},
		{"s1.0.se", SE, 2 * 4 * 1, 4 + 1 + 4 + 4, 5, 16 + 5 + 32},
		{"s1.0.project", Project, 4 * 4 * 4, 16 + 8, 16, 16 + 16 + 32},
		{"s1.0.shortcut", Shortcut, 2 * 4 * 4, 8, 16, 8 + 16 + 16},
		{"head", Head, 4 * 8 * 4, 32 + 16, 32, 16 + 32},
		{"classifier", Classifier, 8 * 3, 24 + 3, 3, 8 + 3},
	}
	r := ForClasses(s.Min(), 3)
	if len(r.Layers) != len(want) {
		t.Fatalf("%d layers, want %d: %+v", len(r.Layers), len(want), r.Layers)
	}
	for i, w := range want {
		l := r.Layers[i]
		if l.Name != w.name || l.Kind != w.kind || l.MACs != w.macs || l.Params != w.params || l.Activations != w.act || l.Live != w.liv {
			t.Errorf("layer %d is %+v, want %+v", i, l, w)
		}
	}
	if r.MACs != 1392 || r.Params != 238 || r.Bytes != 476 || r.Bytes32 != 952 || r.PeakActivations != 224 || r.Activations != 184 {
		t.Errorf("totals %+v", r)
	}
}

// TestEveryChildIsBetween checks sums, bounds and the step from one class count
// to another over random children of every space.
func TestEveryChildIsBetween(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range arch.Spaces() {
		s := space(t, name)
		lo, hi := Of(s.Min()), Of(s.Max())
		for range 200 {
			a := s.Sample(r)
			c := Of(a)
			if c.MACs < lo.MACs || c.MACs > hi.MACs || c.Params < lo.Params || c.Params > hi.Params || c.PeakActivations > hi.PeakActivations {
				t.Fatalf("%s %s: %d MACs, %d parameters are outside smallest..biggest", name, a, c.MACs, c.Params)
			}
			ten := ForClasses(a, 10)
			if d := int64(ImageNetClasses - 10); c.Params-ten.Params != d*int64(a.Head+1) || c.MACs-ten.MACs != d*int64(a.Head) {
				t.Fatalf("%s: the classifier of 10 classes saves %d parameters and %d MACs", a, c.Params-ten.Params, c.MACs-ten.MACs)
			}
			bare := Totals(a, 10)
			if bare.Arch, bare.Layers = ten.Arch, ten.Layers; !reflect.DeepEqual(bare, ten) {
				t.Fatalf("%s: totals alone are %+v, with layers %+v", a, bare, ten)
			}
			b := a.Clone()
			b.Resolution = s.Resolutions[0]
			if p := Of(b); p.Params != c.Params {
				t.Fatalf("%s: parameters depend on the resolution: %d and %d", a, p.Params, c.Params)
			}
		}
	}
}

// TestJSON keeps the report readable by the page: it survives JSON unchanged.
func TestJSON(t *testing.T) {
	want := Of(space(t, "nette").Max())
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v: got %+v, want %+v", err, got, want)
	}
}

func TestNoClasses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a classifier of 0 classes was counted")
		}
	}()
	ForClasses(space(t, "nette").Min(), 0)
}

func BenchmarkTotals(b *testing.B) {
	a := space(b, "bignas").Max()
	for b.Loop() {
		Totals(a, 1000)
	}
}

func BenchmarkOf(b *testing.B) {
	a := space(b, "bignas").Max()
	for b.Loop() {
		Of(a)
	}
}
