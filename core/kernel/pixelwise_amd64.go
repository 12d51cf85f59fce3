//go:build amd64 && !noasm

package kernel

import "math/bits"

// passes is the loops of an implementation that pass once over [m, c].
type passes struct {
	// By activation.
	affine         [4]func(y, x, scale, shift *float32, n int, period int)
	affineAdd      [4]func(y, x, scale, shift, residual *float32, n int, period int)
	gradient       [4]func(dx, dy, x, scale, shift, k, a, b *float32, n int, period int)
	derivative     [4]func(dx, dy, x *float32, n int)
	reduceGradient [4]func(sumD, sumDX, dy, x, scale, shift, mean *float32, n int, period int)

	exponential                 func(y, x *float32, n int)
	fold                        func(scale, shift, gamma, beta, mean, variance *float32, n int, epsilon float64)
	slopeSwish                  func(y, slope, x, scale, shift *float32, n int, period int)
	multiplySums                func(dz, sumD, sumDX, dy, slope, x, mean *float32, n int, period int)
	moments                     func(sum, square, x, origin *float32, n int, period int)
	dotColumns                  func(sum, a, b *float32, n int, period int)
	sumColumns                  func(sum, x *float32, n int, period int)
	averagePairs                func(y, upper, lower *float32, n int, step int)
	spreadPairs, spreadPairsAdd func(dx, dy *float32, n int, step int)
}

// periodOf is the number of elements after which c columns repeat on a whole
// number of the widest vectors, at least 8 of them: running sums then do not
// wait for each other.
func periodOf(c int) int {
	p := c
	for p%16 != 0 {
		p *= 2
	}
	for p < 128 {
		p *= 2
	}
	return p
}

// spread lays src [c] out over a period.
func spread(dst, src []float32) {
	n := copy(dst, src)
	for n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
}

// periodic is a set of arrays of one period each, in one borrowed buffer.
type periodic struct {
	buf    *[]float32
	period int
}

func newPeriodic(c, arrays int) periodic {
	p := periodOf(c)
	return periodic{borrow(p * arrays), p}
}

func (p periodic) of(i int) []float32     { return (*p.buf)[i*p.period : (i+1)*p.period] }
func (p periodic) set(i int, v []float32) { spread(p.of(i), v) }
func (p periodic) ptr(i int) *float32     { return &(*p.buf)[i*p.period] }
func (p periodic) bytes() int             { return 4 * p.period }
func (p periodic) fill(i int, v float32)  { fill(p.of(i), v) }
func (p periodic) release()               { scratch.Put(p.buf) }
func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

// splitRows runs f over parts of m rows, each starting on a whole vector, on
// one thread where there is little to do. No part is empty.
func splitRows(m, c int, f func(lo, hi int)) {
	if m*c < 1<<14 {
		if m > 0 {
			f(0, m)
		}
		return
	}
	g := 16 >> min(bits.TrailingZeros(uint(c)), 4)
	Parallel((m+g-1)/g, func(lo, hi int) { f(lo*g, min(hi*g, m)) })
}

func checkRows(m, c int, least ...[]float32) {
	for _, s := range least {
		if len(s) < m*c {
			panic("kernel: a slice is shorter than rows times columns")
		}
	}
}

func (asm *assembly) scaleShiftAct(y, x []float32, m, c int, scale, shift []float32, act Act, residual []float32) {
	checkRows(m, c, y, x)
	p := newPeriodic(c, 2)
	defer p.release()
	p.set(0, scale[:c])
	p.set(1, shift[:c])
	splitRows(m, c, func(lo, hi int) {
		n := (hi - lo) * c
		if residual != nil {
			asm.affineAdd[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), &residual[lo*c], n, p.bytes())
		} else {
			asm.affine[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), n, p.bytes())
		}
	})
}

// blockRows is how many rows are summed in float32 before the sums go to float64.
func blockRows(c int) int { return max(1, 1<<17/c) }

// columnSums adds up arrays columns sums over rows: run adds rows [lo, hi) to
// the float32 sums of p, which start at zero; the totals are in float64, added
// in order.
func columnSums(m, c, arrays int, run func(p periodic, lo, hi int)) [][]float64 {
	t := 1
	if m*c >= 1<<14 {
		t = min(Threads(), m)
	}
	parts := make([][][]float64, t)
	Parallel(t, func(first, last int) {
		for part := first; part < last; part++ {
			p := newPeriodic(c, arrays)
			total := make([][]float64, arrays)
			for i := range total {
				total[i] = make([]float64, c)
			}
			lo, hi := m*part/t, m*(part+1)/t
			for from := lo; from < hi; from += blockRows(c) {
				clear(*p.buf)
				run(p, from, min(from+blockRows(c), hi))
				for i := range total {
					for sums := p.of(i); len(sums) > 0; sums = sums[c:] {
						for j, v := range sums[:c] {
							total[i][j] += float64(v)
						}
					}
				}
			}
			p.release()
			parts[part] = total
		}
	})
	for _, q := range parts[1:] {
		for i := range q {
			for j, v := range q[i] {
				parts[0][i][j] += v
			}
		}
	}
	return parts[0]
}

func (asm *assembly) batchStats(mean, variance, x []float32, m, c int) {
	checkRows(m, c, x)
	origin := newPeriodic(c, 1)
	defer origin.release()
	origin.set(0, x[:c])
	s := columnSums(m, c, 2, func(p periodic, lo, hi int) {
		asm.moments(p.ptr(0), p.ptr(1), &x[lo*c], origin.ptr(0), (hi-lo)*c, p.bytes())
	})
	for j := range c {
		d := s[0][j] / float64(m)
		mean[j] = float32(float64(x[j]) + d)
		variance[j] = float32(max(0, s[1][j]/float64(m)-d*d))
	}
}

func (asm *assembly) batchNormGrad(dx, dy, x []float32, m, c int, mean, invstd, gamma, beta []float32, act Act, dgamma, dbeta []float32) {
	checkRows(m, c, dx, dy, x)
	q := newPeriodic(c, 6)
	defer q.release()
	buf := borrow(3 * c)
	defer scratch.Put(buf)
	k, a, b := (*buf)[:c], (*buf)[c:2*c], (*buf)[2*c:]
	for j := range c {
		k[j] = gamma[j] * invstd[j]
		b[j] = beta[j] - mean[j]*k[j]
	}
	q.set(0, k)
	q.set(1, b)
	q.set(2, mean[:c])
	s := columnSums(m, c, 2, func(p periodic, lo, hi int) {
		asm.reduceGradient[act](p.ptr(0), p.ptr(1), &dy[lo*c], &x[lo*c], q.ptr(0), q.ptr(1), q.ptr(2), (hi-lo)*c, p.bytes())
	})
	for j := range c {
		sd, sdx := s[0][j], s[1][j]*float64(invstd[j])
		dbeta[j] += float32(sd)
		dgamma[j] += float32(sdx)
		kj, inv := float64(k[j]), float64(invstd[j])
		a[j] = float32(-kj * inv * sdx / float64(m))
		b[j] = float32(kj * (float64(mean[j])*inv*sdx - sd) / float64(m))
	}
	q.set(3, k)
	q.set(4, a)
	q.set(5, b)
	splitRows(m, c, func(lo, hi int) {
		asm.gradient[act](&dx[lo*c], &dy[lo*c], &x[lo*c], q.ptr(0), q.ptr(1), q.ptr(3), q.ptr(4), q.ptr(5), (hi-lo)*c, q.bytes())
	})
}

// flat runs f over parts of n elements, whole vectors each but for the last.
func flat(n int, f func(lo, hi int)) {
	if n == 0 {
		return
	}
	if n < 1<<14 {
		f(0, n)
		return
	}
	Parallel((n+15)/16, func(lo, hi int) { f(lo*16, min(hi*16, n)) })
}

// vectorBytes is one period for operators without columns.
const vectorBytes = 64

var (
	onesVector  = [16]float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	zerosVector [16]float32
)

func (asm *assembly) activate(y, x []float32, act Act) {
	flat(len(x), func(lo, hi int) {
		asm.affine[act](&y[lo], &x[lo], &onesVector[0], &zerosVector[0], hi-lo, vectorBytes)
	})
}

func (asm *assembly) activateGrad(dx, dy, x []float32, act Act) {
	if act == None {
		copy(dx[:len(x)], dy)
		return
	}
	flat(len(x), func(lo, hi int) { asm.derivative[act](&dx[lo], &dy[lo], &x[lo], hi-lo) })
}

func (asm *assembly) add(y, x []float32) {
	flat(len(x), func(lo, hi int) {
		asm.affineAdd[None](&y[lo], &y[lo], &onesVector[0], &zerosVector[0], &x[lo], hi-lo, vectorBytes)
	})
}

func (asm *assembly) addBias(y []float32, m, c int, bias []float32) {
	p := newPeriodic(c, 2)
	defer p.release()
	p.fill(0, 1)
	p.set(1, bias[:c])
	splitRows(m, c, func(lo, hi int) {
		asm.affine[None](&y[lo*c], &y[lo*c], p.ptr(0), p.ptr(1), (hi-lo)*c, p.bytes())
	})
}
