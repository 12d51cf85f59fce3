package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestNormInBands checks that a batch normalisation done in bands is the one of
// BatchStats, ScaleShiftAct and BatchNormGrad.
func TestNormInBands(t *testing.T) {
	const m, c, epsilon = 90, 7, 1e-3
	r := rand.New(rand.NewPCG(4, 4))
	random := func(n int) []float64 {
		s := make([]float64, n)
		for i := range s {
			s[i] = r.NormFloat64()
		}
		return s
	}
	x, dy, gamma, beta := random(m*c), random(m*c), random(c), random(c)
	y, slope := make([]float64, 30*c), make([]float64, 30*c)
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
	BatchStats(wantMean, wantVariance, x, m, c)
	NormScale(scale, shift, invstd, mean, variance, gamma, beta, epsilon)
	for i := range 3 {
		at := i * 30 * c
		ActSlope(y, slope, x[at:], 30, c, scale, shift, Swish)
		AddGrad(g, i, dx[at:], dy[at:], slope, x[at:], 30, mean)
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
