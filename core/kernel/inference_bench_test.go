package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkInference runs the operators of one image at 224 pixels, every
// implementation on one thread.
func BenchmarkInference(b *testing.B) {
	setThreads(b, 1)
	for _, name := range Implementations() {
		use(b, name)
		for _, s := range [][3]int{{12544, 16, 72}, {3136, 96, 24}, {784, 144, 40}, {196, 480, 112}, {49, 192, 1152}, {1, 1280, 10}} {
			m, k, n := s[0], s[1], s[2]
			p, x, y := Pack(filled(k*n), k, n, n, nil, filled(n)), filled(m*k), filled(m*n)
			b.Run(fmt.Sprintf("%s/apply/%dx%dx%d", name, m, k, n), func(b *testing.B) {
				for b.Loop() {
					p.Apply(y, x, m, Swish, nil)
				}
				b.ReportMetric(2*float64(m)*float64(k)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		for _, s := range []DepthwiseShape{{1, 112, 112, 96, 3, 2}, {1, 28, 28, 240, 5, 1}, {1, 14, 14, 480, 3, 1}} {
			oh, ow := s.Out()
			w, bias, x, y := filled(s.K*s.K*s.C), filled(s.C), filled(s.H*s.W*s.C), make([]float32, oh*ow*s.C)
			b.Run(fmt.Sprintf("%s/depthwise/%v", name, s), func(b *testing.B) {
				for b.Loop() {
					DepthwiseAct(y, x, s, w, bias, Swish)
				}
				b.ReportMetric(2*float64(len(y)*s.K*s.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		x, y := filled(1<<16), make([]float32, 1<<16)
		b.Run(name+"/swish", func(b *testing.B) {
			for b.Loop() {
				Activate(y, x, Swish)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/element")
		})
	}
}
