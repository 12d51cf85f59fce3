package run

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// ReleaseOptions says how a run becomes a weights file.
type ReleaseOptions struct {
	Children int // calibrated to fit the BN statistics of all others
	Images   int // training pictures each is calibrated on
	Check    int // children that the fit has not seen, to measure its error on
	// Progress hears of every child; it may be nil.
	Progress func(done, total int)
}

// Measured is the accuracy of one child on the validation pictures.
type Measured struct {
	Arch string `json:"arch"`
	Accuracy
}

// StatisticsCheck compares, for one child that the fit has not seen, top-1 with
// predicted statistics and with its own.
type StatisticsCheck struct {
	Arch       string  `json:"arch"`
	Calibrated float64 `json:"calibrated"`
	Predicted  float64 `json:"predicted"`
	N          int     `json:"n"`
}

// Release is a weights file and what was measured of it.
type Release struct {
	File     []byte
	Children []Measured // smallest, middle, biggest, calibrated
	Check    []StatisticsCheck
}

// Release rounds the run's weights to half precision, fits BN statistics for
// any child on children calibrated on training pictures, measures the result on
// the validation pictures, and packs all of it. No validation picture is fitted on.
func (s *Session) Release(o ReleaseOptions) (*Release, error) {
	w := s.Best().Like()
	supernet.Convert(w, s.Best())
	for _, p := range w.Params { // measure what ships
		for i, v := range p.Data {
			p.Data[i] = weights.Single(weights.Half(v))
		}
	}
	total := o.Children + o.Check + 3
	done := 0
	step := func() {
		if done++; o.Progress != nil {
			o.Progress(done, total)
		}
	}
	model, err := s.fitStatistics(w, o, step)
	if err != nil {
		return nil, err
	}
	out := &Release{}
	space := w.Space
	for _, a := range []arch.Arch{space.Min(), Middle(space), space.Max()} {
		acc, err := CalibrateAndEvaluate(w, a, s.Train, s.Val, Spec, s.Config.CalibrationImages)
		if err != nil {
			return nil, err
		}
		out.Children = append(out.Children, Measured{a.String(), acc})
		step()
	}
	measured, err := json.Marshal(out.Children)
	if err != nil {
		return nil, err
	}
	b := &weights.Bundle{Net: w, Statistics: model, Spec: Spec, Labels: s.Data.Labels, Metadata: map[string]string{
		"training": s.text, "seed": fmt.Sprint(s.Config.Seed), "epochs": fmt.Sprint(s.done), "measured": string(measured),
	}}
	if out.File, err = weights.Marshal(b, weights.Float16); err != nil {
		return nil, err
	}
	if b, err = weights.Unmarshal(out.File); err != nil { // check the statistics as stored
		return nil, err
	}
	out.Check, err = s.checkStatistics(w, b.Statistics, o, step)
	return out, err
}

func (s *Session) fitStatistics(w *supernet.Weights, o ReleaseOptions, step func()) (*supernet.StatisticsModel, error) {
	r := rand.New(rand.NewPCG(s.Config.Seed, 0xf17))
	var cal []supernet.Calibrated
	for i := range o.Children {
		a := w.Space.Sample(r)
		switch i {
		case 0:
			a = w.Space.Min()
		case 1:
			a = w.Space.Max()
		}
		st, err := Calibrate(w, a, s.Train, Spec, o.Images)
		if err != nil {
			return nil, err
		}
		cal = append(cal, supernet.Calibrated{Arch: a, Statistics: st})
		step()
	}
	return supernet.FitStatistics(w.Space, cal)
}

func (s *Session) checkStatistics(w *supernet.Weights, m *supernet.StatisticsModel, o ReleaseOptions, step func()) ([]StatisticsCheck, error) {
	r := rand.New(rand.NewPCG(s.Config.Seed, 0xc4ec))
	var out []StatisticsCheck
	for range o.Check {
		a := w.Space.Sample(r)
		acc, err := CalibrateAndEvaluate(w, a, s.Train, s.Val, Spec, s.Config.CalibrationImages)
		if err != nil {
			return nil, err
		}
		st, err := m.Predict(a)
		if err != nil {
			return nil, err
		}
		c, err := w.Child(a, st)
		if err != nil {
			return nil, err
		}
		p, err := Evaluate(c, s.Val, Spec, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, StatisticsCheck{a.String(), acc.Top1, p.Top1, p.N})
		step()
	}
	return out, nil
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
