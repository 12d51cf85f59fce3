package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// bandChecks run the operators of bands on [m, c] cut in three, as two parts.
func bandChecks[T Float](m, k, c int) []check[T] {
	third := func(i int) int { return m * i / 3 }
	each := func(f func(part, lo, hi int)) {
		for i := range 3 {
			if third(i) < third(i+1) {
				f(i%2, third(i), third(i+1))
			}
		}
	}
	ws := c + 3
	wn := (k-1)*ws + c
	checks := []check[T]{
		{"Matrix", []int{m * k, wn}, []int{m * c}, func(in, out [][]T) {
			w := NewMatrix(in[1], k, c, ws)
			each(func(_, lo, hi int) { w.Times(out[0][lo*c:hi*c], in[0][lo*k:hi*k], hi-lo, false) })
			w.Release()
		}},
		{"AddGradWeight", []int{m * k, m * c}, []int{wn}, func(in, out [][]T) {
			each(func(_, lo, hi int) { AddGradWeight(out[0], ws, in[0][lo*k:hi*k], in[1][lo*c:hi*c], hi-lo, k, c) })
		}},
		{"Moments", []int{m * c}, []int{c, c}, func(in, out [][]T) {
			s := NewMoments[T](2, c)
			each(func(part, lo, hi int) { s.Add(part, in[0][lo*c:hi*c], hi-lo) })
			s.Result(out[0], out[1])
		}},
		{"Combine", []int{m * c, m * c, c, c, c}, []int{m * c}, func(in, out [][]T) {
			each(func(_, lo, hi int) {
				Combine(out[0][lo*c:hi*c], in[0][lo*c:hi*c], in[1][lo*c:hi*c], hi-lo, c, in[2], in[3], in[4])
			})
		}},
	}
	for _, accumulate := range []bool{false, true} {
		checks = append(checks, check[T]{fmt.Sprint("Matrix transposed, adding ", accumulate), []int{m * c, wn}, []int{m * k}, func(in, out [][]T) {
			w := NewTransposed(in[1], k, c, ws)
			each(func(_, lo, hi int) { w.Times(out[0][lo*k:hi*k], in[0][lo*c:hi*c], hi-lo, accumulate) })
			w.Release()
		}})
	}
	for _, act := range activations {
		checks = append(checks, check[T]{fmt.Sprint("ActGradSums act ", act), []int{m * c, m * c, c, c, c}, []int{m * c, c, c}, func(in, out [][]T) {
			s := NewGradSums(2, c)
			each(func(part, lo, hi int) {
				ActGradSums(s, part, out[0][lo*c:hi*c], in[0][lo*c:hi*c], in[1][lo*c:hi*c], hi-lo, c, in[2], in[3], in[4], act)
			})
			one := make([]T, c)
			for i := range one {
				one[i] = 1
			}
			var k, a, b [1000]T
			Coefficients(s, m, in[4], one, one, k[:c], a[:c], b[:c], out[1], out[2])
		}})
	}
	return checks
}

// TestBandConformance holds the operators of bands against float64.
func TestBandConformance(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	sizes := [][3]int{{1, 1, 1}, {3, 40, 16}, {200, 27, 8}, {130, 96, 24}, {64, 9, 130}, {700, 24, 72}, {36, 192, 640}}
	for range 10 {
		sizes = append(sizes, [3]int{1 + r.IntN(150), 1 + r.IntN(60), 1 + r.IntN(120)})
	}
	for _, s := range sizes {
		single, double := bandChecks[float32](s[0], s[1], s[2]), bandChecks[float64](s[0], s[1], s[2])
		for _, name := range Implementations() {
			use(t, name)
			for i, c := range single {
				c.name = fmt.Sprint(name, ": ", c.name, " ", s)
				got, want := c.outcome(t, uint64(i)), double[i].outcome(t, uint64(i))
				for o := range got {
					near(t, c.name, got[o], want[o])
				}
			}
		}
	}
}

// TestNormInBands checks that a batch normalisation done in bands is the one of
// BatchStats, ScaleShiftAct and BatchNormGrad.
func TestNormInBands(t *testing.T) {
	const m, c, epsilon = 90, 7, 1e-3
	r := rand.New(rand.NewPCG(4, 4))
	x, dy, gamma, beta := array(r, m*c, 0.0)[margin:], array(r, m*c, 0.0)[margin:], array(r, c, 0.0)[margin:], array(r, c, 0.0)[margin:]
	make1 := func() []float64 { return make([]float64, c) }
	mean, variance, invstd, scale, shift := make1(), make1(), make1(), make1(), make1()
	s := NewMoments[float64](3, c)
	g := NewGradSums(3, c)
	dx, want := make([]float64, m*c), make([]float64, m*c)
	for i := range 3 {
		s.Add(i, x[i*30*c:][:30*c], 30)
	}
	s.Result(mean, variance)
	wantMean, wantVariance := make1(), make1()
	BatchStats(wantMean, wantVariance, x[:m*c], m, c)
	NormScale(scale, shift, invstd, mean, variance, gamma[:c], beta[:c], epsilon)
	for i := range 3 {
		at := i * 30 * c
		ActGradSums(g, i, dx[at:], dy[at:], x[at:], 30, c, scale, shift, mean, Swish)
	}
	k, a, b, dgamma, dbeta, wantGamma, wantBeta := make1(), make1(), make1(), make1(), make1(), make1(), make1()
	Coefficients(g, m, mean, invstd, gamma, k, a, b, dgamma, dbeta)
	Combine(dx, dx, x, m, c, k, a, b)
	BatchNormGrad(want, dy, x, m, c, wantMean, invstd, gamma, beta, Swish, wantGamma, wantBeta)
	for _, p := range [][2][]float64{{mean, wantMean}, {variance, wantVariance}, {dx, want}, {dgamma, wantGamma}, {dbeta, wantBeta}} {
		for i := range p[0] {
			if d := p[0][i] - p[1][i]; d > 1e-12 || d < -1e-12 {
				t.Fatalf("element %d is %v, want %v", i, p[0][i], p[1][i])
			}
		}
	}
}

// TestBandsCover checks that every row is in one band, in whole grains.
func TestBandsCover(t *testing.T) {
	for _, th := range []int{1, 2, 3} {
		setThreads(t, th)
		for _, rows := range []int{1, 2, 17, 64, 1000, 9216} {
			for _, width := range []int{1, 72, 5000, 1 << 17} {
				for _, grain := range []int{1, 18} {
					b := NewBands(rows, width, grain)
					seen := make([]int, rows)
					b.Each(func(part, lo, hi int) {
						if part >= b.Parts || lo >= hi || hi-lo > b.Size || lo%grain != 0 {
							t.Errorf("%+v: band [%d,%d) of part %d", b, lo, hi, part)
						}
						for i := lo; i < hi; i++ {
							seen[i]++
						}
					})
					for i, n := range seen {
						if n != 1 {
							t.Fatalf("%+v: row %d is in %d bands", b, i, n)
						}
					}
				}
			}
		}
	}
}
