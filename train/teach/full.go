package teach

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"time"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/release"
	"bignas/train/run"
)

// FullOptions say how all weights are fine-tuned.
type FullOptions struct {
	Folder string // of the run; one that is there is gone on with
	Epochs int    // 0: those of the configuration
	// Calibrated is how many children the BN statistics are fitted on; 0: 100.
	Calibrated int
	Check      int                   // children outside the fit, to state its error; 0: 10
	Begun      func(*run.Run)        // may watch the run; may be nil
	Progress   func(done, total int) // of the release; may be nil
}

// headFile is the name of the file with the taught classifier in the folder of a run.
const headFile = "head.safetensors"

// Full fine-tunes all weights, beginning with those of head, a file that Head has made
// of data: a few epochs of the configuration fine-tune, every child learning from the
// biggest one's answers (run.Run), and then a release, since BN statistics are others
// when weights are.
func (b *Base) Full(ctx context.Context, head *Result, data *dataset.Dataset, o FullOptions) (*Result, error) {
	start := time.Now()
	c, err := config.Load("fine-tune")
	if err != nil {
		return nil, err
	}
	c.Space, c.Seed, c.Side, c.Init = b.Config.Space, b.Config.Seed, b.Config.Side, filepath.Join(o.Folder, headFile)
	c.Split, c.ValFraction = b.Config.Split, b.Config.ValFraction
	if o.Epochs > 0 {
		share := float64(o.Epochs) / float64(c.Epochs)
		for i := range c.Phases {
			c.Phases[i].Until = max(1, int(share*float64(c.Phases[i].Until)))
		}
		c.Epochs, c.EvalEvery, c.WarmupEpochs = o.Epochs, o.Epochs, share*c.WarmupEpochs
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if head.HeldOut == 0 {
		return nil, fault.New("no_images", "add images, two of a class at least, or leave --full out", "no image is held out, and there would be nothing to tell whether fine-tuning helps")
	}
	if err := os.MkdirAll(o.Folder, 0o755); err != nil {
		return nil, fault.New("write", "choose another folder", "the run's folder cannot be made: %v", err)
	}
	if err := atomicfile.Write(c.Init, head.File); err != nil {
		return nil, err
	}
	_, err = run.ConfigOf(o.Folder)
	s, err := run.New(c, data, o.Folder, err == nil) // goes on where it was interrupted
	if err != nil {
		return nil, err
	}
	if o.Begun != nil {
		o.Begun(s)
	}
	if err := s.Run(ctx); err != nil {
		return nil, err
	}
	r := &Result{Looked: head.Looked, Images: s.Train.Len(), HeldOut: s.Val.Len(), Looking: head.Looking, Steps: s.Trainer.Updates, Training: time.Since(start)}
	children, err := b.watched()
	if err != nil {
		return nil, err
	}
	archs := make([]arch.Arch, len(children))
	for i, n := range children {
		archs[i] = n.arch
	}
	out, err := release.FromRun(s).Release(ctx, release.Options{Children: cmp.Or(o.Calibrated, 100), Images: 256, Check: cmp.Or(o.Check, 10), Crop: b.bundle.Spec.Crop, Measure: archs, Family: b.family, Progress: o.Progress})
	if err != nil {
		return nil, err
	}
	r.File = out.File
	r.Doubt.Mean, r.Doubt.Worst = out.StatisticsError()
	r.Doubt.Children = len(out.Check)
	for i, m := range out.Children {
		r.Children = append(r.Children, Measured{children[i].name, m.Arch, m.Predicted, m.N})
	}
	return r, nil
}
