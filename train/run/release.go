package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/core/weights"
	"bignas/train/dataset"
)

// ReleaseOptions says how a run becomes a weights file.
type ReleaseOptions struct {
	Children int // calibrated to fit the BN statistics of all others
	Images   int // training images each is calibrated on, every child on others
	Check    int // children that the fit has not seen, to measure its error on
	// CheckImages is the training images that those are calibrated on: as few as
	// the fit's would be off by more than the fit is. 0: as many as in training.
	CheckImages int
	Measure     []arch.Arch // children whose accuracy the file and the page state
	// Crop is the share of an image's short side that children see, stored in the
	// file's preprocessing. Training shows crops, in which things are bigger than in
	// whole images (Touvron et al., arXiv 1906.06423). 0: that of Spec.
	Crop float64
	// Family names children: architectures by name, kept in the file.
	Family map[string]string
	// Progress hears of every child; it may be nil.
	Progress func(done, total int)
}

// Measured is the top-1 of one child on N validation images, 0 to 1: with BN
// statistics calibrated for it on training images, and with those that the
// file predicts for it, which is what the page runs.
type Measured struct {
	Arch       string  `json:"arch"`
	Calibrated float64 `json:"calibrated"`
	Predicted  float64 `json:"predicted"`
	N          int     `json:"n"`
}

// Release is a weights file and what was measured of it.
type Release struct {
	File     []byte
	Children []Measured // those of ReleaseOptions.Measure
	Check    []Measured // children that the fit of the statistics has not seen
}

// Release rounds the run's weights to half precision, fits BN statistics for
// any child on children calibrated on training images, measures the result on
// the validation images, and packs all of it. No validation image is fitted on.
// It ends with ctx, after the child in hand.
func (s *Session) Release(ctx context.Context, o ReleaseOptions) (*Release, error) {
	if own, err := arch.Lookup(s.Config.Space); err != nil || own != s.space || s.alone != nil {
		return nil, fault.New("bad_release", "train the whole space with its own shortcuts", "a run of one child alone, or with other shortcuts than the space's, is an experiment: its weights are no supernet of the space %s", s.Config.Space)
	}
	w := s.Best().Like()
	supernet.Convert(w, s.Best())
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
	spec := Spec
	spec.Crop = cmp.Or(o.Crop, spec.Crop)
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	model, err := s.fitStatistics(w, spec, o, step)
	if err != nil {
		return nil, err
	}
	out := &Release{}
	b := &weights.Bundle{Net: w, Statistics: model, Spec: spec, Labels: s.Data.Labels, Metadata: map[string]string{
		keyTraining: s.text, "seed": fmt.Sprint(s.Config.Seed), keyEpochs: fmt.Sprint(s.state.Epoch),
		KeyClassIDs: classText(s.Data.Classes),
	}}
	if len(o.Family) > 0 {
		text, err := json.Marshal(o.Family)
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
	if out.Children, err = s.measure(b, o.Measure, s.Config.CalibrationImages, step); err != nil {
		return nil, err
	}
	measured, err := json.Marshal(out.Children)
	if err != nil {
		return nil, err
	}
	b.Metadata[KeyMeasured] = string(measured)
	if out.File, err = weights.Marshal(b, weights.Float16); err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(s.Config.Seed, 0xc4ec))
	var unseen []arch.Arch
	for range o.Check {
		unseen = append(unseen, w.Space.Sample(r))
	}
	out.Check, err = s.measure(b, unseen, cmp.Or(o.CheckImages, s.Config.CalibrationImages), step)
	return out, err
}

func (s *Session) fitStatistics(w *supernet.Weights, spec preprocess.Spec, o ReleaseOptions, step func() error) (*bnstats.Model, error) {
	r := rand.New(rand.NewPCG(s.Config.Seed, 0xf17))
	var cal []bnstats.Calibrated
	for i := range o.Children {
		a := w.Space.Sample(r)
		if i%2 == 1 { // the last layers and channels are in few others, which is little to learn from
			grow(&a, r)
		}
		switch i {
		case 0:
			a = w.Space.Min()
		case 1:
			a = w.Space.Max()
		}
		// Each on images of its own: what is special about some images evens out
		// in the fit, as it would not if all children had seen the same.
		c, err := trainer.CalibrateActivations(w, a, calibration(s.Train.Part(i, o.Images), spec, a.Resolution))
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

// grow gives all stages all their layers, the new ones with kernels by chance, and
// by chance all their channels.
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
		}
	}
}

func (s *Session) measure(b *weights.Bundle, children []arch.Arch, images int, step func() error) (out []Measured, err error) {
	for _, a := range children {
		m, err := Measure(b.Net, b.Statistics, b.Spec, a, s.Train, s.Val, images)
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

// KeyMeasured is the metadata entry of a weights file with the accuracy of
// children: a JSON list of Measured.
const KeyMeasured = "measured"

// Measure evaluates a child on val with both kinds of statistics: calibrated on
// that many images of train, and predicted by m.
func Measure(w *supernet.Weights, m *bnstats.Model, spec preprocess.Spec, a arch.Arch, train, val dataset.Subset, images int) (Measured, error) {
	own, err := Calibrate(w, a, train, spec, images)
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
		acc, err := Evaluate(c, val, spec, nil)
		if err != nil {
			return Measured{}, err
		}
		top1[i] = acc.Top1
	}
	return Measured{a.String(), top1[0], top1[1], val.Len()}, nil
}

// StatisticsError is the mean and the greatest absolute difference in top-1, 0
// to 1, between predicted and calibrated BN statistics.
func (r *Release) StatisticsError() (mean, worst float64) {
	for _, c := range r.Check {
		d := math.Abs(c.Calibrated - c.Predicted)
		mean += d / float64(len(r.Check))
		worst = max(worst, d)
	}
	return mean, worst
}
