package unknown

import (
	"math"
	"slices"

	"bignas/core/cholesky"
	"bignas/core/confidence"
)

// Method is a score of how known an image is, higher for known ones.
type Method struct {
	Name  string
	Score func(logits, pooled []float32) float64
}

// Methods returns the model's own score, first, and the published ones that it is compared with: maximum softmax probability (Hendrycks & Gimpel, arXiv
// 1610.02136), maximum logit (arXiv 1911.11132), energy (Liu et al., arXiv
// 2010.03759), and the Mahalanobis distance of the pooled activations to the
// nearest class mean, with one covariance for all (Lee et al., arXiv 1807.03888),
// with the means and the covariance of train.
func Methods(s confidence.Scale, train *Outputs) []Method {
	return []Method{
		{"outlier row", s.Score},
		{"maximum softmax", func(l, _ []float32) float64 { return s.Odds(l) }},
		{"maximum logit", func(l, _ []float32) float64 { return float64(slices.Max(l)) }},
		{"energy", func(l, _ []float32) float64 { return energy(l) }},
		{"Mahalanobis", mahalanobis(train)},
	}
}

func energy(logits []float32) float64 {
	best, sum := float64(slices.Max(logits)), 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - best)
	}
	return best + math.Log(sum)
}

func mahalanobis(train *Outputs) func(_, pooled []float32) float64 {
	n, classes := len(train.Pooled[0]), len(train.Logits[0])
	means, count := make([][]float64, classes), make([]float64, classes)
	for i, p := range train.Pooled {
		c := train.Labels[i]
		if means[c] == nil {
			means[c] = make([]float64, n)
		}
		for j, v := range p {
			means[c][j] += float64(v)
		}
		count[c]++
	}
	for c := range means {
		for j := range means[c] {
			means[c][j] /= count[c]
		}
	}
	away := func(p []float32, c int) []float64 {
		d := make([]float64, n)
		for j, v := range p {
			d[j] = float64(v) - means[c][j]
		}
		return d
	}
	covariance, trace := make([]float64, n*n), 0.0
	for i, p := range train.Pooled {
		d := away(p, train.Labels[i])
		for a, v := range d {
			for b := range a + 1 {
				covariance[a*n+b] += v * d[b] / float64(len(train.Pooled))
			}
		}
	}
	for a := range n {
		trace += covariance[a*n+a]
	}
	for a := range n { // with fewer images than channels it would be singular
		covariance[a*n+a] += 0.05 * trace / float64(n)
	}
	factor := cholesky.Factor(covariance, n)
	return func(_, pooled []float32) float64 {
		nearest := math.Inf(1)
		for c := range means {
			if means[c] == nil {
				continue
			}
			d := away(pooled, c)
			x := slices.Clone(d)
			cholesky.Solve(factor, n, x)
			sum := 0.0
			for j, v := range d {
				sum += v * x[j]
			}
			nearest = min(nearest, sum)
		}
		return -nearest
	}
}

// Scores returns the scores of all images.
func (s *Outputs) Scores(score func(logits, pooled []float32) float64) (all []float64) {
	for i, l := range s.Logits {
		all = append(all, score(l, s.Pooled[i]))
	}
	return all
}

// Threshold returns the threshold above which a share confidence.Kept of the scores is.
func Threshold(scores []float64) float64 {
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	return quantile(sorted, 1-confidence.Kept)
}

// Below returns the share of scores below the threshold.
func Below(scores []float64, threshold float64) float64 {
	n := 0
	for _, v := range scores {
		if v < threshold {
			n++
		}
	}
	return float64(n) / float64(len(scores))
}

// AUROC returns the probability that a known image has a higher score than an unknown one, with equal scores counted
// as half.
func AUROC(known, unknown []float64) float64 {
	sorted, sum := slices.Clone(known), 0.0
	slices.Sort(sorted)
	for _, v := range unknown {
		lower, _ := slices.BinarySearch(sorted, v)
		upper := lower
		for upper < len(sorted) && sorted[upper] == v {
			upper++
		}
		sum += float64(len(sorted)-upper) + float64(upper-lower)/2
	}
	return sum / float64(len(known)) / float64(len(unknown))
}

// Sure returns the mean of the largest probabilities.
func (s *Outputs) Sure() float64 {
	mean := 0.0
	for _, l := range s.Logits {
		best, sum := slices.Max(l), 0.0
		for _, v := range l {
			sum += math.Exp(float64(v) - float64(best))
		}
		mean += 1 / sum / float64(len(s.Logits))
	}
	return mean
}

// ECE returns the expected calibration error in 15 bins of equal width (Guo et al., arXiv 1706.04599): the mean
// difference between the largest probability at that temperature and the share of correct answers.
func ECE(s *Outputs, temperature float64) float64 {
	const bins = 15
	var gap [bins]float64
	for i, l := range s.Logits {
		best, sum := slices.Max(l), 0.0
		for _, v := range l {
			sum += math.Exp((float64(v) - float64(best)) / temperature)
		}
		p := 1 / sum
		b := min(int(p*bins), bins-1)
		gap[b] += p
		if slices.Index(l, best) == s.Labels[i] {
			gap[b]--
		}
	}
	sum := 0.0
	for _, g := range gap {
		sum += math.Abs(g)
	}
	return sum / float64(len(s.Logits))
}
