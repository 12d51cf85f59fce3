package trainer

import (
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// BenchmarkSandwichStep reports images a second of whole sandwich steps of the
// nette space, batch 64, at two biggest resolutions.
func BenchmarkSandwichStep(b *testing.B) {
	space, _ := arch.Lookup("nette")
	for _, resolution := range []int{128, 192} {
		b.Run(map[int]string{128: "128", 192: "192"}[resolution], func(b *testing.B) {
			const n = 64
			w, _ := supernet.NewWeights(space, 10)
			w.Init(rand.New(rand.NewPCG(1, 1)), true)
			o, _ := NewOptimiser("sgd", 0.9, 0, 0, w)
			t := New(Config{RandomChildren: 2, Distill: true, EMA: 0.99}, w, o)
			x := map[int][]float32{}
			for _, r := range space.Resolutions {
				x[r] = make([]float32, n*r*r*3)
				for i := range x[r] {
					x[r][i] = rand.Float32()
				}
			}
			batch := Batch[float32]{Labels: make([]int, n), At: func(r int) []float32 { return x[r] }, MaxResolution: resolution}
			for i := 0; b.Loop(); i++ {
				t.Step(batch, 0.01, rand.New(rand.NewPCG(uint64(i), 1)))
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
