//go:build !js

// Training runs natively; under js/wasm there is one path and this takes minutes.

package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// TestPathsAgree: one sandwich step of the nette space gives the same summed
// gradients with every kernel implementation as in float64, and the same bits
// when it is done again.
func TestPathsAgree(t *testing.T) {
	const n = 6
	space, _ := arch.Lookup("nette")
	r := rand.New(rand.NewPCG(1, 1))
	w64, _ := supernet.NewWeightsOf[float64](space, 10)
	w64.Init(r, false)
	w, _ := supernet.NewWeights(space, 10)
	supernet.Convert(w, w64)
	supernet.Convert(w64, w) // both hold what float32 can hold
	x64 := images(r, n, 96)
	x := make([]float32, len(x64))
	for i, v := range x64 {
		x[i] = float32(v)
		x64[i] = float64(x[i])
	}
	labels := []int{0, 1, 2, 3, 4, 5}
	cfg := Config{RandomChildren: 1, Distill: true}
	want := New(cfg, w64, nil)
	want.Gradients(Batch[float64]{Labels: labels, At: func(int) []float64 { return x64 }, MaxResolution: 96}, rand.New(rand.NewPCG(2, 2)))
	for _, name := range kernel.Implementations() {
		undo, err := kernel.Use(name)
		if err != nil {
			t.Fatal(err)
		}
		tr := New(cfg, w, nil)
		step := func() []float32 {
			tr.Gradients(Batch[float32]{Labels: labels, At: func(int) []float32 { return x }, MaxResolution: 96}, rand.New(rand.NewPCG(2, 2)))
			var all []float32
			for _, p := range tr.Gradient().Params {
				all = append(all, p.Data...)
			}
			return all
		}
		first, again := step(), step()
		undo()
		for i := range first {
			if math.Float32bits(first[i]) != math.Float32bits(again[i]) {
				t.Fatalf("%s: gradient %d is %v, then %v", name, i, first[i], again[i])
			}
		}
		at, worst := 0, 0.0
		for k, p := range want.Gradient().Params {
			dot, size := 0.0, 0.0
			for _, g := range p.Data {
				d := float64(first[at]) - g
				dot += d * d
				size += g * g
				at++
			}
			if size < 1e-12 {
				continue // zero but for rounding: nothing to compare
			}
			e := math.Sqrt(dot / size)
			worst = max(worst, e)
			if e > 1e-4 {
				t.Errorf("%s: gradient of %s is off by %.1e of its norm %.1e", name, want.Weights.Params[k].Name, e, math.Sqrt(size))
			}
		}
		t.Logf("%s: worst relative error of a tensor %.1e", name, worst)
	}
}
