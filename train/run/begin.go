package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
)

// beginning is what the weights of a run begin as, other than from a seed.
type beginning struct {
	path  string        // of the checkpoint
	saved *weights.File // the checkpoint to go on from, or nil
	from  *initial      // the weights to start from, or nil
}

// begin finds what a run in the folder out begins with. It makes no folder.
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

// Ready tells, before any data is read, whether New can begin or resume a run in
// the folder out, and which classes the weights know that it begins with; the zero
// Names where there are none.
func Ready(c config.Config, out string, resume bool) (dataset.Names, error) {
	b, err := begin(c, out, resume)
	if err != nil {
		return dataset.Names{}, err
	}
	return b.classes()
}

// classes are those that the weights know.
func (b beginning) classes() (known dataset.Names, err error) {
	switch {
	case b.saved != nil:
		return classesIn(b.saved.Metadata, b.path)
	case b.from != nil:
		return b.from.classes, nil
	}
	return known, nil
}

// New builds a session from its configuration and data: initial weights from
// the seed or from c.Init, or, to resume, those of the checkpoint in out. Weights
// that are there know classes, and data is numbered as those are (dataset.Match);
// other classes are refused. A batch of more images than there are is made
// smaller. Session.Notes says so.
func New(c config.Config, data *dataset.Dataset, out string, resume bool) (*Session, error) {
	b, err := begin(c, out, resume)
	if err != nil {
		return nil, err
	}
	s := &Session{Config: Settle(c, data, out, resume), Data: data, Out: out, state: newState()}
	known, err := b.classes()
	if err != nil {
		return nil, err
	}
	said, err := matched(data, known, false)
	if err != nil {
		return nil, err
	}
	s.note(said)
	s.split()
	note, err := fitBatch(&s.Config, s.Train.Len())
	if err != nil {
		return nil, err
	}
	s.note(note)
	c, s.text = s.Config, s.Config.String()
	if need, have := Memory(c, len(data.Classes)).Total(), AvailableMemory(); have > 0 && need > have {
		return nil, tooBig(c, len(data.Classes), need, have)
	}
	if err := s.build(len(data.Classes)); err != nil {
		return nil, err
	}
	if resume {
		sweep(out)
		s.state, err = restore(b.path, b.saved, s.Trainer, c)
		return s, err
	}
	if b.from != nil {
		if err := b.from.fill(s.Trainer.Weights); err != nil {
			return nil, err
		}
		if s.Trainer.Average != nil {
			supernet.Convert(s.Trainer.Average, s.Trainer.Weights)
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fault.New("write", "choose another --out", "the run's folder cannot be made: %v", err)
	}
	sweep(out)
	return s, nil
}

func (s *Session) note(text string) {
	if text != "" {
		s.Notes = append(s.Notes, text)
	}
}

// fitBatch makes the batch of c no bigger than so many training images, and says so.
func fitBatch(c *config.Config, images int) (note string, err error) {
	if images >= c.Batch {
		return "", nil
	}
	if images < 2 { // batch normalisation needs two
		return "", fault.New("bad_config", "add images, or lower val_fraction and search_fraction", "there are %d training images, at least 2 are needed", images)
	}
	was := c.Batch
	if c.Batch = images; c.MicroBatch >= images {
		c.MicroBatch = 0 // all at once
	} else if c.MicroBatch > 0 {
		c.Batch -= images % c.MicroBatch
	}
	return fmt.Sprintf("batch is %d, and there are %d training images: it is made %d", was, images, c.Batch), nil
}

// Source opens the data of a run for its configuration, numbered as the classes
// that it knows: OpenDataFor.
type Source func(config.Config, dataset.Names) (*dataset.Dataset, error)

// Open opens the run in a folder as it was left, to measure or release it; another
// process may go on training there. Data may lack classes only as far as open
// lets it.
func Open(out string, open Source) (*Session, error) {
	path := filepath.Join(out, checkpointName)
	f, err := checkpoint(path)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(f.Metadata[keyConfig], filepath.Join(out, "checkpoint"))
	if err != nil {
		return nil, err
	}
	s := &Session{Config: c, Out: out, text: f.Metadata[keyConfig], state: newState()}
	known, err := classesIn(f.Metadata, path)
	if err != nil {
		return nil, err
	}
	if err := s.open(open, known); err != nil {
		return nil, err
	}
	s.state, err = restore(path, f, s.Trainer, c)
	return s, err
}

// Released opens a released file as a run that has ended, to be released anew: with
// another crop, or with statistics fitted again.
func Released(file string, open Source) (*Session, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New("bad_file", "give a released weights file", "%v", err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		return nil, err
	}
	c, err := config.Parse(b.Metadata[keyTraining], file)
	if err != nil {
		return nil, err
	}
	s := &Session{Config: c, text: b.Metadata[keyTraining], state: newState()}
	if s.state.Epoch, err = strconv.Atoi(b.Metadata[keyEpochs]); err != nil {
		return nil, fault.New("bad_file", "release it from its run", "%s does not say for how many epochs it was trained", file)
	}
	from, err := readInitial(file)
	if err != nil {
		return nil, err
	}
	if err := s.open(open, from.classes); err != nil {
		return nil, err
	}
	if err := from.fill(s.Trainer.Weights); err != nil {
		return nil, err
	}
	s.Trainer.Average = nil // what is released is an average already
	return s, nil
}

// open opens the data of a run that is there and builds what its weights go into.
func (s *Session) open(open Source, known dataset.Names) (err error) {
	if s.Data, err = open(s.Config, known); err != nil {
		return err
	}
	if _, err := s.Data.Match(known, true); err != nil { // nothing changes where open has done so
		return err
	}
	s.split()
	return s.build(len(s.Data.Classes))
}
