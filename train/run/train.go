package run

import (
	"context"
	"errors"
	"path/filepath"

	"bignas/core/supernet"
	"bignas/train/augment"
	"bignas/train/config"
	"bignas/train/measure"
)

// Run trains until the last epoch or until ctx ends, and saves a checkpoint before
// the first epoch and after each one. An epoch that ctx interrupts is lost; resuming
// repeats it with the same result. A collapse is rolled back (Rollback).
func (r *Run) Run(ctx context.Context) error {
	if err := r.align(ctx); err != nil {
		return err
	}
	if r.state.Epoch == 0 && r.state.Rollbacks == 0 {
		// To roll back to. A full disk is noticed now, too.
		if err := r.save(checkpointName); err != nil {
			return err
		}
	}
	loader := augment.NewLoader(r.Train, r.Config.Augment, config.Spec, r.Config.Seed, r.Config.Pass(), 0)
	defer loader.Close()
	loader.Restrict(r.share.own, r.share.mine(r.Config.Batch/r.Config.Pass()))
	for r.state.Epoch < r.Config.Epochs {
		err := r.oneEpoch(ctx, loader)
		var fell *collapse
		if errors.As(err, &fell) {
			err = r.rollBack(ctx, fell)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// oneEpoch trains an epoch, evaluates the result and saves it.
func (r *Run) oneEpoch(ctx context.Context, loader *augment.Loader) error {
	row, err := r.epoch(ctx, loader, r.state.Epoch)
	if err != nil {
		return err
	}
	if err := r.same(ctx); err != nil {
		return err
	}
	next := r.state
	next.Epoch++
	next.learnt(row)
	evaluated := next.Epoch%r.Config.EvalEvery == 0 || next.Epoch == r.Config.Epochs
	if evaluated {
		if err := r.evaluate(ctx, &row); err != nil {
			return err
		}
	}
	if r.OnEpoch != nil {
		if err := r.OnEpoch(row); err != nil {
			return err
		}
	}
	r.state = next
	if score := row.Score(); evaluated && score > r.state.BestScore {
		r.state.BestScore, r.state.BestEpoch = score, r.state.Epoch
		if err := r.save(bestName); err != nil {
			return err
		}
	}
	return r.save(checkpointName)
}

// save writes the current state as a checkpoint, on rank 0.
func (r *Run) save(name string) error {
	if r.group.Rank() != 0 {
		return nil
	}
	return save(filepath.Join(r.Out, name), r.Trainer, r.text, r.state, r.Data)
}

// Score is the mean validation top-1 of the children that were evaluated, 0 to 1. The
// checkpoint with the highest score is kept as the best.
func (r Row) Score() float64 {
	sum, n := 0.0, 0
	for _, v := range []float64{r.ValSmallest, r.ValMiddle, r.ValBiggest} {
		if v >= 0 {
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(max(1, n))
}

// evaluate measures the children that are watched, each rank on its part of the images.
func (r *Run) evaluate(ctx context.Context, row *Row) error {
	part := measure.Part{Rank: r.group.Rank(), Size: r.group.Size(), Sum: func(x []float64) error { return r.group.Sum(ctx, x) }}
	accuracies := []*float64{&row.ValSmallest, &row.ValMiddle, &row.ValBiggest}
	children := r.Config.Watched(r.Trainer.Weights.Space)
	for i, a := range children {
		acc, err := measure.CalibrateAndEvaluate(r.Best(), a, r.Train, r.Val, config.Spec, r.Config.CalibrationImages, part)
		if err != nil {
			return err
		}
		*accuracies[len(accuracies)-len(children)+i] = acc.Top1
	}
	return nil
}

// finite reports whether no weight is NaN or infinite.
func finite(w *supernet.Weights) bool {
	for _, p := range w.Params {
		for _, v := range p.Data {
			if v-v != 0 { // NaN or infinite
				return false
			}
		}
	}
	return true
}
