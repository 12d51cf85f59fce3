// Package release turns a finished run into a weights file: half precision, BN
// statistics for any child, and measured accuracies.
package release

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/measure"
	"bignas/train/run"
)

// Options says how a run becomes a weights file.
type Options struct {
	Children int // calibrated to fit the BN statistics of all others
	Images   int // training images that each is calibrated on, different ones for each
	Check    int // children outside the fit, to measure its error on
	// CheckImages is the number of training images that those are calibrated on; 0: as
	// many as in training. With as few as Images their own error would exceed the fit's.
	CheckImages int
	// Measure are children whose accuracy the file and the page state. Where the images are
	// few they get BN statistics of their own.
	Measure []arch.Arch
	// Crop is the share of an image's short side that children see, stored in the
	// file's preprocessing; 0: of a run that of config.Spec, of a file its own. Training shows crops, in which
	// objects are bigger than in whole images (Touvron et al., arXiv 1906.06423).
	Crop float64
	// Family names children: architectures by name, kept in the file; none: those that
	// a file has already.
	Family map[string]string
	// Progress, where not nil, is called after each child.
	Progress func(done, total int)
}

// Measured is the top-1 of one child on N validation images, 0 to 1: with BN
// statistics calibrated for it on training images, and with those that the file
// predicts for it, as in the page.
type Measured struct {
	Arch       string  `json:"arch"`
	Calibrated float64 `json:"calibrated"`
	Predicted  float64 `json:"predicted"`
	N          int     `json:"n"`
}

// Result is a weights file and what was measured of it.
type Result struct {
	File     []byte
	Children []Measured // those of Options.Measure
	Own      bool       // whether these have BN statistics of their own in the file
	Check    []Measured // children that the fit of the statistics has not seen
}

// Where predicted BN statistics are further off than this in the mean top-1 of the checked
// children, or where none is checked and there are fewer training images than this, the
// measured children get statistics of their own.
const (
	near = 0.02
	few  = 2000
)

// Entries of a released file's metadata that say how it was trained.
const (
	keyTraining = "training" // the configuration
	keyEpochs   = "epochs"   // that it was trained for
)

// Source is what is released: weights, how they were trained, and the data.
type Source struct {
	Weights *supernet.Weights

	config     config.Config
	spec       preprocess.Spec
	family     map[string]string // named children that it has already
	text       string            // the configuration, as the run keeps it
	epochs     int
	data       *dataset.Dataset
	train, val dataset.Subset
}

// FromRun releases the weights of a run. Where its images were smaller than any child's resolution,
// training enlarged them, and the file says to do the same with a photo: to bring it to that size first
// (preprocess.Spec.Through).
func FromRun(r *run.Run) *Source {
	w, spec := r.Best(), config.Spec
	if side := r.Config.Side; side < w.Space.Resolutions[0] && side >= preprocess.LeastThrough {
		spec.Through = side
	}
	return &Source{Weights: w, config: r.Config, spec: spec, text: r.ConfigText(), epochs: r.Done(), data: r.Data, train: r.Train, val: r.Val}
}

// FromFile releases a released file again: with another crop, or with its statistics
// fitted again.
func FromFile(file string, open run.OpenFunc) (*Source, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New("bad_file", "give a released weights file", "%v", err)
	}
	b, err := weights.Unmarshal(content)
	if err != nil {
		return nil, err
	}
	s := &Source{Weights: b.Net, spec: b.Spec, text: b.Metadata[keyTraining]}
	if text, ok := b.Metadata[classify.KeyFamily]; ok && json.Unmarshal([]byte(text), &s.family) != nil {
		return nil, fault.New("bad_file", "take another copy of it", "the named children in %s cannot be read", file)
	}
	if s.config, err = config.Parse(s.text, file); err != nil {
		return nil, err
	}
	if s.epochs, err = strconv.Atoi(b.Metadata[keyEpochs]); err != nil {
		return nil, fault.New("bad_file", "release it from its run", "%s does not say for how many epochs it was trained", file)
	}
	known, err := dataset.NamesIn(file, b.Metadata, b.Labels)
	if err != nil {
		return nil, err
	}
	s.data, s.train, s.val, err = open.Split(s.config, known)
	return s, err
}

// Release rounds the weights to half precision, fits BN statistics for any child on
// children calibrated on training images, measures the result on the validation
// images, and packs all of it. Nothing is fitted on a validation image. When ctx ends,
// Release returns its error after the child at hand.
//
// Of a run of the biggest child alone, which is an ordinary network, the file has calibrated
// BN statistics of the children of Options.Measure and of no others: cut out with statistics
// of their own, they are what a supernet's children are compared with.
func (s *Source) Release(ctx context.Context, o Options) (*Result, error) {
	if own, err := arch.Lookup(s.config.Space); err != nil || own != s.Weights.Space || !s.config.Biggest(own).Equal(own.Max()) {
		return nil, fault.New("bad_release", "train the whole space, or its biggest child alone, with the space's own shortcuts", "a run of one child alone that is not the biggest, or with other shortcuts than the space's, is an experiment: its weights are not a supernet of the space %s", s.config.Space)
	}
	if s.ordinary() {
		o.Children, o.Check = 0, 0
	}
	w := s.Weights.Like()
	supernet.Convert(w, s.Weights)
	for _, p := range w.Params { // measure what ships
		for i, v := range p.Data {
			p.Data[i] = weights.Single(weights.Half(v))
		}
	}
	total := o.Children + o.Check + len(o.Measure)
	done := 0
	step := func() error {
		if done++; o.Progress != nil {
			o.Progress(done, total)
		}
		return ctx.Err()
	}
	spec := s.spec
	spec.Crop = cmp.Or(o.Crop, spec.Crop)
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	model, err := s.fitStatistics(w, spec, o, step)
	if err != nil {
		return nil, err
	}
	out := &Result{}
	b := &weights.Bundle{Net: w, Statistics: model, Spec: spec, Labels: s.data.Labels, Metadata: map[string]string{
		keyTraining: s.text, "seed": fmt.Sprint(s.config.Seed), keyEpochs: fmt.Sprint(s.epochs),
		dataset.KeyClassIDs: dataset.ClassList(s.data.Classes),
	}}
	family := o.Family
	if len(family) == 0 {
		family = s.family
	}
	if len(family) > 0 {
		text, err := json.Marshal(family)
		if err != nil {
			return nil, err
		}
		b.Metadata[classify.KeyFamily] = string(text)
	}
	if out.File, err = weights.Marshal(b, weights.Float16); err != nil {
		return nil, err
	}
	if b, err = weights.Unmarshal(out.File); err != nil { // measure the statistics as stored
		return nil, err
	}
	if err := s.check(out, b, o, step); err != nil {
		return nil, err
	}
	of := s.measure
	if s.ordinary() {
		of = s.measureOwn
	}
	if out.Children, err = of(b, o.Measure, s.config.CalibrationImages, step); err != nil {
		return nil, err
	}
	measured, err := json.Marshal(out.Children)
	if err != nil {
		return nil, err
	}
	b.Metadata[KeyMeasured] = string(measured)
	out.File, err = weights.Marshal(b, weights.Float16)
	return out, err
}

// check measures how far predicted statistics are off for children that the fit has not seen.
// Where that is far, those to measure get statistics of their own.
func (s *Source) check(out *Result, b *weights.Bundle, o Options, step func() error) (err error) {
	r := rand.New(rand.NewPCG(s.config.Seed, 0xc4ec))
	var unseen []arch.Arch
	for range o.Check {
		unseen = append(unseen, b.Net.Space.Sample(r))
	}
	if out.Check, err = s.measure(b, unseen, cmp.Or(o.CheckImages, s.config.CalibrationImages), step); err != nil {
		return err
	}
	mean, worst := out.StatisticsError()
	if o.Check > 0 {
		text, err := json.Marshal(classify.Doubt{Mean: mean, Worst: worst, Children: o.Check})
		if err != nil {
			return err
		}
		b.Metadata[classify.KeyDoubt] = string(text)
	}
	if out.Own = len(o.Measure) > 0 && (mean > near || o.Check == 0 && s.train.Len() < few || s.ordinary()); !out.Own {
		return nil
	}
	own := map[string]*supernet.Statistics{}
	for _, a := range o.Measure {
		st, err := measure.Calibrate(b.Net, a, s.train, b.Spec, s.config.CalibrationImages)
		if err != nil {
			return err
		}
		if own[a.String()] = st; s.ordinary() { // a download, in which they are half as long
			for _, layers := range [][][]float32{st.Mean, st.Variance} {
				for _, l := range layers {
					for i, v := range l {
						l[i] = weights.Single(weights.Half(v))
					}
				}
			}
		}
	}
	b.Statistics.Own = own
	return nil
}

// ordinary reports whether the run has trained the biggest child alone.
func (s *Source) ordinary() bool { return s.config.Alone != "" }

func (s *Source) fitStatistics(w *supernet.Weights, spec preprocess.Spec, o Options, step func() error) (*bnstats.Model, error) {
	if s.ordinary() {
		return &bnstats.Model{Net: w}, nil
	}
	r := rand.New(rand.NewPCG(s.config.Seed, 0xf17))
	var cal []bnstats.Calibrated
	for i := range o.Children {
		a := w.Space.Sample(r)
		if i%2 == 1 { // few random children have the last layers and channels
			grow(&a, r)
		}
		switch i {
		case 0:
			a = w.Space.Min()
		case 1:
			a = w.Space.Max()
		}
		// Each on images of its own, so that what is peculiar to some images averages
		// out in the fit.
		c, err := trainer.CalibrateActivations(w, a, measure.Batches(s.train.Part(i, o.Images), spec, a))
		if err != nil {
			return nil, err
		}
		cal = append(cal, *c)
		if err := step(); err != nil {
			return nil, err
		}
	}
	return bnstats.Fit(w, cal)
}

// grow gives every stage all its layers, the new ones with random kernels and expansions, and at
// random all its channels.
func grow(a *arch.Arch, r *rand.Rand) {
	widest := func(v *int, of []int) {
		if r.IntN(2) == 0 {
			*v = of[len(of)-1]
		}
	}
	widest(&a.Stem, a.Space.Stem)
	widest(&a.Head, a.Space.Head)
	for i, st := range a.Space.Stages {
		c := &a.Stages[i]
		widest(&c.Width, st.Widths)
		for c.Depth = st.Depths[len(st.Depths)-1]; len(c.Kernels) < c.Depth; {
			k := c.Kernels[0]
			if a.Space.KernelPerLayer {
				k = st.Kernels[r.IntN(len(st.Kernels))]
			}
			c.Kernels = append(c.Kernels, k)
			if a.Space.ExpansionPerLayer {
				c.Expansions = append(c.Expansions, st.Expansions[r.IntN(len(st.Expansions))])
			}
		}
	}
}

func (s *Source) measure(b *weights.Bundle, children []arch.Arch, images int, step func() error) (out []Measured, err error) {
	for _, a := range children {
		m, err := Measure(b.Net, b.Statistics, b.Spec, a, s.train, s.val, images)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		if err := step(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// measureOwn measures children with the calibrated statistics that the file has of them.
func (s *Source) measureOwn(b *weights.Bundle, children []arch.Arch, _ int, step func() error) (out []Measured, err error) {
	for _, a := range children {
		c, err := b.Net.Child(a, b.Statistics.Own[a.String()])
		if err != nil {
			return nil, err
		}
		acc, err := measure.Evaluate(c, s.val, b.Spec, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, Measured{a.String(), acc.Top1, acc.Top1, s.val.Len()})
		if err := step(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// KeyMeasured is the metadata entry of a weights file with the accuracy of
// children: a JSON list of Measured.
const KeyMeasured = "measured"

// Measure evaluates a child on val with both kinds of statistics: calibrated on
// that many images of train, and predicted by m.
func Measure(w *supernet.Weights, m *bnstats.Model, spec preprocess.Spec, a arch.Arch, train, val dataset.Subset, images int) (Measured, error) {
	own, err := measure.Calibrate(w, a, train, spec, images)
	if err != nil {
		return Measured{}, err
	}
	predicted, err := m.Predict(a)
	if err != nil {
		return Measured{}, err
	}
	var top1 [2]float64
	for i, st := range []*supernet.Statistics{own, predicted} {
		c, err := w.Child(a, st)
		if err != nil {
			return Measured{}, err
		}
		acc, err := measure.Evaluate(c, val, spec, nil)
		if err != nil {
			return Measured{}, err
		}
		top1[i] = acc.Top1
	}
	return Measured{a.String(), top1[0], top1[1], val.Len()}, nil
}

// StatisticsError is the mean and the greatest absolute difference in top-1, 0
// to 1, between predicted and calibrated BN statistics.
func (r *Result) StatisticsError() (mean, worst float64) {
	for _, c := range r.Check {
		d := math.Abs(c.Calibrated - c.Predicted)
		mean += d / float64(len(r.Check))
		worst = max(worst, d)
	}
	return mean, worst
}
