//go:build amd64 && !noasm

package kernel

// Batch normalisation in bands.

func (asm *assembly) addMoments(sum, square []float64, x []float32, m, c int, origin []float32) {
	checkRows(m, c, x)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(2, origin[:c])
	for lo := 0; lo < m; lo += blockRows(c) {
		clear(p.of(0))
		clear(p.of(1))
		asm.Moments(p.ptr(0), p.ptr(1), &x[lo*c], p.ptr(2), (min(lo+blockRows(c), m)-lo)*c, p.bytes())
		gather(sum, p.of(0))
		gather(square, p.of(1))
	}
}

// actSlope has a loop of its own for swish, the usual activation after a batch normalisation here.
func (asm *assembly) actSlope(y, slope, x []float32, m, c int, scale, shift []float32, act Act) {
	if act != Swish {
		actSlopeReference(y, slope, x, m, c, scale, shift, act)
		return
	}
	checkRows(m, c, y, slope, x)
	p := newPeriodic(c, 2)
	defer p.release()
	p.set(0, scale[:c])
	p.set(1, shift[:c])
	asm.SlopeSwish(&y[0], &slope[0], &x[0], p.ptr(0), p.ptr(1), m*c, p.bytes())
}

func (asm *assembly) addGrad(sd, sdx []float64, dz, dy, slope, x []float32, m, c int, mean []float32) {
	checkRows(m, c, dz, dy, x)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(2, mean[:c])
	for lo := 0; lo < m; lo += blockRows(c) {
		at, n := lo*c, (min(lo+blockRows(c), m)-lo)*c
		clear(p.of(0))
		clear(p.of(1))
		if slope == nil {
			asm.GradientSums(p.ptr(0), p.ptr(1), &dy[at], &x[at], p.ptr(2), n, p.bytes())
		} else {
			checkRows(m, c, slope)
			asm.MultiplySums(&dz[at], p.ptr(0), p.ptr(1), &dy[at], &slope[at], &x[at], p.ptr(2), n, p.bytes())
		}
		gather(sd, p.of(0))
		gather(sdx, p.of(1))
	}
}

func (asm *assembly) combine(dx, dz, x []float32, m, c int, k, a, b []float32) {
	checkRows(m, c, dx, dz, x)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(0, k[:c])
	p.set(1, a[:c])
	p.set(2, b[:c])
	asm.CombineColumns(&dx[0], &dz[0], &x[0], p.ptr(0), p.ptr(1), p.ptr(2), m*c, p.bytes())
}

func (asm *assembly) exp(y, x []float32) {
	if len(x) > 0 {
		asm.Exponential(&y[:len(x)][0], &x[0], len(x))
	}
}

// foldNormalisation computes whole half vectors, and the rest in padded copies.
func (asm *assembly) foldNormalisation(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	n, half := len(scale), asm.Lanes/2
	shift, gamma, beta, mean, variance = shift[:n], gamma[:n], beta[:n], mean[:n], variance[:n]
	whole := n &^ (half - 1)
	if whole > 0 {
		asm.Fold(&scale[0], &shift[0], &gamma[0], &beta[0], &mean[0], &variance[0], whole, epsilon)
	}
	if whole == n {
		return
	}
	var in [4][8]float32
	var out [2][8]float32
	for i, s := range [][]float32{gamma, beta, mean, variance} {
		copy(in[i][:], s[whole:])
	}
	asm.Fold(&out[0][0], &out[1][0], &in[0][0], &in[1][0], &in[2][0], &in[3][0], half, epsilon)
	copy(scale[whole:], out[0][:])
	copy(shift[whole:], out[1][:])
}

// gather adds the sums of a period to the total of each column.
func gather(total []float64, sums []float32) {
	for c := len(total); len(sums) > 0; sums = sums[c:] {
		for j, v := range sums[:c] {
			total[j] += float64(v)
		}
	}
}
