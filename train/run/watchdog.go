package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"bignas/core/fault"
	"bignas/core/trainer"
	"bignas/train/config"
)

// state is what a checkpoint holds besides weights and optimiser.
type state struct {
	Epoch     int     `json:"epoch"` // epochs done
	BestScore float64 `json:"best_score"`
	BestEpoch int     `json:"best_epoch"` // 0 before the first evaluation

	Rollbacks int     `json:"rollbacks"` // in the whole run
	FellIn    int     `json:"fell_in"`   // the epoch, from 1, whose collapse was rolled back last
	LRFactor  float64 `json:"lr_factor"` // of the schedule's learning rate

	// What the watchdog compares with: the mean gradient norm of the last epoch, and the
	// largest share of training images that the biggest and the smallest child
	// classified correctly in an epoch.
	GradNorm float64    `json:"grad_norm"`
	Correct  [2]float64 `json:"right"`
}

func newState() state { return state{LRFactor: 1, BestScore: -1} }

// learnt records an epoch without a collapse.
func (s *state) learnt(r Row) {
	s.GradNorm = r.GradNorm
	s.Correct[0] = max(s.Correct[0], r.TrainBiggest)
	s.Correct[1] = max(s.Correct[1], r.TrainSmallest)
}

// What the watchdog takes for a collapse, besides NaN and infinity.
const (
	explodes      = 20  // gradient norm over the mean of the last epoch
	explodesSteps = 10  // in so many updates in a row
	fallWindow    = 256 // least number of training images that accuracy is taken over
	learntLift    = 0.2 // accuracy above chance, 0 to 1, from which on a child has learnt something
	fallenLift    = 0.1 // share of its best accuracy above chance at which it has lost that
)

// collapse is an epoch that must not become a checkpoint.
type collapse struct{ why string }

func (c *collapse) Error() string { return c.why }

// watch judges the updates of one epoch.
type watch struct {
	on      bool
	state   state
	classes int
	high    int // updates in a row with an exploding gradient
	window  []update
	n       int // images in the window
}

func newWatch(c config.Config, s state, classes int) *watch {
	return &watch{on: c.Watchdog, state: s, classes: classes}
}

// step judges an update. NaN and infinity are a collapse even with the watchdog off,
// because the weights cannot recover from them.
func (w *watch) step(u update) error {
	for i, loss := range u.loss {
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return &collapse{fmt.Sprintf("the loss of the %s is not a number", [3]string{"biggest child", "smallest child", "random children"}[i])}
		}
	}
	if math.IsNaN(u.gradNorm) || math.IsInf(u.gradNorm, 0) {
		return &collapse{"the gradient is not a number"}
	}
	if !w.on {
		return nil
	}
	if w.high++; w.state.GradNorm == 0 || u.gradNorm < explodes*w.state.GradNorm {
		w.high = 0
	}
	if w.high == explodesSteps {
		return &collapse{fmt.Sprintf("the gradient's norm, %.3g, was over %d times that of the epoch before, %.3g, in %d updates in a row", u.gradNorm, explodes, w.state.GradNorm, explodesSteps)}
	}
	w.window = append(w.window, u)
	w.n += u.n
	for len(w.window) > 1 && w.n-w.window[0].n >= fallWindow {
		w.n -= w.window[0].n
		w.window = w.window[1:]
	}
	if w.n < fallWindow {
		return nil
	}
	return w.fallen()
}

// fallen compares the accuracy in the window with that of the best epoch so far.
func (w *watch) fallen() error {
	chance := 1 / float64(w.classes)
	lift := func(accuracy float64) float64 { return (accuracy - chance) / (1 - chance) }
	for i, name := range []string{"biggest", "smallest"} {
		accuracy := 0.0
		for _, u := range w.window {
			accuracy += u.correct[i] / float64(w.n)
		}
		if best := lift(w.state.Correct[i]); best >= learntLift && lift(accuracy) <= fallenLift*best {
			return &collapse{fmt.Sprintf("the %s child classified %.1f %% of the last %d training images correctly, after %.1f %% in its best epoch; chance is %.1f %%",
				name, 100*accuracy, w.n, 100*w.state.Correct[i], 100*chance)}
		}
	}
	return nil
}

// end judges the weights at the end of an epoch, which its last update may have damaged.
func (w *watch) end(t *trainer.Trainer[float32]) error {
	for name, g := range groups(t) {
		if !finite(g) {
			return &collapse{"a value of the " + name + " is NaN or infinite"}
		}
	}
	return nil
}

// Rollback describes a collapse and where the run goes on.
type Rollback struct {
	Why      string  // what the collapse was
	In       int     // the epoch of the collapse, from 1
	To       int     // epochs done at the checkpoint that the run is rolled back to
	LRFactor float64 // of the configuration's learning rates from then on
	Count    int     // rollbacks so far
	OfAtMost int
}

// String formats the rollback as a line of a log.
func (r Rollback) String() string {
	return fmt.Sprintf("collapse in epoch %d: %s; back to the checkpoint after epoch %d, from here with %g times the learning rates (rollback %d of at most %d)",
		r.In, r.Why, r.To, r.LRFactor, r.Count, r.OfAtMost)
}

// rollBack restores the last checkpoint, or the best one where the last has led to a
// collapse in this epoch before. It lowers the learning rate for the rest of the run
// and saves that, so that a run that is killed then resumes in the same way.
func (r *Run) rollBack(ctx context.Context, c *collapse) error {
	in, cfg := r.state.Epoch+1, r.Config
	if !cfg.Watchdog {
		return fault.New("collapse", "resume with watchdog = true, or start anew with a lower lr or clip_norm", "collapse in epoch %d: %s", in, c.why)
	}
	if r.state.Rollbacks >= cfg.MaxRollbacks {
		return fault.New("collapse", "start anew with a lower lr, a longer warmup_epochs or a lower clip_norm", "collapse in epoch %d: %s; the run was rolled back %d times before, with %g times the learning rates at last, and gives up",
			in, c.why, r.state.Rollbacks, r.state.LRFactor)
	}
	from := checkpointName
	if r.state.FellIn == in && r.state.BestEpoch > 0 {
		from = bestName
	}
	before := r.state
	restored, err := load(ctx, r.group, filepath.Join(r.Out, from), r.Trainer, cfg)
	if err != nil {
		return fmt.Errorf("collapse in epoch %d: %s; rolling back: %w", in, c.why, err)
	}
	restored.Rollbacks, restored.FellIn, restored.LRFactor = before.Rollbacks+1, in, before.LRFactor*cfg.RollbackLR
	restored.BestScore, restored.BestEpoch = before.BestScore, before.BestEpoch
	r.state = restored
	if err := r.save(checkpointName); err != nil {
		return err
	}
	if r.OnRollback == nil {
		return nil
	}
	return r.OnRollback(Rollback{Why: c.why, In: in, To: r.state.Epoch, LRFactor: r.state.LRFactor, Count: r.state.Rollbacks, OfAtMost: cfg.MaxRollbacks})
}
