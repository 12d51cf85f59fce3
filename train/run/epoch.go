package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"bignas/core/preprocess"
	"bignas/core/trainer"
	"bignas/train/augment"
	"bignas/train/group"
)

// tally sums up the updates of an epoch.
type tally struct {
	row     Row
	correct [3]float64 // images that the biggest, the smallest and the random children classified correctly
	seen    float64    // images
	step    int
	began   time.Time
}

func (t *tally) add(u update) {
	t.step++
	t.seen += float64(u.n)
	t.row.GradNorm += u.gradNorm
	t.row.LossBiggest += u.loss[0]
	t.row.LossSmallest += u.loss[1]
	t.row.LossRandom += u.loss[2]
	for i := range t.correct {
		t.correct[i] += u.correct[i]
	}
	t.row.ImagesPerSecond = t.seen / time.Since(t.began).Seconds()
}

// finish turns the sums into means. children is the number of children in an update.
func (t *tally) finish(children int) Row {
	steps := float64(t.step)
	r := t.row
	r.LossBiggest, r.LossSmallest, r.LossRandom, r.GradNorm = r.LossBiggest/steps, r.LossSmallest/steps, r.LossRandom/steps, r.GradNorm/steps
	r.TrainBiggest, r.TrainSmallest, r.TrainRandom = t.correct[0]/t.seen, t.correct[1]/t.seen, t.correct[2]/t.seen
	if children < 3 {
		r.LossRandom, r.TrainRandom = -1, -1
	}
	if children < 2 {
		r.LossSmallest, r.TrainSmallest = -1, -1
	}
	return r
}

// update is the result of one update: losses and images classified correctly, of the
// biggest child, the smallest, and the random ones in the mean.
type update struct {
	n, children   int
	loss, correct [3]float64
	gradNorm      float64
}

// epoch does the updates of an epoch. The error is a *collapse where the watchdog
// detects one.
func (r *Run) epoch(ctx context.Context, loader *augment.Loader, epoch int) (Row, error) {
	res := r.Config.Resolution(epoch)
	t := tally{began: time.Now(), row: Row{Epoch: epoch + 1, Resolution: res, ValSmallest: -1, ValMiddle: -1, ValBiggest: -1, Rollbacks: r.state.Rollbacks}}
	passes := r.Config.Batch / r.Config.Pass()
	steps := r.Train.Len() / r.Config.Batch
	watch := newWatch(r.Config, r.state, r.Trainer.Weights.Classes)
	var lost error // of a sum of statistics over the ranks
	spread := r.share.spread(r.Config.Pass(), func(x []float64) {
		if lost == nil {
			lost = r.group.Sum(ctx, x)
		}
	})
	scale := newRescaler(res)
	children := 0
	var u update
	var random *rand.Rand
	pass, own := 0, r.share.to-r.share.from // this rank's
	for b := range loader.Epoch(ctx, epoch, res, 0) {
		if t.step == steps { // the rest is less than a batch
			break
		}
		at := float64(epoch) + float64(t.step)/float64(steps)
		if pass == 0 {
			if r.spoil != nil {
				r.spoil(r.Trainer.Updates)
			}
			random = rand.New(rand.NewPCG(r.Config.Seed, uint64(1+r.Trainer.Updates)))
			u, r.drawn = update{}, nil
			for range r.share.from {
				r.Trainer.Skip(r.Config.Pass(), res, random)
			}
			r.grads.begin()
		}
		last := pass == own-1
		r.Trainer.Added = nil
		if last && r.group.Size() > 1 {
			r.Trainer.Added = r.grads.settle
		}
		result := r.Trainer.Gradients(trainer.Batch[float32]{
			Labels: b.Labels, Mixed: b.Mixed, Weight: b.Weight, At: scale.of(b), MaxResolution: res,
			LabelShare: max(0, 1-at/max(r.Config.DistillWarmup, 1e-9)), Spread: spread,
		}, random)
		u.add(result, b.N, passes)
		loader.Recycle(b)
		if !last {
			r.grads.add(pass == 0)
			pass++
			continue
		}
		pass = 0
		r.grads.settle(0)
		if err := errors.Join(lost, r.grads.wait(ctx)); err != nil {
			return t.row, err
		}
		if err := u.total(ctx, r.group); err != nil {
			return t.row, err
		}
		t.row.LearningRate = r.Rate(at)
		u.gradNorm = r.Trainer.Update(t.row.LearningRate)
		children = u.children
		t.add(u)
		if err := watch.step(u); err != nil {
			return t.row, err
		}
		if r.OnStep != nil {
			r.OnStep(r.position(&t, epoch, steps, u.loss[0]))
		}
	}
	if err := ctx.Err(); err != nil {
		return t.row, err
	}
	return t.finish(children), watch.end(r.Trainer)
}

// add adds one of the passes of an update.
func (u *update) add(r trainer.StepResult, n, passes int) {
	u.n += n
	u.children = len(r.Children)
	for i, c := range r.Children {
		k, share := min(i, 2), 1.0
		if i >= 2 {
			share = 1 / float64(len(r.Children)-2)
		}
		u.loss[k] += share * c.Loss / float64(passes)
		u.correct[k] += share * float64(c.Correct)
	}
}

// total adds up the update over the ranks.
func (u *update) total(ctx context.Context, g group.Group) error {
	x := append(append([]float64{float64(u.n)}, u.loss[:]...), u.correct[:]...)
	if err := g.Sum(ctx, x); err != nil {
		return err
	}
	u.n = int(x[0])
	copy(u.loss[:], x[1:])
	copy(u.correct[:], x[1+len(u.loss):])
	return nil
}

// position returns how far the run is and, from the speed of this epoch, how long the
// rest will take.
func (r *Run) position(t *tally, epoch, steps int, loss float64) Position {
	p := Position{Epoch: epoch, Step: t.step, Steps: steps, ImagesPerSecond: t.row.ImagesPerSecond, Loss: loss,
		LearningRate: t.row.LearningRate, Resolution: t.row.Resolution, Updates: r.Trainer.Updates}
	spent := time.Since(t.began).Seconds()
	perMAC := spent / (t.seen * r.work.Image(t.row.Resolution))
	p.EpochLeft = seconds(spent / float64(t.step) * float64(steps-t.step))
	p.RunLeft = seconds(perMAC * r.work.Epochs(float64(epoch)+float64(t.step)/float64(steps), r.Train.Len(), r.Val.Len()))
	return p
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// rescaler resizes the images of a batch to other resolutions.
type rescaler struct {
	side int
	at   map[int][]float32
}

func newRescaler(side int) *rescaler { return &rescaler{side, map[int][]float32{}} }

func (s *rescaler) of(b *augment.Batch) func(resolution int) []float32 {
	return func(resolution int) []float32 {
		if resolution == s.side {
			return b.Images
		}
		x := s.at[resolution]
		if x == nil {
			x = make([]float32, b.N*resolution*resolution*3)
			s.at[resolution] = x
		}
		preprocess.NewResampler(s.side, resolution).Resize(x, b.Images, b.N, 3)
		return x
	}
}
