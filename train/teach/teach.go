// Package teach trains a classifier for the classes of a data set on the frozen
// body of a weights file, and makes the weights file of the two (core/teach).
package teach

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/teach"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/measure"
	"bignas/train/release"
	"bignas/train/run"
	"bignas/train/unknown"
)

// Options say how a classifier is trained.
type Options struct {
	Random   int // children at random besides the biggest and the smallest; 0: teach.Random
	Steps    int // at most; 0: that of core/teach
	Progress func(done, total int)
	// Step hears of every step of the training; it may be nil.
	Step func(teach.Step)
}

// Result is a weights file and how it came about.
type Result struct {
	File        []byte
	Looked      int // children that have seen the images
	Images      int // trained on
	HeldOut     int
	Steps       int
	Looking     time.Duration // running the children over all images
	Training    time.Duration // of the classifier
	Children    []Measured    // on the held-out images; nil where there are none
	Interrupted bool          // the training has not come to its end
	Calibrated  bool          // whether the file tells images that are none of its classes (core/confidence)
	// Doubt is how far off the top-1 of other children is, where all weights were trained and
	// their BN statistics fitted anew; otherwise zero.
	Doubt classify.Doubt
}

// Base is the weights file that a training begins with.
type Base struct {
	engine *classify.Engine
	bundle *weights.Bundle // of the engine
	dtype  weights.DType
	family map[string]string // names of children and their texts
	Config config.Config     // of its training, with the split of what it is to be taught
}

// Open reads the bytes of a weights file; name is for errors.
func Open(data []byte, name string, seed uint64) (*Base, error) {
	b := &Base{}
	var err error
	if b.engine, err = classify.New(data); err != nil {
		return nil, err
	}
	b.bundle = b.engine.Bundle()
	if b.bundle.Statistics == nil {
		return nil, fault.New(classify.CodeNoStatistics, "give a file written by train release", "%s has no BN statistics, and a child without its own reads nonsense", name)
	}
	file, err := weights.Read(data)
	if err != nil {
		return nil, err
	}
	b.dtype = file.Tensors[0].DType
	if text := b.bundle.Metadata[classify.KeyFamily]; text != "" {
		if err := json.Unmarshal([]byte(text), &b.family); err != nil {
			return nil, fault.New(weights.CodeDamaged, "take another copy", "%s: its family of named children cannot be read: %v", name, err)
		}
	}
	if b.Config, err = config.Parse(b.bundle.Metadata["training"], "the training configuration in "+name); err != nil {
		return nil, err
	}
	b.Config.Init, b.Config.Seed = name, seed
	b.Config.Split, b.Config.ValFraction, b.Config.SearchFraction, b.Config.TrainImages = dataset.ByContent, teach.HeldOut, 0, 0
	return b, nil
}

// Survey is the table of the data as it is split. Data that cannot be learnt from, or
// lacks classes that its folders promise, is refused; nothing has to be held out.
func Survey(c config.Config, data *dataset.Dataset, skipEmpty bool) (*dataset.Table, error) {
	if err := data.Complete(skipEmpty); err != nil {
		return nil, err
	}
	train, search, val := run.Split(c, data)
	if train.Len() == 0 {
		return nil, data.Trainable(train, val)
	}
	return data.Table(train, search, val)
}

// Head trains a classifier for the classes of data. Where ctx ends during the
// training of the classifier, the result is what it had learnt by then; where it
// ends before, there is none.
func (b *Base) Head(ctx context.Context, data *dataset.Dataset, o Options) (*Result, error) {
	train, _, held := run.Split(b.Config, data)
	children := teach.Children(b.bundle.Net.Space, cmp.Or(o.Random, teach.Random), b.Config.Seed)
	r := &Result{Looked: len(children), Images: train.Len(), HeldOut: held.Len()}
	done, start := 0, time.Now()
	progress := func(n int) error {
		if done += n; o.Progress != nil {
			o.Progress(done, len(children)*(train.Len()+held.Len()))
		}
		return ctx.Err()
	}
	seen, heldSeen := &teach.Set{Labels: train.Labels()}, &teach.Set{Labels: held.Labels()}
	for _, a := range children {
		c, err := child(b.bundle, a)
		if err != nil {
			return nil, err
		}
		for _, half := range []struct {
			images dataset.Subset
			to     *teach.Set
		}{{train, seen}, {held, heldSeen}} {
			pooled, err := look(c, b.bundle.Spec, half.images, progress)
			if err != nil {
				return nil, err
			}
			half.to.Pooled = append(half.to.Pooled, pooled)
		}
	}
	r.Looking, start = time.Since(start), time.Now()
	head := teach.Train(children, len(data.Classes), seen, heldSeen, teach.Options{Steps: o.Steps, Progress: func(s teach.Step) bool {
		if o.Step != nil {
			o.Step(s)
		}
		r.Interrupted = ctx.Err() != nil
		return !r.Interrupted
	}})
	r.Training, r.Steps = time.Since(start), head.Steps
	return r, b.write(r, head, data, train, held)
}

// child is a child with the statistics that the file predicts.
func child(b *weights.Bundle, a arch.Arch) (*supernet.Child, error) {
	st, err := b.Statistics.Predict(a)
	if err != nil {
		return nil, err
	}
	return b.Net.Child(a, st)
}

// batch is how many images run at once.
const batch = 32

// look is teach.Look for the images of a subset.
func look(c *supernet.Child, spec preprocess.Spec, s dataset.Subset, progress func(n int) error) ([]float32, error) {
	r := c.Arch.Resolution
	return teach.Look(c, measure.Inputs(s.Len(), r, batch, func(dst []float32, i int) {
		spec.Apply(dst, &preprocess.Image{W: s.Side(), H: s.Side(), Pix: s.Image(i)}, r)
	}), progress)
}

// enough is how many held-out images confidence is fitted on at least: a twentieth
// of them lies below the score that separates known images from others.
const enough = 60

// write makes the weights file, with what is measured of it on held-out images.
func (b *Base) write(r *Result, head *teach.Classifier, data *dataset.Dataset, train, held dataset.Subset) error {
	if b.dtype == weights.Float16 { // what is measured is what is stored
		for _, values := range [][]float32{head.Matrix, head.Bias} {
			for i, v := range values {
				values[i] = weights.Single(weights.Half(v))
			}
		}
	}
	out, err := head.Bundle(b.bundle, data.Labels, train.Len(), held.Len())
	if err != nil {
		return err
	}
	out.Metadata["training"], out.Metadata["seed"] = b.Config.String(), fmt.Sprint(b.Config.Seed)
	out.Metadata[dataset.KeyClassIDs] = dataset.ClassList(data.Classes)
	if held.Len() > 0 {
		if err := b.measure(r, out, train, held); err != nil {
			return err
		}
	}
	r.File, err = weights.Marshal(out, b.dtype)
	return err
}

// measure adds to a bundle how far its answers can be trusted, and what its children reach on
// held-out images.
func (b *Base) measure(r *Result, out *weights.Bundle, train, held dataset.Subset) error {
	e, err := b.engine.With(out)
	if err != nil {
		return err
	}
	if held.Len() >= enough && !r.Interrupted {
		out.Confidence, err = unknown.Calibrate(context.Background(), e, held, train, dataset.Subset{}, unknown.Options{Children: 12, Images: 120, Seed: b.Config.Seed})
		if err != nil {
			return err
		}
		r.Calibrated = true
	}
	children, err := b.watched()
	if err != nil {
		return err
	}
	if r.Children, err = accuracy(e, children, held); err != nil {
		return err
	}
	text, err := json.Marshal(r.Children)
	out.Metadata[release.KeyMeasured] = string(text)
	return err
}

// Measured is the accuracy of a child on N held-out images, 0 to 1, with the
// statistics that the file predicts.
type Measured struct {
	Name      string  `json:"-"` // "smallest", "middle", "biggest", or a name of the family
	Arch      string  `json:"arch"`
	Predicted float64 `json:"predicted"`
	N         int     `json:"n"`
}

// named is a child that is measured.
type named struct {
	name string
	arch arch.Arch
}

// watched are the smallest, the middle and the biggest child and those that the weights
// name, the cheapest first.
func (b *Base) watched() ([]named, error) {
	space := b.bundle.Net.Space
	all := []named{{"smallest", space.Min()}, {"middle", space.At(0.5)}, {"biggest", space.Max()}}
	for name, text := range b.family {
		a, err := space.Parse(text)
		if err != nil {
			return nil, err
		}
		all = append(all, named{name, a})
	}
	slices.SortFunc(all, func(x, y named) int {
		return cmp.Or(cmp.Compare(cost.Of(x.arch).MACs, cost.Of(y.arch).MACs), strings.Compare(x.name, y.name))
	})
	return all, nil
}

// accuracy measures children.
func accuracy(e *classify.Engine, children []named, held dataset.Subset) (all []Measured, err error) {
	for _, n := range children {
		st, err := e.StatisticsOf(n.arch, false)
		if err != nil {
			return nil, err
		}
		c, err := e.Weights().Child(n.arch, st)
		if err != nil {
			return nil, err
		}
		acc, err := measure.Evaluate(c, held, e.Info().Preprocessing, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, Measured{n.name, n.arch.String(), acc.Top1, held.Len()})
	}
	return all, nil
}
