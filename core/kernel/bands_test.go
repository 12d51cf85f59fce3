package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// batchNorm is a batch normalisation with its activation over [m, c], its rows cut
// into bands, each a part of its own, as training runs it.
type batchNorm struct {
	mean, variance, invstd, scale, shift []float64
	y, dx, dgamma, dbeta                 []float64
}

func batchNormInBands(x, dy, gamma, beta []float64, m, bands int, act Act, epsilon float64) *batchNorm {
	c := len(gamma)
	columns := func() []float64 { return make([]float64, c) }
	n := &batchNorm{columns(), columns(), columns(), columns(), columns(), make([]float64, m*c), make([]float64, m*c), columns(), columns()}
	each := func(f func(part, lo, hi int)) {
		for i := range bands {
			f(i, m*i/bands, m*(i+1)/bands)
		}
	}
	moments, sums := NewMoments[float64](bands, c), NewGradSums(bands, c)
	each(func(part, lo, hi int) { moments.Add(part, x[lo*c:hi*c], hi-lo) })
	moments.Result(n.mean, n.variance)
	NormScale(n.scale, n.shift, n.invstd, n.mean, n.variance, gamma, beta, epsilon)
	slope := make([]float64, m*c)
	each(func(part, lo, hi int) {
		ActSlope(n.y[lo*c:hi*c], slope[lo*c:hi*c], x[lo*c:hi*c], hi-lo, c, n.scale, n.shift, act)
		AddGrad(sums, part, n.dx[lo*c:hi*c], dy[lo*c:hi*c], slope[lo*c:hi*c], x[lo*c:hi*c], hi-lo, n.mean)
	})
	k, a, b := columns(), columns(), columns()
	Coefficients(sums, m, n.mean, n.invstd, gamma, k, a, b, n.dgamma, n.dbeta)
	each(func(_, lo, hi int) { Combine(n.dx[lo*c:hi*c], n.dx[lo*c:hi*c], x[lo*c:hi*c], hi-lo, c, k, a, b) })
	return n
}

// columnStatistics are the mean and the biased variance of column j of x [m, c],
// in two passes.
func columnStatistics[T Float](x []T, c, j int) (mean, variance float64) {
	m := float64(len(x) / c)
	for i := j; i < len(x); i += c {
		mean += float64(x[i]) / m
	}
	for i := j; i < len(x); i += c {
		d := float64(x[i]) - mean
		variance += d * d / m
	}
	return mean, variance
}

// TestNormInBands holds a batch normalisation that is done in bands to the
// formulas of the paper (arXiv 1502.03167, section 3), each column by itself.
func TestNormInBands(t *testing.T) {
	const m, c, epsilon = 90, 7, 1e-3
	r := rand.New(rand.NewPCG(4, 4))
	for _, act := range activations {
		x, dy, gamma, beta := numbers(r, m*c), numbers(r, m*c), numbers(r, c), numbers(r, c)
		n := batchNormInBands(x, dy, gamma, beta, m, 4, act, epsilon)
		for j := range c {
			mean, variance := columnStatistics(x, c, j)
			same(t, "mean", n.mean[j], mean)
			same(t, "variance", n.variance[j], variance)
			inv := 1 / math.Sqrt(variance+epsilon)
			var dgamma, dbeta float64
			for i := j; i < m*c; i += c {
				h := (x[i] - mean) * inv
				d := chained(dy[i], gamma[j]*h+beta[j], act)
				dgamma += d * h
				dbeta += d
			}
			same(t, "gradient of gamma", n.dgamma[j], dgamma)
			same(t, "gradient of beta", n.dbeta[j], dbeta)
			for i := j; i < m*c; i += c {
				h := (x[i] - mean) * inv
				d := chained(dy[i], gamma[j]*h+beta[j], act)
				same(t, "output", n.y[i], activation(gamma[j]*h+beta[j], act))
				same(t, "gradient of the input", n.dx[i], gamma[j]*inv*(d-dbeta/m-h*dgamma/m))
			}
		}
	}
}

func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= 1e-12*(1+math.Abs(want))) {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}

// TestMomentsKeepPrecision has small deviations from a big mean over a million
// rows, with an outlier in the first, in every implementation: sums in float32
// alone would lose the variance.
func TestMomentsKeepPrecision(t *testing.T) {
	const m, c, parts = 1 << 20, 5, 3
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float32, m*c)
	for i := range x {
		x[i] = 100 + float32(r.NormFloat64())
	}
	copy(x, []float32{100, 110, 90, 105, 95})
	for _, name := range Implementations() {
		use(t, name)
		s := NewMoments[float32](parts, c)
		for i := range parts {
			lo, hi := m*i/parts, m*(i+1)/parts
			s.Add(i, x[lo*c:hi*c], hi-lo)
		}
		mean, variance := make([]float32, c), make([]float32, c)
		s.Result(mean, variance)
		for j := range c {
			wantMean, wantVariance := columnStatistics(x, c, j)
			if math.Abs(float64(mean[j])/wantMean-1) > 2e-6 || math.Abs(float64(variance[j])/wantVariance-1) > 2e-6 {
				t.Errorf("%s: column %d has mean %v and variance %v, want %v and %v", name, j, mean[j], variance[j], wantMean, wantVariance)
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
