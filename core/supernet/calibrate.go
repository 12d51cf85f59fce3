package supernet

import (
	"fmt"
	"iter"

	"bignas/core/arch"
)

// Calibrate measures the BN statistics of child a on training images (section
// 3.4): each batch x [n, r, r, 3] runs with its own statistics, and their
// exact pooled mean and variance over all batches are returned. r must be a's
// resolution. It fails when there is no batch.
func (w *WeightsOf[T]) Calibrate(a arch.Arch, batches iter.Seq2[[]T, int]) (*Statistics, error) {
	return w.calibrate(a, batches, nil)
}

// CalibrateActivations is Calibrate that also returns the means of activations.
func CalibrateActivations(w *Weights, a arch.Arch, batches iter.Seq2[[]float32, int]) (*Calibrated, error) {
	c := &Calibrated{Arch: a}
	images := 0
	var err error
	c.Statistics, err = w.calibrate(a, batches, func(ar *Arena[float32], t *Tape[float32]) {
		if c.Activations == nil {
			c.Activations = newActivations(t.Net)
		}
		images += t.N
		c.Activations.add(ar, t, float32(t.N))
	})
	if err != nil {
		return nil, err
	}
	c.Activations.scale(1 / float32(images))
	return c, nil
}

// calibrate is Calibrate; each, where not nil, sees every batch's tape.
func (w *WeightsOf[T]) calibrate(a arch.Arch, batches iter.Seq2[[]T, int], each func(*Arena[T], *Tape[T])) (*Statistics, error) {
	if err := w.check(a); err != nil {
		return nil, err
	}
	var ar Arena[T]
	var sum, square [][]float64 // of mean and of variance + mean^2, weighted by images
	for _, c := range BNChannels(a) {
		sum, square = append(sum, make([]float64, c)), append(square, make([]float64, c))
	}
	images := 0.0
	for x, n := range batches {
		t := w.ForwardBatch(&ar, a, x, n, BatchOptions{})
		for i, l := range t.norms() {
			for c, m := range l.Mean {
				sum[i][c] += float64(n) * float64(m)
				square[i][c] += float64(n) * (float64(l.Variance[c]) + float64(m)*float64(m))
			}
		}
		images += float64(n)
		if each != nil {
			each(&ar, t)
		}
		ar.Release([2]int{})
	}
	if images == 0 {
		return nil, fmt.Errorf("supernet: no images to calibrate %s on", a)
	}
	st := NewStatistics(a)
	for i := range sum {
		for c := range sum[i] {
			m := sum[i][c] / images
			st.Mean[i][c] = float32(m)
			st.Variance[i][c] = float32(max(0, square[i][c]/images-m*m))
		}
	}
	return st, nil
}
