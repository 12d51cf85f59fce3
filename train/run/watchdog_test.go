package run

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bignas/train/atomicfile"
)

// TestRollback: a collapse goes back to the last checkpoint and, where that
// leads to another one, to the best; the rate is lowered each time; stopped after
// a rollback and resumed, the run ends with the same bytes.
func TestRollback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	poison := func(s *Run) {
		s.spoil = func(updates int) {
			if updates == 7 && s.state.LRFactor > 0.2 { // in epoch 4
				s.Trainer.Weights.Stem.Weight.Data[0] = float32(math.NaN())
			}
		}
	}
	var seen []Rollback
	var rows []Row
	straight := drawnRun(t, filepath.Join(dir, "straight"))
	poison(straight)
	straight.OnRollback = func(r Rollback) error { seen = append(seen, r); return nil }
	straight.OnEpoch = func(r Row) error { rows = append(rows, r); return nil }
	if err := straight.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 || seen[0].In != 4 || seen[0].To != 3 || seen[0].LRFactor != 0.5 || seen[1].To != 2 || seen[2].To != 2 || seen[2].LRFactor != 0.125 {
		t.Fatalf("rollbacks %+v", seen)
	}
	last := rows[len(rows)-1]
	if last.Rollbacks != 3 || last.LearningRate > 0.125*straight.Config.Rate().Rate(4) || rows[0].Rollbacks != 0 {
		t.Errorf("first row %+v, last %+v", rows[0], last)
	}
	if line := seen[0].String(); !strings.Contains(line, "epoch 4") || !strings.Contains(line, "not a number") || !strings.Contains(line, "0.5 times") {
		t.Errorf("the log says %q", line)
	}

	stopped := drawnRun(t, filepath.Join(dir, "stopped"))
	poison(stopped)
	enough := errors.New("stopped")
	stopped.OnRollback = func(Rollback) error { return enough }
	for err := enough; err != nil; {
		if err = stopped.Run(context.Background()); err != nil && err != enough {
			t.Fatal(err)
		}
		stopped = drawnRun(t, stopped.Out)
		poison(stopped)
		stopped.OnRollback = func(Rollback) error { return enough }
	}
	a, _ := os.ReadFile(filepath.Join(straight.Out, checkpointName))
	b, _ := os.ReadFile(filepath.Join(stopped.Out, checkpointName))
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("stopped after its rollbacks and resumed, the run ended with another checkpoint")
	}
}

// TestGivesUp: a run that always collapses ends with an error that says what to
// do, and its checkpoint is the last good one.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	s := drawnRun(t, t.TempDir())
	s.spoil = func(updates int) {
		if updates == 3 {
			s.Trainer.Weights.Stem.Weight.Data[0] = float32(math.Inf(1))
		}
	}
	err := s.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "gives up") || !strings.Contains(err.Error(), "lower lr") {
		t.Fatalf("ended with %v", err)
	}
	resumed := drawnRun(t, s.Out)
	if resumed.Done() != 1 || !finite(resumed.Trainer.Weights) || resumed.state.Rollbacks != s.Config.MaxRollbacks {
		t.Errorf("the checkpoint is of epoch %d after %d rollbacks", resumed.Done(), resumed.state.Rollbacks)
	}
}

// TestWatch: what is a collapse and what is not.
func TestWatch(t *testing.T) {
	before := state{GradNorm: 2, Correct: [2]float64{0.8, 0.5}}
	good := update{n: 64, gradNorm: 3, loss: [3]float64{1, 1, 1}, correct: [3]float64{48, 30, 30}}
	with := func(f func(*update)) update { u := good; f(&u); return u }
	repeat := func(u update, n int) (all []update) {
		for range n {
			all = append(all, u)
		}
		return all
	}
	spike := with(func(u *update) { u.gradNorm = 500 })
	for _, c := range []struct {
		name    string
		updates []update
		want    string // empty: no collapse
	}{
		{"usual", repeat(good, 40), ""},
		{"one spike", append(repeat(spike, 9), append(repeat(good, 1), repeat(spike, 9)...)...), ""},
		{"explosion", repeat(spike, 10), "gradient's norm"},
		{"no number in a random child", repeat(with(func(u *update) { u.loss[2] = math.NaN() }), 1), "random children"},
		{"infinite gradient", repeat(with(func(u *update) { u.gradNorm = math.Inf(1) }), 1), "gradient is not a number"},
		{"biggest at chance", repeat(with(func(u *update) { u.correct[0] = 7 }), 4), "biggest child classified 10.9 %"},
		{"smallest at chance", append(repeat(good, 9), repeat(with(func(u *update) { u.correct[1] = 6 }), 4)...), "smallest child"},
		{"three bad batches", append(repeat(good, 9), repeat(with(func(u *update) { u.correct[1] = 6 }), 3)...), ""},
		{"harder images", repeat(with(func(u *update) { u.correct = [3]float64{20, 14, 14} }), 40), ""},
	} {
		w := &watch{on: true, state: before, classes: 10}
		var err error
		for _, u := range c.updates {
			if err = w.step(u); err != nil {
				break
			}
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	fresh := &watch{on: true, state: newState(), classes: 10}
	for range 40 {
		if err := fresh.step(with(func(u *update) { u.gradNorm, u.correct = 1e4, [3]float64{6, 6, 6} })); err != nil {
			t.Errorf("a run that has learnt nothing yet: %v", err)
		}
	}
}

// fullDisk is a file on a disk with room for so many bytes.
type fullDisk struct {
	*os.File
	room int
}

func (f fullDisk) Write(b []byte) (int, error) {
	if len(b) > f.room {
		n, _ := f.File.Write(b[:f.room])
		return n, syscall.ENOSPC
	}
	return f.File.Write(b)
}

// TestDiskFull: the run ends with an error, the checkpoint from before is
// untouched, and nothing half written is left.
func TestDiskFull(t *testing.T) {
	old := atomicfile.Temp
	defer func() { atomicfile.Temp = old }()
	s := drawnRun(t, t.TempDir())
	path := filepath.Join(s.Out, checkpointName)
	var before []byte
	s.OnEpoch = func(Row) error {
		before, _ = os.ReadFile(path)
		atomicfile.Temp = func(dir, pattern string) (atomicfile.File, error) {
			f, err := os.CreateTemp(dir, pattern)
			return fullDisk{f, 1 << 20}, err
		}
		return nil
	}
	err := s.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("ended with %v", err)
	}
	if after, _ := os.ReadFile(path); len(before) == 0 || !bytes.Equal(before, after) {
		t.Error("the checkpoint from before has changed")
	}
	if files, _ := os.ReadDir(s.Out); len(files) != 1 {
		t.Errorf("left in the folder: %v", files)
	}
}
