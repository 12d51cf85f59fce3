package trainer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// BenchmarkBiggest reports images a second of forward and backward passes of
// the biggest nette child.
func BenchmarkBiggest(b *testing.B) {
	space, _ := arch.Lookup("nette")
	for _, s := range [][2]int{{96, 32}, {96, 64}, {160, 32}, {160, 64}} {
		b.Run(fmt.Sprintf("%d-%d", s[0], s[1]), func(b *testing.B) {
			n := s[1]
			w, _ := supernet.NewWeights(space, 10)
			w.Init(rand.New(rand.NewPCG(1, 1)), true)
			grad := w.Like()
			a := space.Max()
			a.Resolution = s[0]
			x := make([]float32, n*s[0]*s[0]*3)
			for i := range x {
				x[i] = rand.Float32()
			}
			var ar Arena[float32]
			d := make([]float32, n*10)
			for b.Loop() {
				ar.Release(Mark{})
				t := Forward(&ar, w, a, x, n, BatchOptions{})
				Softmax(d, t.Logits, n, 10)
				Backward(&ar, w, grad, t, d)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
