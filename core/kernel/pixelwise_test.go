package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBatchStatsKeepsPrecision puts small deviations on a big mean, and an
// outlier in the first row, over a million rows.
func TestBatchStatsKeepsPrecision(t *testing.T) {
	const m, c = 1 << 20, 5
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float32, m*c)
	for i := range x {
		x[i] = 100 + float32(r.NormFloat64())
	}
	copy(x, []float32{100, 110, 90, 105, 95})
	got, want := [2][]float32{make([]float32, c), make([]float32, c)}, [2][]float32{make([]float32, c), make([]float32, c)}
	BatchStats(got[0], got[1], x, m, c)
	batchStatsGeneric(want[0], want[1], x, m, c)
	for i := range got {
		for j, v := range want[i] {
			if d := math.Abs(float64(got[i][j]/v - 1)); !(d < 2e-6) {
				t.Errorf("statistic %d of column %d is %v, want %v", i, j, got[i][j], v)
			}
		}
	}
}
