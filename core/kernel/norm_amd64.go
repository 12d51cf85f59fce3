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
		asm.moments(p.ptr(0), p.ptr(1), &x[lo*c], p.ptr(2), (min(lo+blockRows(c), m)-lo)*c, p.bytes())
		gather(sum, p.of(0))
		gather(square, p.of(1))
	}
}

func (asm *assembly) actGradSums(sd, sdx []float64, dz, dy, x []float32, m, c int, scale, shift, mean []float32, act Act) {
	checkRows(m, c, dz, dy, x)
	p := newPeriodic(c, 7)
	defer p.release()
	p.set(2, scale[:c])
	p.set(3, shift[:c])
	p.set(4, mean[:c])
	p.fill(5, 1)
	p.fill(6, 0)
	clear((*p.buf)[:2*p.period])
	rows := max(1, 4096/p.period) * p.period // a part of the first-level cache, whole periods
	for lo := 0; lo < m*c; lo += rows {
		n := min(rows, m*c-lo)
		if act != None || &dz[0] != &dy[0] {
			asm.gradient[act](&dz[lo], &dy[lo], &x[lo], p.ptr(2), p.ptr(3), p.ptr(5), p.ptr(6), p.ptr(6), n, p.bytes())
		}
		asm.reduceGradient[None](p.ptr(0), p.ptr(1), &dz[lo], &x[lo], p.ptr(2), p.ptr(3), p.ptr(4), n, p.bytes())
	}
	gather(sd, p.of(0))
	gather(sdx, p.of(1))
}

func (asm *assembly) combine(dx, dz, x []float32, m, c int, k, a, b []float32) {
	checkRows(m, c, dx, dz, x)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(0, k[:c])
	p.set(1, a[:c])
	p.set(2, b[:c])
	asm.gradient[None](&dx[0], &dz[0], &x[0], p.ptr(0), p.ptr(0), p.ptr(0), p.ptr(1), p.ptr(2), m*c, p.bytes())
}

// gather adds the sums of a period to the total of each column.
func gather(total []float64, sums []float32) {
	for c := len(total); len(sums) > 0; sums = sums[c:] {
		for j, v := range sums[:c] {
			total[j] += float64(v)
		}
	}
}
