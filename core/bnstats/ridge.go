package bnstats

import "bignas/core/cholesky"

// ridge is the weight of the penalty on all coefficients but the first, the intercept. It
// keeps coefficients small that few children determine.
const ridge = 0.3

// fitRidge fits linear functions of features to targets, out [channels][features]. rows[i] are
// the features of child i, targets[i] its values, of which a narrow child has fewer. It
// returns the first channel that no child has, or -1.
func fitRidge(out []float32, rows [][]float64, targets [][]float32, channels int) (missing int) {
	for c := 0; c < channels; {
		// Channels that the same children have are solved together.
		var use []int
		end := channels
		for i := range rows {
			if n := len(targets[i]); n > c {
				use, end = append(use, i), min(end, n)
			}
		}
		if len(use) == 0 {
			return c
		}
		n := len(rows[0])
		normal := make([]float64, n*n)
		for _, i := range use {
			for a, x := range rows[i] {
				for b, y := range rows[i] {
					normal[a*n+b] += x * y
				}
			}
		}
		for a := range n {
			normal[a*n+a] += ridge
		}
		normal[0] -= ridge - 1e-6
		l := cholesky.Factor(normal, n)
		rhs := make([]float64, n)
		for ; c < end; c++ {
			clear(rhs)
			for _, i := range use {
				for a, x := range rows[i] {
					rhs[a] += x * float64(targets[i][c])
				}
			}
			cholesky.Solve(l, n, rhs)
			for a, v := range rhs {
				out[c*n+a] = float32(v)
			}
		}
	}
	return -1
}

// fitShared is fitRidge for channels that depend on the features in a similar way. The mean
// of the coefficients of the channels that all children have is subtracted first, so that
// the penalty pulls channels that few children have towards it and not towards zero.
func fitShared(out []float32, rows [][]float64, targets [][]float32, channels int) (missing int) {
	n, everywhere := len(rows[0]), channels
	for _, t := range targets {
		everywhere = min(everywhere, len(t))
	}
	first := make([]float32, everywhere*n)
	if missing := fitRidge(first, rows, targets, everywhere); missing >= 0 {
		return missing
	}
	shared := make([]float64, n)
	for c := range everywhere {
		for a := 1; a < n; a++ { // not the intercept
			shared[a] += float64(first[c*n+a]) / float64(everywhere)
		}
	}
	rest := make([][]float32, len(targets))
	for i, t := range targets {
		common := 0.0
		for a, x := range rows[i] {
			common += x * shared[a]
		}
		for _, v := range t[:min(len(t), channels)] {
			rest[i] = append(rest[i], float32(float64(v)-common))
		}
	}
	missing = fitRidge(out, rows, rest, channels)
	for i := range out {
		out[i] += float32(shared[i%n])
	}
	return missing
}
