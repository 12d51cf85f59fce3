//go:build amd64 && !noasm

package kernel

import "math/bits"

// periodOf returns the number of elements after which c columns repeat on a whole number of
// the widest vectors. It is at least 8 vectors, so that running sums do not wait for each other.
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

// spread repeats src [c] over a period.
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

// splitRows runs f over parts of m rows, each of which starts on a whole vector, or on one
// thread where there is little to do. No part is empty.
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
			asm.AffineAdd[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), &residual[lo*c], n, p.bytes())
		} else {
			asm.Affine[act](&y[lo*c], &x[lo*c], p.ptr(0), p.ptr(1), n, p.bytes())
		}
	})
}

// blockRows is how many rows are summed in float32 before the sums go to float64.
func blockRows(c int) int { return max(1, 1<<17/c) }

// columnSums sums the columns of m rows: run adds rows [lo, hi) to the float32 sums of p, which
// start at zero; the totals are float64 and added in order.
func columnSums(m, c int, run func(p periodic, lo, hi int)) []float64 {
	t := 1
	if m*c >= 1<<14 {
		t = min(Threads(), m)
	}
	parts := make([][]float64, t)
	Parallel(t, func(first, last int) {
		for part := first; part < last; part++ {
			p := newPeriodic(c, 1)
			parts[part] = make([]float64, c)
			lo, hi := m*part/t, m*(part+1)/t
			for from := lo; from < hi; from += blockRows(c) {
				clear(p.of(0))
				run(p, from, min(from+blockRows(c), hi))
				gather(parts[part], p.of(0))
			}
			p.release()
		}
	})
	for _, q := range parts[1:] {
		for j, v := range q {
			parts[0][j] += v
		}
	}
	return parts[0]
}

// flat runs f over parts of n elements, each of whole vectors except the last.
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
		asm.Affine[act](&y[lo], &x[lo], &onesVector[0], &zerosVector[0], hi-lo, vectorBytes)
	})
}

func (asm *assembly) activateGrad(dx, dy, x []float32, act Act) {
	if act == None {
		copy(dx[:len(x)], dy)
		return
	}
	flat(len(x), func(lo, hi int) { asm.Derivative[act](&dx[lo], &dy[lo], &x[lo], hi-lo) })
}

func (asm *assembly) add(y, x []float32) {
	flat(len(x), func(lo, hi int) {
		asm.AffineAdd[None](&y[lo], &y[lo], &onesVector[0], &zerosVector[0], &x[lo], hi-lo, vectorBytes)
	})
}

func (asm *assembly) addBias(y []float32, m, c int, bias []float32) {
	p := newPeriodic(c, 2)
	defer p.release()
	p.fill(0, 1)
	p.set(1, bias[:c])
	splitRows(m, c, func(lo, hi int) {
		asm.Affine[None](&y[lo*c], &y[lo*c], p.ptr(0), p.ptr(1), (hi-lo)*c, p.bytes())
	})
}
