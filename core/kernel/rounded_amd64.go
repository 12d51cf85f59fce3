//go:build amd64 && !noasm

package kernel

// The operators of bfloat16.go. Their loops go over whole vectors; what is left is widened into
// one vector of scratch, for the loops of float32.

// whole returns how many of n elements are whole vectors.
func (asm *assembly) whole(n int) int { return n &^ (asm.Lanes - 1) }

// at returns the place of element i of a matrix in array a.
func (p periodic) at(a, i int) *float32 { return &(*p.buf)[a*p.period+i%p.period] }

// rest widens the rest of x into array a, and returns its beginning.
func (p periodic) rest(a int, x []BFloat16) *float32 {
	wide := p.of(a)
	for i, v := range x {
		wide[i] = v.float32()
	}
	return &wide[0]
}

func shorts(s []BFloat16, i int) *uint16 { return (*uint16)(&s[i]) }

func (asm *assembly) round(y []BFloat16, x []float32) {
	n := asm.whole(len(x))
	if y = y[:len(x)]; n > 0 {
		asm.Round(shorts(y, 0), &x[0], n)
	}
	for i, v := range x[n:] {
		y[n+i] = rounded(v)
	}
}

func (asm *assembly) widen(y []float32, x []BFloat16) {
	n := asm.whole(len(x))
	if y = y[:len(x)]; n > 0 {
		asm.Widen(&y[0], shorts(x, 0), n)
	}
	for i, v := range x[n:] {
		y[n+i] = v.float32()
	}
}

func (asm *assembly) roundMoments(sum, square []float64, y []BFloat16, x []float32, m, c int, origin []float32) {
	checkRows(m, c, x)
	p := newPeriodic(c, 4)
	defer p.release()
	p.set(2, origin[:c])
	for lo := 0; lo < m; lo += blockRows(c) {
		x, y := x[lo*c:min(lo+blockRows(c), m)*c], y[lo*c:min(lo+blockRows(c), m)*c]
		clear(p.of(0))
		clear(p.of(1))
		n := asm.whole(len(x))
		if n > 0 {
			asm.RoundMoments(p.ptr(0), p.ptr(1), shorts(y, 0), &x[0], p.ptr(2), n, p.bytes())
		}
		if n < len(x) {
			asm.round(y[n:], x[n:])
			asm.Moments(p.at(0, n), p.at(1, n), p.rest(3, y[n:]), p.at(2, n), len(x)-n, p.bytes())
		}
		gather(sum, p.of(0))
		gather(square, p.of(1))
	}
}

func (asm *assembly) scaleShiftActRounded(y []float32, x []BFloat16, m, c int, scale, shift []float32) {
	checkRows(m, c, y)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(0, scale[:c])
	p.set(1, shift[:c])
	x = x[:m*c]
	n := asm.whole(m * c)
	if n > 0 {
		asm.AffineRounded(&y[0], shorts(x, 0), p.ptr(0), p.ptr(1), n, p.bytes())
	}
	if n < m*c {
		asm.Affine[Swish](&y[n], p.rest(2, x[n:]), p.at(0, n), p.at(1, n), m*c-n, p.bytes())
	}
}

func (asm *assembly) actSlopeRounded(y, slope []float32, x []BFloat16, m, c int, scale, shift []float32) {
	checkRows(m, c, y, slope)
	p := newPeriodic(c, 3)
	defer p.release()
	p.set(0, scale[:c])
	p.set(1, shift[:c])
	x = x[:m*c]
	n := asm.whole(m * c)
	if n > 0 {
		asm.SlopeRounded(&y[0], &slope[0], shorts(x, 0), p.ptr(0), p.ptr(1), n, p.bytes())
	}
	if n < m*c {
		asm.SlopeSwish(&y[n], &slope[n], p.rest(2, x[n:]), p.at(0, n), p.at(1, n), m*c-n, p.bytes())
	}
}

func (asm *assembly) addGradRounded(sd, sdx []float64, dz []BFloat16, dy, slope []float32, x []BFloat16, m, c int, mean []float32) {
	checkRows(m, c, dy, slope)
	p := newPeriodic(c, 5)
	defer p.release()
	p.set(2, mean[:c])
	for lo := 0; lo < m; lo += blockRows(c) {
		at, to := lo*c, min(lo+blockRows(c), m)*c
		dz, dy, slope, x := dz[at:to], dy[at:to], slope[at:to], x[at:to]
		clear(p.of(0))
		clear(p.of(1))
		n := asm.whole(len(x))
		if n > 0 {
			asm.MultiplyRounded(shorts(dz, 0), p.ptr(0), p.ptr(1), &dy[0], &slope[0], shorts(x, 0), p.ptr(2), n, p.bytes())
		}
		if n < len(x) {
			for i := n; i < len(x); i++ {
				dz[i] = rounded(dy[i] * slope[i])
			}
			asm.GradientSums(p.at(0, n), p.at(1, n), p.rest(3, dz[n:]), p.rest(4, x[n:]), p.at(2, n), len(x)-n, p.bytes())
		}
		gather(sd, p.of(0))
		gather(sdx, p.of(1))
	}
}

func (asm *assembly) combineRounded(dx []float32, dz, x []BFloat16, m, c int, k, a, b []float32) {
	checkRows(m, c, dx)
	p := newPeriodic(c, 5)
	defer p.release()
	p.set(0, k[:c])
	p.set(1, a[:c])
	p.set(2, b[:c])
	dz, x = dz[:m*c], x[:m*c]
	n := asm.whole(m * c)
	if n > 0 {
		asm.CombineRounded(&dx[0], shorts(dz, 0), shorts(x, 0), p.ptr(0), p.ptr(1), p.ptr(2), n, p.bytes())
	}
	if n < m*c {
		asm.CombineColumns(&dx[n], p.rest(3, dz[n:]), p.rest(4, x[n:]), p.at(0, n), p.at(1, n), p.at(2, n), m*c-n, p.bytes())
	}
}
