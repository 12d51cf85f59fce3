package trainer

import (
	"fmt"
	"iter"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Calibrate measures the BN statistics of child a on training images (section 3.4). Each
// batch x [n, r, r, 3], with a's resolution r, runs with its own statistics, and the exact
// pooled mean and variance over all batches are returned. Without a batch it fails.
func Calibrate[T kernel.Float](w *supernet.WeightsOf[T], a arch.Arch, batches iter.Seq2[[]T, int]) (*supernet.Statistics, error) {
	return calibrate(w, a, batches, nil, nil)
}

// CalibrateTogether is Calibrate over the batches of several processes. sum replaces x by its
// sum over them; without a batch in any it fails.
func CalibrateTogether[T kernel.Float](w *supernet.WeightsOf[T], a arch.Arch, batches iter.Seq2[[]T, int], sum func(x []float64) error) (*supernet.Statistics, error) {
	return calibrate(w, a, batches, nil, sum)
}

// CalibrateActivations is Calibrate, and also returns the means of activations.
func CalibrateActivations(w *supernet.Weights, a arch.Arch, batches iter.Seq2[[]float32, int]) (*bnstats.Calibrated, error) {
	c := &bnstats.Calibrated{Arch: a}
	images := 0
	var err error
	c.Statistics, err = calibrate(w, a, batches, func(ar *Arena[float32], t *Tape[float32]) {
		if c.Activations == nil {
			c.Activations = newActivations(t.net)
		}
		images += t.n
		addActivations(c.Activations, ar, t, float32(t.n))
	}, nil)
	if err != nil {
		return nil, err
	}
	scaleActivations(c.Activations, 1/float32(images))
	return c, nil
}

// calibrate is Calibrate. each, where not nil, is called with the tape of each batch, and
// together is CalibrateTogether's sum.
func calibrate[T kernel.Float](w *supernet.WeightsOf[T], a arch.Arch, batches iter.Seq2[[]T, int], each func(*Arena[T], *Tape[T]), together func(x []float64) error) (*supernet.Statistics, error) {
	if err := w.Check(a); err != nil {
		return nil, err
	}
	ar := Arena[T]{forget: each == nil}
	layers := supernet.BNLayers(a)
	var sum, square [][]float64 // of mean and of variance + mean^2, weighted by images
	for _, l := range layers {
		sum, square = append(sum, make([]float64, l.Channels)), append(square, make([]float64, l.Channels))
	}
	images := 0.0
	for x, n := range batches {
		t := Forward(&ar, w, a, x, n, BatchOptions{})
		for i, l := range t.norms() {
			for c, m := range l.mean {
				sum[i][c] += float64(n) * float64(m)
				square[i][c] += float64(n) * (float64(l.variance[c]) + float64(m)*float64(m))
			}
		}
		images += float64(n)
		if each != nil {
			each(&ar, t)
		}
		ar.Release(Mark{})
	}
	if together != nil {
		n := []float64{images}
		for _, x := range append(append([][]float64{n}, sum...), square...) {
			if err := together(x); err != nil {
				return nil, err
			}
		}
		images = n[0]
	}
	if images == 0 {
		return nil, fmt.Errorf("trainer: no images to calibrate %s on", a)
	}
	st := supernet.NewStatistics(layers)
	for i := range sum {
		for c := range sum[i] {
			m := sum[i][c] / images
			st.Mean[i][c] = float32(m)
			st.Variance[i][c] = float32(max(0, square[i][c]/images-m*m))
		}
	}
	return st, nil
}

// newActivations allocates zeroed means for a child.
func newActivations(n arch.Network) *bnstats.Activations {
	act := &bnstats.Activations{First: make([]float32, n.Stem.Out)}
	for _, b := range n.Blocks {
		act.Expanded = append(act.Expanded, make([]float32, b.Mid))
		act.Gated = append(act.Gated, make([]float32, b.Mid))
	}
	return act
}

// scaleActivations multiplies all means by a factor.
func scaleActivations(act *bnstats.Activations, by float32) {
	for _, of := range append(append([][]float32{act.First}, act.Expanded...), act.Gated...) {
		for c := range of {
			of[c] *= by
		}
	}
}

// addActivations adds the means of one batch, multiplied by weight.
func addActivations(act *bnstats.Activations, ar *Arena[float32], t *Tape[float32], weight float32) {
	into := func(sum, x []float32) {
		rows := len(x) / len(sum)
		mean := make([]float32, len(sum))
		kernel.GlobalPool(mean, x, 1, rows, len(sum))
		for c, v := range mean {
			sum[c] += weight * v
		}
	}
	into(act.First, t.first.wide)
	for i := range t.blocks {
		b := &t.blocks[i]
		mark := ar.Mark()
		if b.block.Expand {
			out := ar.Alloc(b.expand.pre.len())
			b.expand.apply(out, 0, len(out)/b.block.Mid, b.block.Mid, supernet.Act(b.block.Act))
			into(act.Expanded[i], out)
		} else {
			into(act.Expanded[i], b.in.wide)
		}
		if b.block.Squeeze > 0 {
			gated := ar.Alloc(len(b.pool))
			for j, v := range b.pool {
				gated[j] = v * b.gate[j]
			}
			into(act.Gated[i], gated)
		} else {
			out := ar.Alloc(b.depthwise.pre.len())
			b.depthwise.apply(out, 0, len(out)/b.block.Mid, b.block.Mid, supernet.Act(b.block.Act))
			into(act.Gated[i], out)
		}
		ar.Release(mark)
	}
}
