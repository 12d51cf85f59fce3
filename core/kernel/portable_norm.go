//go:build !js

package kernel

// Batch normalisation in plain Go, row after row, columns shared between
// threads: the sums of a column go over its rows in order, in float64.

func batchStatsPortable(mean, variance, x []float32, m, c int) {
	parallelWork(2*m*c, c, func(lo, hi int) {
		sums, squares := make([]float64, hi-lo), make([]float64, hi-lo)
		for i := range m {
			for j, v := range x[i*c+lo : i*c+hi] {
				sums[j] += float64(v)
			}
		}
		for j := range sums {
			sums[j] /= float64(m)
		}
		for i := range m {
			for j, v := range x[i*c+lo : i*c+hi] {
				d := float64(v) - sums[j]
				squares[j] += float64(d * d)
			}
		}
		for j, s := range sums {
			mean[lo+j], variance[lo+j] = float32(s), float32(squares[j]/float64(m))
		}
	})
}

func batchNormGradPortable(dx, dy, x []float32, m, c int, mean, invstd, gamma, beta []float32, act Act, dgamma, dbeta []float32) {
	parallelWork(32*m*c, c, func(lo, hi int) {
		sg, sb := make([]float64, hi-lo), make([]float64, hi-lo)
		each := func(f func(at, j int, h, d float32)) {
			for i := range m {
				for j := lo; j < hi; j++ {
					at := i*c + j
					h := (x[at] - mean[j]) * invstd[j]
					f(at, j, h, chained(dy[at], float32(gamma[j]*h)+beta[j], act))
				}
			}
		}
		each(func(_, j int, h, d float32) {
			sg[j-lo] += float64(float32(d * h))
			sb[j-lo] += float64(d)
		})
		g, b := make([]float32, hi-lo), make([]float32, hi-lo)
		for j := range sg {
			dgamma[lo+j] += float32(sg[j])
			dbeta[lo+j] += float32(sb[j])
			g[j], b[j] = float32(sg[j]/float64(m)), float32(sb[j]/float64(m))
		}
		each(func(at, j int, h, d float32) {
			dx[at] = gamma[j] * invstd[j] * (d - b[j-lo] - float32(h*g[j-lo]))
		})
	})
}
