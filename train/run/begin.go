package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/estimate"
	"bignas/train/group"
)

// Beginning is what a run begins with: weights, a checkpoint to resume from, or nothing but a
// seed.
type Beginning struct {
	config config.Config
	out    string
	resume bool
	group  group.Group
	path   string        // of the checkpoint
	saved  *weights.File // the checkpoint to go on from, or nil
	from   *initial      // the weights to start from, or nil
}

// Begin checks, before any data is read, that a configuration can begin or resume a run in the
// folder out, and reads what it begins with. It does not make the folder. In a group of more
// than one every rank calls it, and the methods of the result; out is a folder of rank 0, and
// what the configuration names is read by each.
func Begin(ctx context.Context, c config.Config, out string, resume bool, g group.Group) (*Beginning, error) {
	b := &Beginning{config: c, out: out, resume: resume, group: g, path: filepath.Join(out, checkpointName)}
	var err error
	if resume {
		b.saved, err = checkpoint(ctx, g, b.path)
		return b, err
	}
	if _, err := group.Share(ctx, g, func() ([]byte, error) {
		if _, err := os.Stat(b.path); err == nil {
			return nil, fault.New("bad_flag", "continue it with --resume or choose another --out", "%s already holds a run", out)
		}
		return nil, nil
	}); err != nil || c.Init == "" {
		return b, err
	}
	space, err := c.SearchSpace()
	if err != nil {
		return b, err
	}
	if b.from, err = readInitial(c.Init); err != nil {
		return b, err
	}
	if b.from.space != space.Name {
		return b, fault.New("bad_init", "set space to "+b.from.space+", or take other weights", "init: %s holds weights of the space %q, the configuration's space is %q", b.from.path, b.from.space, space.Name)
	}
	return b, nil
}

// Classes returns the classes that the weights know that the run begins with, or the zero
// Names where it begins from a seed.
func (b *Beginning) Classes() (known dataset.Names, err error) {
	switch {
	case b.saved != nil:
		return dataset.NamesIn(b.path, b.saved.Metadata, nil)
	case b.from != nil:
		return b.from.classes, nil
	}
	return known, nil
}

// Config returns the configuration with the version of the split that the run is trained
// with: its own, that of the checkpoint, or what the data needs.
func (b *Beginning) Config(data *dataset.Dataset) config.Config {
	if b.saved == nil {
		return WithSplit(b.config, data, "", false)
	}
	c := b.config
	if was, err := config.Parse(b.saved.Metadata[keyConfig], b.path); err == nil && c.Split == 0 {
		c.Split = was.Split
	}
	return c
}

// New returns a run of a configuration on data. Its weights are drawn from the seed, or
// read from c.Init or, to resume, from the checkpoint in out. Weights that are read know
// classes: the data is numbered as those are (dataset.Match). For other classes the
// weights of c.Init get a new classifier; to resume with them is refused. A batch of more
// images than there are is made smaller. Run.Notes says so.
func New(c config.Config, data *dataset.Dataset, out string, resume bool) (*Run, error) {
	b, err := Begin(context.Background(), c, out, resume, group.Alone{})
	if err != nil {
		return nil, err
	}
	return b.Run(data)
}

// Run returns the run that begins with this, as New does.
func (b *Beginning) Run(data *dataset.Dataset) (*Run, error) {
	r := &Run{Config: b.Config(data), Data: data, Out: b.out, state: newState(), group: b.group}
	known, err := b.Classes()
	if err != nil {
		return nil, err
	}
	note, others, err := match(data, known, false)
	if err != nil {
		return nil, err
	}
	r.note(note)
	r.Train, r.Val = trained(r.Config, data)
	if err := b.passes(r); err != nil {
		return nil, err
	}
	c := r.Config
	r.text = c.String()
	if err := estimate.CheckMemory(r.share.config(c), len(data.Classes)); err != nil {
		return nil, err
	}
	if err := r.build(len(data.Classes)); err != nil {
		return nil, err
	}
	if b.resume {
		r.sweep()
		r.state, err = restore(b.path, b.saved, r.Trainer, c)
		return r, err
	}
	if b.from != nil {
		if err := b.from.fill(r.Trainer.Weights, others); err != nil {
			return nil, err
		}
		if r.Trainer.Average != nil {
			supernet.Convert(r.Trainer.Average, r.Trainer.Weights)
		}
	}
	if b.group.Rank() == 0 {
		if err := os.MkdirAll(b.out, 0o755); err != nil {
			return nil, fault.New("write", "choose another --out", "the run's folder cannot be made: %v", err)
		}
	}
	r.sweep()
	return r, nil
}

// passes settles how many images an update and a pass have, and this rank's share of them.
func (b *Beginning) passes(r *Run) error {
	if b.saved != nil && r.Config.MicroBatch == 0 {
		// Where several ranks began the run it has a number of its own.
		if was, err := config.Parse(b.saved.Metadata[keyConfig], b.path); err == nil && was.MicroBatch > 0 && r.Config.Batch%was.MicroBatch == 0 {
			r.Config.MicroBatch = was.MicroBatch
			r.note(fmt.Sprintf("micro_batch is %d, as it was when the run began", was.MicroBatch))
		}
	}
	note, err := r.Config.FitBatch(r.Train.Len())
	if err != nil {
		return err
	}
	r.note(note)
	if note, err = ShareOut(&r.Config, b.group.Size(), b.resume); err != nil {
		return err
	}
	r.note(note)
	r.share = shareOf(r.Config, b.group.Rank(), b.group.Size())
	return nil
}

func (r *Run) note(text string) {
	if text != "" {
		r.Notes = append(r.Notes, text)
	}
}

// OpenFunc opens the data of a run with this configuration, numbered as the classes that
// its weights know (OpenDataFor).
type OpenFunc func(config.Config, dataset.Names) (*dataset.Dataset, error)

// Split opens the data and returns the images that the run trains and validates on.
func (open OpenFunc) Split(c config.Config, known dataset.Names) (data *dataset.Dataset, train, val dataset.Subset, err error) {
	if data, err = open(c, known); err != nil {
		return nil, train, val, err
	}
	if _, err := data.Match(known, true); err != nil { // changes nothing where open has matched it
		return nil, train, val, err
	}
	train, val = trained(c, data)
	return data, train, val, nil
}

// trained returns the images that a run trains and validates on.
func trained(c config.Config, data *dataset.Dataset) (train, val dataset.Subset) {
	train, _, val = Split(c, data)
	return train.Limit(c.TrainImages), val
}

// Open opens the run in a folder as it was left, to measure or release it. Another
// process may continue training there. Whether data may lack classes is up to open.
func Open(out string, open OpenFunc) (*Run, error) {
	path := filepath.Join(out, checkpointName)
	f, err := checkpoint(context.Background(), group.Alone{}, path)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(f.Metadata[keyConfig], filepath.Join(out, "checkpoint"))
	if err != nil {
		return nil, err
	}
	r := &Run{Config: c, Out: out, text: f.Metadata[keyConfig], state: newState(), group: group.Alone{}}
	known, err := dataset.NamesIn(path, f.Metadata, nil)
	if err != nil {
		return nil, err
	}
	if r.Data, r.Train, r.Val, err = open.Split(c, known); err != nil {
		return nil, err
	}
	if err := r.build(len(r.Data.Classes)); err != nil {
		return nil, err
	}
	r.state, err = restore(path, f, r.Trainer, c)
	return r, err
}
