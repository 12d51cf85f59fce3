package run

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/group"
	"bignas/train/group/grouptest"
)

const groupRecipe = `
space = "nette"
seed = 3
side = 24
epochs = 2
lr = 0.02
optimiser = "sgd"
ema = 0.9
warmup_epochs = 1.0
dropout = 0.2
drop_connect = 0.2
random_children = 1
calibration_images = 4
eval_every = 2
[[phase]]
until = 5
resolution = 96
`

func groupConfig(t *testing.T, more string) config.Config {
	t.Helper()
	if !strings.Contains(more, "train_images") {
		more += "train_images = 18\nbatch = 8\n"
	}
	c, err := config.Parse(more+groupRecipe, "group")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ranked trains in a folder on so many ranks, and returns rank 0's run. change, where not nil,
// is called with each run before it begins.
func ranked(t *testing.T, c config.Config, out string, ranks int, change func(*Run)) (*Run, error) {
	t.Helper()
	data, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(out, checkpointName))
	resume := err == nil
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	type result struct {
		run *Run
		err error
	}
	ends := make(chan result, ranks)
	for _, g := range grouptest.New(ranks) {
		go func() {
			folder := out
			if g.Rank() > 0 { // it has none
				folder = filepath.Join(out, "elsewhere")
			}
			b, err := Begin(ctx, c, folder, resume, g)
			var r *Run
			if err == nil {
				if r, err = b.Run(data); err == nil {
					r.Val = r.Val.Limit(10)
					if change != nil {
						change(r)
					}
					err = r.Run(ctx)
				}
			}
			if err != nil { // as a rank that fails ends the others
				stop()
			}
			if g.Rank() == 0 || err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, group.ErrOther) {
				ends <- result{r, err}
			}
		}()
	}
	end := <-ends
	return end.run, end.err
}

// furthest returns the largest difference of two networks' weights, over the largest weight.
func furthest(a, b *supernet.Weights) float64 {
	most, biggest := 0.0, 0.0
	for i, p := range a.Params {
		for j, v := range p.Data {
			most = max(most, math.Abs(float64(v)-float64(b.Params[i].Data[j])))
			biggest = max(biggest, math.Abs(float64(v)))
		}
	}
	return most / biggest
}

// roundings bounds how far the weights of two runs come apart in four updates because sums
// are taken in another order: 1e-6 of the largest weight. 3e-8 was seen; other random numbers
// for dropout make 2e-3.
const roundings = 1e-6

// shortRoundings is roundings where ranks share passes with activations in bfloat16: a sum in
// another order may round an activation to the next number, 2^-8 of it away. 2e-5 was seen.
const shortRoundings = 2e-4

// TestRanks: a run has the same weights, to rounding, with one rank and with several: where
// each has whole passes, and where they share each pass with synchronised batch
// normalisation; with dropout, and with images that are mixed.
func TestRanks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more  string
		ranks []int
	}{
		"whole passes":        {"micro_batch = 2\n", []int{2, 4}},
		"shared passes":       {"sync_bn = true\n", []int{3}},
		"shared, two passes":  {"sync_bn = true\nmicro_batch = 6\ntrain_images = 24\nbatch = 12\n", []int{3}},
		"whole, synchronised": {"sync_bn = true\nmicro_batch = 4\nregularise_all = true\n", []int{2}},
		"whole, bfloat16":     {"micro_batch = 2\nactivations = \"bfloat16\"\n", []int{2}},
		"shared, bfloat16":    {"sync_bn = true\nactivations = \"bfloat16\"\n", []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			config, limit := groupConfig(t, c.more), roundings
			if name == "shared, bfloat16" {
				limit = shortRoundings
			}
			config.Augment.Mixup = 0.2
			var row Row
			one, err := ranked(t, config, t.TempDir(), 1, func(r *Run) { r.OnEpoch = func(e Row) error { row = e; return nil } })
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range c.ranks {
				var got Row
				more, err := ranked(t, config, t.TempDir(), n, func(r *Run) {
					if r.group.Rank() == 0 {
						r.OnEpoch = func(e Row) error { got = e; return nil }
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				d := furthest(one.Trainer.Weights, more.Trainer.Weights)
				if t.Logf("%d ranks: weights are %.2g of the largest apart", n, d); d > limit {
					t.Errorf("%d ranks: weights are %g of the largest apart after %d updates, want %g at most", n, d, more.Trainer.Updates, limit)
				}
				if d := math.Abs(row.LossBiggest-got.LossBiggest) + math.Abs(row.LossSmallest-got.LossSmallest); d > 1e-3 || row.TrainBiggest != got.TrainBiggest || row.ValSmallest != got.ValSmallest {
					t.Errorf("%d ranks: last epoch %+v, with one %+v", n, got, row)
				}
			}
		})
	}
}

// TestRanksResume: a run goes on with another number of ranks, and ends as with one.
func TestRanksResume(t *testing.T) {
	t.Parallel()
	c := groupConfig(t, "") // micro_batch is left open
	straight, err := ranked(t, c, t.TempDir(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if straight.Config.MicroBatch != 4 || len(straight.Notes) != 1 || !strings.Contains(straight.Notes[0], "micro_batch is made 4") {
		t.Errorf("micro_batch is %d, notes %q", straight.Config.MicroBatch, straight.Notes)
	}
	out := t.TempDir()
	enough := errors.New("enough")
	stop := func(r *Run) {
		if r.group.Rank() == 0 {
			r.OnEpoch = func(e Row) error {
				if e.Epoch == 2 {
					return enough
				}
				return nil
			}
		}
	}
	if _, err := ranked(t, c, out, 2, stop); !errors.Is(err, enough) {
		t.Fatalf("the interrupted run ended with %v", err)
	}
	resumed, err := ranked(t, c, out, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := furthest(straight.Trainer.Weights, resumed.Trainer.Weights); d > roundings || resumed.Config.MicroBatch != 4 {
		t.Errorf("weights are %g of the largest apart, micro_batch is %d", d, resumed.Config.MicroBatch)
	}
	if _, err := os.Stat(filepath.Join(out, "elsewhere")); err == nil {
		t.Error("a rank other than 0 has made a folder")
	}
}

// TestRanksRefused: what ranks cannot share is refused by all of them, with what to do.
func TestRanksRefused(t *testing.T) {
	for _, c := range []struct {
		more  string
		ranks int
		want  string
	}{
		{"micro_batch = 4\n", 3, "3 ranks cannot share a batch of 8: it has 2 passes of 4 images"},
		{"", 3, "3 ranks cannot share a batch of 8: it has 1 passes of 8 images"},
		{"sync_bn = true\n", 5, "5 ranks cannot share a pass of 8 images: each needs two at least"},
	} {
		_, err := ranked(t, groupConfig(t, c.more), t.TempDir(), c.ranks, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.Of(err).Hint == "" {
			t.Errorf("%q on %d ranks: %v, want %q and a hint", c.more, c.ranks, err, c.want)
		}
	}
}

// TestRanksComeApart: weights that differ between ranks never become a checkpoint.
func TestRanksComeApart(t *testing.T) {
	out := t.TempDir()
	_, err := ranked(t, groupConfig(t, "micro_batch = 4\n"), out, 2, func(r *Run) {
		if r.group.Rank() == 1 {
			r.spoil = func(updates int) { r.Trainer.Weights.Params[0].Data[0] *= 1 + 1e-7 }
		}
	})
	if err == nil || !strings.Contains(err.Error(), "after epoch 1 the weights are not the same on all 2 ranks") {
		t.Errorf("error %v", err)
	}
	data, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := New(groupConfig(t, "micro_batch = 4\n"), data, out, true); err != nil || r.Done() != 0 {
		t.Errorf("the checkpoint is after %v epochs, want 0; %v", r, err)
	}
}

// TestRanksRollBack: every rank goes back to rank 0's checkpoint.
func TestRanksRollBack(t *testing.T) {
	back := 0
	r, err := ranked(t, groupConfig(t, "micro_batch = 4\n"), t.TempDir(), 2, func(r *Run) {
		r.spoil = func(updates int) {
			if updates == 3 && r.state.Rollbacks == 0 {
				r.Trainer.Weights.Params[0].Data[0] = float32(math.NaN())
			}
		}
		if r.group.Rank() == 0 {
			r.OnRollback = func(Rollback) error { back++; return nil }
		}
	})
	if err != nil || back != 1 || r.Done() != 2 {
		t.Errorf("%d rollbacks, %v", back, err)
	}
}
