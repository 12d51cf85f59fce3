package predict

import (
	"math"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
)

// Codes of the errors of this package, all of type *fault.Error.
const (
	CodeFew   = "few_children"  // too few samples to fit or to test
	CodeFile  = "bad_predictor" // a predictor file that cannot be read
	CodeOther = "other_weights" // one of other weights
)

// folds of the cross-validation.
const folds = 5

// Fit fits a predictor to all but the last unseen samples, and measures its error
// on those. The ridge penalties are chosen by cross-validation on the fitted ones
// alone. Samples should be in random order. The error is a *fault.Error.
func Fit(s *arch.Space, source Source, samples []Sample, unseen int) (*Predictor, error) {
	n := len(samples) - unseen
	if n < 40 || unseen < 10 {
		return nil, fault.New(CodeFew, "measure more children; 300 to fit and 100 to test are enough",
			"there are %d measured children, %d of them to test on; at least 40 are needed to fit and 10 to test", len(samples), unseen)
	}
	sc := newScale(s, source.Classes)
	rows, targets := make([][]float64, n), make([]float64, n)
	for i, x := range samples[:n] {
		c := cost.Totals(x.Arch, source.Classes)
		rows[i], targets[i] = expand(inputs(x.Arch, c.MACs, c.Params, sc)), x.Accuracy
	}
	p := &Predictor{Space: s, Source: source, Fitted: n}
	p.Penalty, p.CrossValidated = choose(rows, targets, len(names(s)))
	all := newNormal(rows, targets, len(names(s)), nil)
	p.coefficients = all.solve(p.Penalty)
	p.Unseen = p.Test(samples[n:])
	return p, nil
}

// grid of the penalties that are tried; each list is ascending.
var grid = [3][]float64{{0.001, 0.01, 0.1, 1}, {0.001, 0.01, 0.1, 1, 10}, {1, 10, 100, 1000, 10000}}

// choose finds the penalties with the least squared error on the folds, one of
// the three after the other, twice round, and says how well they did.
func choose(rows [][]float64, targets []float64, linear int) ([3]float64, Quality) {
	var parts [folds]*normal
	for f := range parts {
		parts[f] = newNormal(rows, targets, linear, func(i int) bool { return i%folds != f })
	}
	predicted := make([]float64, len(rows))
	try := func(penalty [3]float64) float64 {
		sum := 0.0
		for f, part := range parts {
			w := part.solve(penalty)
			for i := f; i < len(rows); i += folds {
				predicted[i] = dot(w, rows[i])
				sum += (predicted[i] - targets[i]) * (predicted[i] - targets[i])
			}
		}
		return sum
	}
	best := [3]float64{0.01, 0.1, 100}
	least := try(best)
	tried := map[[3]float64]bool{best: true}
	for range 2 {
		for k := range best {
			for _, v := range grid[k] {
				at := best
				at[k] = v
				if tried[at] {
					continue
				}
				tried[at] = true
				if sum := try(at); sum < least {
					least, best = sum, at
				}
			}
		}
	}
	try(best)
	return best, quality(predicted, targets)
}

// normal is the normal equations of a least-squares fit.
type normal struct {
	n, linear int
	gram      []float64 // [n][n], lower triangle
	right     []float64
	mean      float64 // of the targets, which is taken off: the constant is not penalised
}

// newNormal sums the rows for which use, where not nil, says yes.
func newNormal(rows [][]float64, targets []float64, linear int, use func(int) bool) *normal {
	n := len(rows[0])
	e := &normal{n: n, linear: linear, gram: make([]float64, n*n), right: make([]float64, n)}
	count := 0
	for i, y := range targets {
		if use == nil || use(i) {
			e.mean += y
			count++
		}
	}
	e.mean /= float64(count)
	for i, r := range rows {
		if use != nil && !use(i) {
			continue
		}
		for a, x := range r {
			g := e.gram[a*n : a*n+a+1]
			for b := range g {
				g[b] += x * r[b]
			}
			e.right[a] += x * (targets[i] - e.mean)
		}
	}
	return e
}

// ridge is the penalty of term i: none for the constant, then by its kind.
func (e *normal) ridge(i int, penalty [3]float64) float64 {
	switch {
	case i == 0:
		return 1e-9
	case i <= e.linear:
		return penalty[0]
	}
	i -= 1 + e.linear
	for row := e.linear; row > 0 && i >= 0; row-- { // a row begins with its square
		if i == 0 {
			return penalty[1]
		}
		i -= row
	}
	return penalty[2]
}

// solve returns the coefficients with ridge penalties on the linear terms, the
// squares and the products.
func (e *normal) solve(penalty [3]float64) []float64 {
	n := e.n
	l := make([]float64, n*n) // Cholesky factor
	for i := range n {
		for j := 0; j <= i; j++ {
			s := e.gram[i*n+j]
			if i == j {
				s += e.ridge(i, penalty)
			}
			a, b := l[i*n:i*n+j], l[j*n:j*n+j]
			for k, x := range a {
				s -= x * b[k]
			}
			if i == j {
				l[i*n+i] = math.Sqrt(max(s, 1e-12))
			} else {
				l[i*n+j] = s / l[j*n+j]
			}
		}
	}
	w := append([]float64(nil), e.right...)
	for i := range n {
		for k, x := range l[i*n : i*n+i] {
			w[i] -= x * w[k]
		}
		w[i] /= l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			w[i] -= l[k*n+i] * w[k]
		}
		w[i] /= l[i*n+i]
	}
	w[0] += e.mean
	return w
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
