package run

import (
	"fmt"
	"math"
	"path/filepath"

	"bignas/core/fault"
	"bignas/core/trainer"
	"bignas/train/config"
)

// state is what a checkpoint keeps besides weights and optimiser.
type state struct {
	Epoch     int     `json:"epoch"` // done
	BestScore float64 `json:"best_score"`
	BestEpoch int     `json:"best_epoch"` // 0 before the first evaluation

	Rollbacks int     `json:"rollbacks"` // in the whole run
	FellIn    int     `json:"fell_in"`   // epoch, from 1, that the last rollback was for
	Factor    float64 `json:"lr_factor"` // of the schedule's learning rate

	// What the watchdog compares with: mean gradient norm of the last epoch, and
	// the greatest share of training images that the biggest and the smallest
	// child named right in an epoch.
	GradNorm float64    `json:"grad_norm"`
	Right    [2]float64 `json:"right"`
}

func newState() state { return state{Factor: 1, BestScore: -1} }

// learnt takes a good epoch in.
func (s *state) learnt(r Row) {
	s.GradNorm = r.GradNorm
	s.Right[0] = max(s.Right[0], r.TrainBiggest)
	s.Right[1] = max(s.Right[1], r.TrainSmallest)
}

// What the watchdog calls a collapse, besides numbers that are none.
const (
	explodes      = 20  // times the mean gradient norm of the last epoch,
	explodesSteps = 10  // in so many updates one after another
	fallWindow    = 256 // training images over which accuracy is watched, at least
	learntLift    = 0.2 // a child has learnt something: right beyond chance, 0 to 1
	fallenLift    = 0.1 // and lost it: this share of its best lift, or less
)

// collapse is an epoch that must not become a checkpoint.
type collapse struct{ why string }

func (c *collapse) Error() string { return c.why }

// watch looks at the updates of one epoch.
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

// step judges an update. What is not a number is fatal even with the watchdog
// off, because nothing can be learnt from there.
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

// fallen compares the window with the best epoch so far.
func (w *watch) fallen() error {
	chance := 1 / float64(w.classes)
	lift := func(right float64) float64 { return (right - chance) / (1 - chance) }
	for i, name := range []string{"biggest", "smallest"} {
		right := 0.0
		for _, u := range w.window {
			right += u.right[i] / float64(w.n)
		}
		if best := lift(w.state.Right[i]); best >= learntLift && lift(right) <= fallenLift*best {
			return &collapse{fmt.Sprintf("the %s child named %.1f %% of the last %d training images right, after %.1f %% in its best epoch; chance is %.1f %%",
				name, 100*right, w.n, 100*w.state.Right[i], 100*chance)}
		}
	}
	return nil
}

// end judges an epoch that is over: its last update may have spoilt the weights.
func (w *watch) end(t *trainer.Trainer[float32]) error {
	for name, g := range groups(t) {
		if !finite(g) {
			return &collapse{"a number of the " + name + " is none, or infinite"}
		}
	}
	return nil
}

// Rollback is what the watchdog did about a collapse.
type Rollback struct {
	Why      string  // what was seen
	In       int     // the epoch in which it was, from 1
	To       int     // whole epochs that are left
	Factor   float64 // of the configuration's learning rates from here on
	Count    int     // rollbacks so far
	OfAtMost int
}

// String is the line for the log.
func (r Rollback) String() string {
	return fmt.Sprintf("collapse in epoch %d: %s; back to the checkpoint after epoch %d, from here with %g times the learning rates (rollback %d of at most %d)",
		r.In, r.Why, r.To, r.Factor, r.Count, r.OfAtMost)
}

// rollBack restores the last checkpoint, or, where that led to a collapse in the
// same epoch before, the best one; lowers the learning rate for the rest of the
// run; and saves that, so that a run killed from here on goes on in the same way.
func (s *Session) rollBack(c *collapse) error {
	in, cfg := s.state.Epoch+1, s.Config
	if !cfg.Watchdog {
		return fault.New("collapse", "resume with watchdog = true, or start anew with a lower lr or clip_norm", "collapse in epoch %d: %s", in, c.why)
	}
	if s.state.Rollbacks >= cfg.MaxRollbacks {
		return fault.New("collapse", "start anew with a lower lr, a longer warmup_epochs or a lower clip_norm", "collapse in epoch %d: %s; the run was rolled back %d times before, with %g times the learning rates at last, and gives up",
			in, c.why, s.state.Rollbacks, s.state.Factor)
	}
	from := checkpointName
	if s.state.FellIn == in && s.state.BestEpoch > 0 {
		from = bestName
	}
	before := s.state
	restored, err := load(filepath.Join(s.Out, from), s.Trainer, cfg)
	if err != nil {
		return fmt.Errorf("collapse in epoch %d: %s; rolling back: %w", in, c.why, err)
	}
	restored.Rollbacks, restored.FellIn, restored.Factor = before.Rollbacks+1, in, before.Factor*cfg.RollbackLR
	restored.BestScore, restored.BestEpoch = before.BestScore, before.BestEpoch
	s.state = restored
	if err := s.save(checkpointName); err != nil {
		return err
	}
	if s.Rolled == nil {
		return nil
	}
	return s.Rolled(Rollback{Why: c.why, In: in, To: s.state.Epoch, Factor: s.state.Factor, Count: s.state.Rollbacks, OfAtMost: cfg.MaxRollbacks})
}
