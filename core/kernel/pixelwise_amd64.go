//go:build amd64 && !noasm

package kernel

import "math/bits"

// pixelwiseAVX512 fills in the operators that pass once over [m, c].
func pixelwiseAVX512(o *operators) {
	o.batchStats = batchStatsAVX512
	o.scaleShiftAct = scaleShiftActAVX512
	o.batchNormGrad = batchNormGradAVX512
	o.activate = activateAVX512
	o.activateGrad = activateGradAVX512
	o.add = addAVX512
	o.addBias = addBiasAVX512
	o.biasGrad = biasGradAVX512
	o.globalPool = globalPoolAVX512
	o.channelScale = channelScaleAVX512
	o.channelScaleReduce = channelScaleReduceAVX512
	o.channelScaleGrad = channelScaleGradAVX512
	o.avgPool2x2 = avgPool2x2AVX512
	o.avgPool2x2Grad = avgPool2x2GradAVX512
}

var (
	affine = [4]func(y, x, scale, shift *float32, n int, period int){
		None: affineNone, Swish: affineSwish, Sigmoid: affineSigmoid, ReLU: affineReLU}
	affineAdd = [4]func(y, x, scale, shift, residual *float32, n int, period int){
		None: affineNoneAdd, Swish: affineSwishAdd, Sigmoid: affineSigmoidAdd, ReLU: affineReLUAdd}
	gradient = [4]func(dx, dy, x, scale, shift, k, a, b *float32, n int, period int){
		None: gradientNone, Swish: gradientSwish, Sigmoid: gradientSigmoid, ReLU: gradientReLU}
	reduceGradient = [4]func(sumD, sumDX, dy, x, scale, shift, mean *float32, n int, period int){
		None: reduceGradientNone, Swish: reduceGradientSwish, Sigmoid: reduceGradientSigmoid, ReLU: reduceGradientReLU}
)

// periodOf is the number of elements after which c columns repeat on a whole
// number of vectors, at least 8 of them: running sums then do not wait for
// each other.
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

func scaleShiftActAVX512(y, x []float32, m, c int, scale, shift []float32, act Act, residual []float32) {
	checkRows(m, c, y, x)
	p := newPeriodic(c, 2)
	defer p.release()
	p.set(0, scale[:c])
	p.set(1, shift[:c])
	splitRows(m, c, func(lo, hi int) {
		n := (hi - lo) * c
		if residual != nil {
			affineAdd[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), &residual[lo*c], n, p.bytes())
		} else {
			affine[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), n, p.bytes())
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

func batchStatsAVX512(mean, variance, x []float32, m, c int) {
	checkRows(m, c, x)
	origin := newPeriodic(c, 1)
	defer origin.release()
	origin.set(0, x[:c])
	s := columnSums(m, c, 2, func(p periodic, lo, hi int) {
		moments(p.ptr(0), p.ptr(1), &x[lo*c], origin.ptr(0), (hi-lo)*c, p.bytes())
	})
	for j := range c {
		d := s[0][j] / float64(m)
		mean[j] = float32(float64(x[j]) + d)
		variance[j] = float32(max(0, s[1][j]/float64(m)-d*d))
	}
}

func batchNormGradAVX512(dx, dy, x []float32, m, c int, mean, invstd, gamma, beta []float32, act Act, dgamma, dbeta []float32) {
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
		reduceGradient[act](p.ptr(0), p.ptr(1), &dy[lo*c], &x[lo*c], q.ptr(0), q.ptr(1), q.ptr(2), (hi-lo)*c, p.bytes())
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
		gradient[act](&dx[lo*c], &dy[lo*c], &x[lo*c], q.ptr(0), q.ptr(1), q.ptr(3), q.ptr(4), q.ptr(5), (hi-lo)*c, q.bytes())
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

// vector is one period for operators without columns.
const vectorBytes = 64

var (
	onesVector  = [16]float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	zerosVector [16]float32
)

func activateAVX512(y, x []float32, act Act) {
	flat(len(x), func(lo, hi int) {
		affine[act](&y[lo], &x[lo], &onesVector[0], &zerosVector[0], hi-lo, vectorBytes)
	})
}

func activateGradAVX512(dx, dy, x []float32, act Act) {
	one, zero := &onesVector[0], &zerosVector[0]
	flat(len(x), func(lo, hi int) {
		gradient[act](&dx[lo], &dy[lo], &x[lo], one, zero, one, zero, zero, hi-lo, vectorBytes)
	})
}

func addAVX512(y, x []float32) {
	flat(len(x), func(lo, hi int) {
		affineNoneAdd(&y[lo], &y[lo], &onesVector[0], &zerosVector[0], &x[lo], hi-lo, vectorBytes)
	})
}

func addBiasAVX512(y []float32, m, c int, bias []float32) {
	p := newPeriodic(c, 2)
	defer p.release()
	p.fill(0, 1)
	p.set(1, bias[:c])
	splitRows(m, c, func(lo, hi int) {
		affineNone(&y[lo*c], &y[lo*c], p.ptr(0), p.ptr(1), (hi-lo)*c, p.bytes())
	})
}
