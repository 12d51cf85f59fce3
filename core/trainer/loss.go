package trainer

import (
	"math"

	"bignas/core/kernel"
)

// Softmax writes the softmax of each row of logits [n, classes] into p, which
// may be logits.
func Softmax[T kernel.Float](p, logits []T, n, classes int) {
	for i := range n {
		row, out := logits[i*classes:(i+1)*classes], p[i*classes:(i+1)*classes]
		top := row[0]
		for _, v := range row {
			top = max(top, v)
		}
		sum := 0.0
		for j, v := range row {
			e := math.Exp(float64(v - top))
			out[j], sum = T(e), sum+e
		}
		for j := range out {
			out[j] = T(float64(out[j]) / sum)
		}
	}
}

// LabelTargets writes the smoothed one-hot rows of labels into target
// [n, classes]: 1-smoothing on the label plus smoothing/classes everywhere.
func LabelTargets[T kernel.Float](target []T, labels []int, classes int, smoothing float64) {
	for i, l := range labels {
		row := target[i*classes : (i+1)*classes]
		for j := range row {
			row[j] = T(smoothing / float64(classes))
		}
		row[l] += T(1 - smoothing)
	}
}

// MixTargets moves the share 1-weight[i] of row i of target, as LabelTargets has written it,
// from labels[i] to mixed[i], the class of the image that was mixed in. These are the targets
// of mixup (Zhang et al., arXiv 1710.09412) and CutMix (Yun et al., arXiv 1905.04899). A nil
// mixed is for none.
func MixTargets[T kernel.Float](target []T, labels, mixed []int, weight []T, classes int, smoothing float64) {
	for i, other := range mixed {
		part := T(1-smoothing) * (1 - weight[i])
		target[i*classes+labels[i]] -= part
		target[i*classes+other] += part
	}
}

// SoftCrossEntropy returns the cross entropy of softmax(logits) and target, whose rows sum to
// one: labels or, for in-place distillation, a teacher's softmax. It is summed over classes
// and averaged over images; to average over classes too, a common mistake, would make it too
// small by their number. dlogits [n, classes] is set to scale times the gradient, which is
// (softmax - target)/n.
func SoftCrossEntropy[T kernel.Float](dlogits, logits, target []T, n, classes int, scale float64) (loss float64) {
	Softmax(dlogits, logits, n, classes)
	for i := range n {
		row := logits[i*classes : (i+1)*classes]
		top, sum := row[0], 0.0
		for _, v := range row {
			top = max(top, v)
		}
		for _, v := range row {
			sum += math.Exp(float64(v - top))
		}
		logSum := float64(top) + math.Log(sum)
		for j, v := range row {
			loss += float64(target[i*classes+j]) * (logSum - float64(v))
		}
	}
	f := T(scale / float64(n))
	for i, p := range dlogits[:n*classes] {
		dlogits[i] = f * (p - target[i])
	}
	return loss / float64(n)
}

// Correct counts the rows whose largest logit is the label's.
func Correct[T kernel.Float](logits []T, labels []int, classes int) int {
	correct := 0
	for i, l := range labels {
		row, best := logits[i*classes:(i+1)*classes], 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		if best == l {
			correct++
		}
	}
	return correct
}
