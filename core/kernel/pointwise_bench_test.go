package kernel

import (
	"fmt"
	"testing"
)

// trainingPointwise are pointwise layers [m, k, n] of training at 96 pixels,
// batch 64, and of inference at 224.
var trainingPointwise = [][3]int{
	{36864, 96, 24}, {36864, 24, 144}, {9216, 144, 40}, {9216, 40, 240}, {2304, 240, 80}, {2304, 480, 112},
	{576, 672, 192}, {576, 192, 1152}, {576, 320, 1280}, {3136, 144, 24}, {784, 40, 240}, {196, 112, 672}, {49, 1152, 320},
}

// BenchmarkPointwise compares every assembly on one thread.
func BenchmarkPointwise(b *testing.B) {
	setThreads(b, 1)
	for _, s := range trainingPointwise {
		m, k, n := s[0], s[1], s[2]
		x, y, w, dw := filled(m*k), filled(m*n), filled(k*n), filled(k*n)
		for _, name := range Implementations() {
			if name == "reference" || name == "portable" {
				continue
			}
			use(b, name)
			p := Pack(w, k, n, n, nil, nil)
			for _, op := range []struct {
				name string
				f    func()
			}{
				{"packed", func() { p.Apply(y, x, m, None, nil) }},
				{"forward", func() { Pointwise(y, x, m, k, n, w, n) }},
				{"input", func() { PointwiseGradInput(x, y, m, k, n, w, n, false) }},
				{"weight", func() { PointwiseGradWeight(dw, n, x, y, m, k, n) }},
			} {
				b.Run(fmt.Sprintf("%dx%dx%d/%s/%s", m, k, n, op.name, name), func(b *testing.B) {
					for b.Loop() {
						op.f()
					}
					b.ReportMetric(2*float64(m)*float64(k)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
