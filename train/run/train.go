package run

import (
	"context"
	"errors"
	"path/filepath"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/train/augment"
)

// Run trains until the last epoch or until ctx ends, saving a checkpoint before
// the first epoch and after every one. An epoch that ctx interrupts is lost: it
// is done again, the same, on resuming. A collapse is rolled back (Rollback).
func (s *Session) Run(ctx context.Context) error {
	if s.state.Epoch == 0 && s.state.Rollbacks == 0 {
		// Something to go back to; and a disk that is full is noticed now.
		if err := s.save(checkpointName); err != nil {
			return err
		}
	}
	loader := augment.NewLoader(s.Train, s.Config.Augment, Spec, s.Config.Seed, s.Config.Pass(), 0)
	defer loader.Close()
	for s.state.Epoch < s.Config.Epochs {
		err := s.oneEpoch(ctx, loader)
		var fell *collapse
		if errors.As(err, &fell) {
			err = s.rollBack(fell)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// oneEpoch trains and evaluates an epoch and saves what came out.
func (s *Session) oneEpoch(ctx context.Context, loader *augment.Loader) error {
	row, err := s.epoch(ctx, loader, s.state.Epoch)
	if err != nil {
		return err
	}
	next := s.state
	next.Epoch++
	next.learnt(row)
	evaluated := next.Epoch%s.Config.EvalEvery == 0 || next.Epoch == s.Config.Epochs
	if evaluated {
		if err := s.evaluate(&row); err != nil {
			return err
		}
	}
	if s.Epoch != nil {
		if err := s.Epoch(row); err != nil {
			return err
		}
	}
	s.state = next
	if score := row.Score(); evaluated && score > s.state.BestScore {
		s.state.BestScore, s.state.BestEpoch = score, s.state.Epoch
		if err := s.save(bestName); err != nil {
			return err
		}
	}
	return s.save(checkpointName)
}

// save writes the present state as a checkpoint.
func (s *Session) save(name string) error {
	return save(filepath.Join(s.Out, name), s.Trainer, s.text, s.state, s.Data)
}

// Score decides which checkpoint is kept as the best: the mean validation top-1
// of the children that were evaluated, 0 to 1.
func (r Row) Score() float64 {
	sum, n := 0.0, 0
	for _, v := range []float64{r.ValSmallest, r.ValMiddle, r.ValBiggest} {
		if v >= 0 {
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(max(1, n))
}

// watched is the children that an evaluation measures: smallest, middle and
// biggest, or only the one that is trained alone.
func (s *Session) watched(row *Row) map[*float64]arch.Arch {
	if s.alone != nil {
		return map[*float64]arch.Arch{&row.ValBiggest: *s.alone}
	}
	return map[*float64]arch.Arch{&row.ValSmallest: s.space.Min(), &row.ValMiddle: s.space.At(0.5), &row.ValBiggest: s.space.Max()}
}

func (s *Session) evaluate(row *Row) error {
	for out, a := range s.watched(row) {
		acc, err := CalibrateAndEvaluate(s.Best(), a, s.Train, s.Val, Spec, s.Config.CalibrationImages)
		if err != nil {
			return err
		}
		*out = acc.Top1
	}
	return nil
}

// finite tells whether every weight is a number.
func finite(w *supernet.Weights) bool {
	for _, p := range w.Params {
		for _, v := range p.Data {
			if v-v != 0 { // not a number, or infinite
				return false
			}
		}
	}
	return true
}
