package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// trainingDepthwise are the depthwise layers of training at 96 pixels, batch 64.
var trainingDepthwise = []DepthwiseShape{
	{64, 48, 48, 24, 3, 1}, {64, 48, 48, 96, 3, 2}, {64, 24, 24, 144, 5, 1}, {64, 24, 24, 168, 5, 2},
	{64, 12, 12, 240, 3, 1}, {64, 6, 6, 480, 5, 1}, {64, 6, 6, 576, 5, 2}, {64, 3, 3, 816, 5, 1}, {64, 3, 3, 816, 3, 1},
}

func filled(n int) []float32 {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	s := make([]float32, n)
	for i := range s {
		s[i] = r.Float32() - 0.5
	}
	return s
}

// BenchmarkDepthwise reports the bytes of the two images, each counted once.
func BenchmarkDepthwise(b *testing.B) {
	for _, s := range trainingDepthwise {
		oh, ow := s.Out()
		in, out := s.N*s.H*s.W*s.C, s.N*oh*ow*s.C
		x, y, w, dw := filled(in), filled(out), filled(25*s.C), filled(25*s.C)
		for _, op := range []struct {
			name string
			f    func()
		}{
			{"forward", func() { Depthwise(y, x, s, w, s.K, s.C) }},
			{"input", func() { DepthwiseGradInput(x, y, s, w, s.K, s.C) }},
			{"weight", func() { DepthwiseGradWeight(dw, s.K, s.C, x, y, s) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d,k%d,s%d", op.name, s.H, s.W, s.C, s.K, s.Stride), func(b *testing.B) {
				b.SetBytes(int64(4 * (in + out)))
				for b.Loop() {
					op.f()
				}
				b.ReportMetric(2*float64(out*s.K*s.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
