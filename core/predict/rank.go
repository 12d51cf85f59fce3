package predict

import (
	"math"
	"sort"
)

// quality compares predicted with measured accuracies.
func quality(predicted, measured []float64) Quality {
	q := Quality{Children: len(measured), Spearman: Spearman(predicted, measured)}
	for i, m := range measured {
		d := math.Abs(predicted[i] - m)
		q.MeanError += d / float64(len(measured))
		q.Worst = max(q.Worst, d)
	}
	return q
}

// Spearman returns the rank correlation of two lists of equal length. Equal values have the
// mean of their ranks; where all values of a list are equal the result is 0.
func Spearman(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("predict: Spearman of lists of different lengths")
	}
	a, b := ranks(x), ranks(y)
	mean := float64(len(x)-1) / 2
	var ab, aa, bb float64
	for i := range a {
		p, q := a[i]-mean, b[i]-mean
		ab, aa, bb = ab+p*q, aa+p*p, bb+q*q
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// ranks returns the position of each value in ascending order, from 0.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return v[order[i]] < v[order[j]] })
	r := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for _, at := range order[i:j] {
			r[at] = float64(i+j-1) / 2
		}
		i = j
	}
	return r
}
