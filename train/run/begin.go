package run

import (
	"os"
	"path/filepath"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/estimate"
)

// beginning is what a run begins with, apart from a seed.
type beginning struct {
	path  string        // of the checkpoint
	saved *weights.File // the checkpoint to go on from, or nil
	from  *initial      // the weights to start from, or nil
}

// begin finds what a run in the folder out begins with. It does not make the folder.
func begin(c config.Config, out string, resume bool) (b beginning, err error) {
	b.path = filepath.Join(out, checkpointName)
	if resume {
		b.saved, err = checkpoint(b.path)
		return b, err
	}
	if _, err := os.Stat(b.path); err == nil {
		return b, fault.New("bad_flag", "continue it with --resume or choose another --out", "%s already holds a run", out)
	}
	if c.Init == "" {
		return b, nil
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

// Ready checks, before any data is read, that New can begin or resume a run in the
// folder out. It returns the classes that the weights know that the run begins with, or
// the zero Names where it begins from a seed.
func Ready(c config.Config, out string, resume bool) (dataset.Names, error) {
	b, err := begin(c, out, resume)
	if err != nil {
		return dataset.Names{}, err
	}
	return b.classes()
}

// classes returns the classes that the weights know.
func (b beginning) classes() (known dataset.Names, err error) {
	switch {
	case b.saved != nil:
		return dataset.NamesIn(b.path, b.saved.Metadata, nil)
	case b.from != nil:
		return b.from.classes, nil
	}
	return known, nil
}

// New returns a run of a configuration on data. Its weights are drawn from the seed, or
// read from c.Init or, to resume, from the checkpoint in out. Weights that are read know
// classes: the data is numbered as those are (dataset.Match). For other classes the
// weights of c.Init get a new classifier; to resume with them is refused. A batch of more images than there are is made smaller. Run.Notes says so.
func New(c config.Config, data *dataset.Dataset, out string, resume bool) (*Run, error) {
	b, err := begin(c, out, resume)
	if err != nil {
		return nil, err
	}
	r := &Run{Config: WithSplit(c, data, out, resume), Data: data, Out: out, state: newState()}
	known, err := b.classes()
	if err != nil {
		return nil, err
	}
	note, others, err := match(data, known, false)
	if err != nil {
		return nil, err
	}
	r.note(note)
	r.Train, r.Val = trained(r.Config, data)
	if note, err = r.Config.FitBatch(r.Train.Len()); err != nil {
		return nil, err
	}
	r.note(note)
	c, r.text = r.Config, r.Config.String()
	if err := estimate.CheckMemory(c, len(data.Classes)); err != nil {
		return nil, err
	}
	if err := r.build(len(data.Classes)); err != nil {
		return nil, err
	}
	if resume {
		sweep(out)
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
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fault.New("write", "choose another --out", "the run's folder cannot be made: %v", err)
	}
	sweep(out)
	return r, nil
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
	f, err := checkpoint(path)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(f.Metadata[keyConfig], filepath.Join(out, "checkpoint"))
	if err != nil {
		return nil, err
	}
	r := &Run{Config: c, Out: out, text: f.Metadata[keyConfig], state: newState()}
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
