package teach

import (
	"math"

	"bignas/core/arch"
	"bignas/core/cholesky"
	"bignas/core/kernel"
)

// The penalties, chosen by the measurements in docs/teach.md.
const (
	// shrink is the L2 penalty on the weights, relative to the mean square of the input.
	shrink = 0.001
	// agree is the weight of the mean squared difference between a child's logits and those
	// of the biggest child for the same image.
	agree = 1
)

// problem is the loss of a classifier w [widest+1, classes], row-major, with the
// bias in the last row: the weighted cross entropy of all children, and half of
// sum(w * (penalty w)).
type problem[T kernel.Float] struct {
	heads           []int // of the children, in channels
	widest, classes int
	labels          []int
	weight          []T   // of each image; they add up to 1
	pooled          [][]T // of each child, [images][head]
	penalty         []T   // [widest+1, widest+1]; nil for none
}

// newProblem returns the problem without its penalty. All classes have the same weight.
func newProblem(children []arch.Arch, classes int, s *Set) *problem[float32] {
	p := &problem[float32]{classes: classes, labels: s.Labels, pooled: s.Pooled}
	for _, a := range children {
		p.heads = append(p.heads, a.Head)
		p.widest = a.Space.Head[len(a.Space.Head)-1]
	}
	count, present := make([]int, classes), 0
	for _, l := range s.Labels {
		if count[l]++; count[l] == 1 {
			present++
		}
	}
	for _, l := range s.Labels {
		p.weight = append(p.weight, 1/float32(count[l]*present))
	}
	return p
}

// penalise adds the penalty and returns the inverse of a bound on the curvature of
// the whole loss, [widest+1, widest+1]: half the second moments of the input, for
// the cross entropy (Böhning, "Multinomial logistic regression algorithm", 1992),
// and the penalty.
func (p *problem[T]) penalise(between func()) []T {
	n := p.widest + 1
	moments, differ := make([]float64, n*n), make([]float64, n*n)
	for k, head := range p.heads {
		p.addMoments(moments, p.pooled[k], head, 1)
		between()
		if k == 0 {
			continue
		}
		rows := make([]T, 0, len(p.pooled[k]))
		for i, v := range p.pooled[k] {
			rows = append(rows, v-p.pooled[0][i/head*p.heads[0]+i%head])
		}
		p.addMoments(differ, rows, head, 0)
		between()
	}
	square := 0.0
	for j := range p.widest {
		square += moments[j*n+j]
	}
	share := 1 / float64(len(p.heads))
	others := 1 / float64(max(1, len(p.heads)-1))
	p.penalty = make([]T, n*n)
	for i := range moments {
		v := agree * others * differ[i]
		if i%(n+1) == 0 && i < n*n-1 {
			v += shrink * share * square / float64(p.widest)
		}
		p.penalty[i] = T(v)
		moments[i] = share*moments[i]/2 + v
	}
	moments[n*n-1] += 1e-6
	inverse := make([]T, n*n)
	factor := cholesky.Factor(moments, n)
	between()
	for i, v := range cholesky.Inverse(factor, n) {
		inverse[i] = T(v)
	}
	return inverse
}

// addMoments adds the weighted second moments of rows [images][head], each followed by a 1 for
// the bias, to sum [widest+1, widest+1].
func (p *problem[T]) addMoments(sum []float64, rows []T, head int, one float32) {
	images, n := len(p.labels), head+1
	x, across := make([]float32, images*n), make([]float32, n*images)
	for i := range images {
		root := float32(math.Sqrt(float64(p.weight[i])))
		row := x[i*n : (i+1)*n]
		for j, v := range rows[i*head : (i+1)*head] {
			row[j] = root * float32(v)
		}
		row[head] = root * one
		for j, v := range row {
			across[j*images+i] = v
		}
	}
	out := make([]float32, n*n)
	matrix := kernel.Pack(x, images, n, n, nil, nil) // the inference kernels: the browser's are fast
	matrix.Apply(out, across, n, kernel.None, nil)
	matrix.Release()
	at := func(i int) int {
		if i == head {
			return p.widest
		}
		return i
	}
	for i := range n {
		for j := range n {
			sum[at(i)*(p.widest+1)+at(j)] += float64(out[i*n+j])
		}
	}
}

// loss returns the mean cross entropy of the children, and the share of the images
// that each classifies correctly. Where grad, as big as w, is not nil, it is set to the
// gradient of the loss with its penalty.
func (p *problem[T]) loss(grad, w []T) (loss float64, correct []float64) {
	bias := p.widest * p.classes
	logits := make([]T, len(p.labels)*p.classes)
	if grad != nil {
		kernel.Pointwise(grad, p.penalty, p.widest+1, p.widest+1, p.classes, w, p.classes)
	}
	share := 1 / float64(len(p.heads))
	for k, head := range p.heads {
		kernel.Pointwise(logits, p.pooled[k], len(p.labels), head, p.classes, w, p.classes)
		kernel.AddBias(logits, len(p.labels), p.classes, w[bias:])
		right := 0
		for i, l := range p.labels {
			row := logits[i*p.classes : (i+1)*p.classes]
			best, total := 0, 0.0
			for j, v := range row {
				if v > row[best] {
					best = j
				}
			}
			top, own := row[best], row[l]
			for j, v := range row {
				e := math.Exp(float64(v - top))
				row[j], total = T(e), total+e
			}
			weight := float64(p.weight[i]) * share
			loss += weight * (math.Log(total) + float64(top-own))
			if best == l {
				right++
			}
			for j := range row {
				row[j] *= T(weight / total)
			}
			row[l] -= T(weight)
		}
		correct = append(correct, float64(right)/float64(len(p.labels)))
		if grad != nil {
			kernel.PointwiseGradWeight(grad, p.classes, p.pooled[k], logits, len(p.labels), head, p.classes)
			kernel.BiasGrad(grad[bias:], logits, len(p.labels), p.classes)
		}
	}
	return loss, correct
}
