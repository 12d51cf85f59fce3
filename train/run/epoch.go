package run

import (
	"context"
	"math/rand/v2"
	"time"

	"bignas/core/arch"
	"bignas/core/preprocess"
	"bignas/core/trainer"
	"bignas/train/augment"
	"bignas/train/config"
)

// resolution is the biggest child's in an epoch: that of the first phase that is
// not over, and the space's biggest, or the only child's, after the last.
func resolution(c config.Config, space *arch.Space, alone *arch.Arch, epoch int) int {
	most := space.Resolutions[len(space.Resolutions)-1]
	if alone != nil {
		most = alone.Resolution
	}
	for _, p := range c.Phases {
		if epoch < p.Until {
			return min(p.Resolution, most)
		}
	}
	return most
}

// draw chooses the children of a pass; all passes of an update have the same.
func (s *Session) draw(r *rand.Rand, maxResolution int) []arch.Arch {
	if s.alone != nil {
		a := *s.alone
		a.Resolution = min(a.Resolution, maxResolution)
		return []arch.Arch{a}
	}
	if s.drawn == nil {
		s.drawn = s.Trainer.Children(r, maxResolution)
	}
	return s.drawn
}

// tally adds up an epoch.
type tally struct {
	row   Row
	right [3]float64 // biggest, smallest, random: images named right
	seen  float64    // images
	step  int
	began time.Time
}

func (t *tally) add(u update) {
	t.step++
	t.seen += float64(u.n)
	t.row.GradNorm += u.gradNorm
	t.row.LossBiggest += u.loss[0]
	t.row.LossSmallest += u.loss[1]
	t.row.LossRandom += u.loss[2]
	for i := range t.right {
		t.right[i] += u.right[i]
	}
	t.row.ImagesPerSecond = t.seen / time.Since(t.began).Seconds()
}

// finish turns sums into means; children says how many there were in a step.
func (t *tally) finish(children int) Row {
	steps := float64(t.step)
	r := t.row
	r.LossBiggest, r.LossSmallest, r.LossRandom, r.GradNorm = r.LossBiggest/steps, r.LossSmallest/steps, r.LossRandom/steps, r.GradNorm/steps
	r.TrainBiggest, r.TrainSmallest, r.TrainRandom = t.right[0]/t.seen, t.right[1]/t.seen, t.right[2]/t.seen
	if children < 3 {
		r.LossRandom, r.TrainRandom = -1, -1
	}
	if children < 2 {
		r.LossSmallest, r.TrainSmallest = -1, -1
	}
	return r
}

// update is what one update did: losses and images named right of the biggest
// and the smallest child, and the mean of the random ones.
type update struct {
	n, children int
	loss, right [3]float64
	gradNorm    float64
}

// epoch does the updates of an epoch. It fails with a *collapse where the
// watchdog sees one.
func (s *Session) epoch(ctx context.Context, loader *augment.Loader, epoch int) (Row, error) {
	res := resolution(s.Config, s.space, s.alone, epoch)
	t := tally{began: time.Now(), row: Row{Epoch: epoch + 1, Resolution: res, ValSmallest: -1, ValMiddle: -1, ValBiggest: -1, Rollbacks: s.state.Rollbacks}}
	passes := s.Config.Batch / s.Config.Pass()
	steps := s.Train.Len() / s.Config.Batch
	watch := newWatch(s.Config, s.state, s.Trainer.Weights.Classes)
	scale := newRescaler(res)
	children := 0
	var u update
	var random *rand.Rand
	pass := 0
	for b := range loader.Epoch(ctx, epoch, res, 0) {
		if t.step == steps { // images that do not fill a batch
			break
		}
		at := float64(epoch) + float64(t.step)/float64(steps)
		if pass == 0 {
			if s.spoil != nil {
				s.spoil(s.Trainer.Updates)
			}
			random = rand.New(rand.NewPCG(s.Config.Seed, uint64(1+s.Trainer.Updates)))
			u, s.drawn = update{}, nil
		}
		result := s.Trainer.Gradients(trainer.Batch[float32]{
			Labels: b.Labels, Mixed: b.Mixed, Weight: b.Weight, At: scale.of(b), MaxResolution: res,
			LabelShare: max(0, 1-at/max(s.Config.DistillWarmup, 1e-9)),
		}, random)
		u.add(result, b.N, passes)
		loader.Recycle(b)
		s.gather(pass, passes)
		if pass++; pass < passes {
			continue
		}
		pass = 0
		t.row.LearningRate = s.Rate(at)
		u.gradNorm = s.Trainer.Update(t.row.LearningRate)
		children = u.children
		t.add(u)
		if err := watch.step(u); err != nil {
			return t.row, err
		}
		if s.Step != nil {
			s.Step(s.position(&t, epoch, steps, u.loss[0]))
		}
	}
	if err := ctx.Err(); err != nil {
		return t.row, err
	}
	return t.finish(children), watch.end(s.Trainer)
}

// add takes in one pass of an update of several.
func (u *update) add(r trainer.StepResult, n, passes int) {
	u.n += n
	u.children = len(r.Children)
	for i, c := range r.Children {
		k, share := min(i, 2), 1.0
		if i >= 2 {
			share = 1 / float64(len(r.Children)-2)
		}
		u.loss[k] += share * c.Loss / float64(passes)
		u.right[k] += share * float64(c.Correct)
	}
}

// gather adds the gradients of a pass to those before it, and after the last
// leaves their mean where the trainer updates from.
func (s *Session) gather(pass, passes int) {
	if passes == 1 {
		return
	}
	share := 1 / float32(passes)
	for i, p := range s.Trainer.Gradient().Params {
		sum := s.sum.Params[i].Data
		for j, g := range p.Data {
			if pass == 0 {
				sum[j] = share * g
			} else {
				sum[j] += share * g
			}
		}
		if pass == passes-1 {
			copy(p.Data, sum)
		}
	}
}

// rescaler gives the images of a batch at other resolutions than its own.
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
