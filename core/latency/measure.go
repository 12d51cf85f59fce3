package latency

import (
	"math/rand/v2"

	"bignas/core/arch"
)

// Timer measures on the device that the model is for. Both return milliseconds,
// the least of several runs or what else tells a quiet machine's time; an error
// ends the step and is returned as it is.
type Timer struct {
	// Part times a part by itself, with weights and activations of its sizes.
	Part func(Part) (float64, error)
	// Child times a whole forward pass of one image.
	Child func(arch.Arch) (float64, error)
}

const (
	scaled = 8  // children that the sum of parts is scaled to, the smallest and the biggest among them
	tested = 10 // children that the error is measured on
)

// Measurement makes a model step by step, so that other work can be done in
// between.
type Measurement struct {
	space    *arch.Space
	classes  int
	timer    Timer
	parts    []Part
	children []arch.Arch // those for the scale first
	rows     []Row
	samples  []Sample
}

// NewMeasurement prepares the measurement of a space with so many classes. The
// children are drawn with the seed.
func NewMeasurement(s *arch.Space, classes int, seed uint64, t Timer) *Measurement {
	m := &Measurement{space: s, classes: classes, timer: t, parts: Plan(s, classes), children: []arch.Arch{s.Min(), s.Max()}}
	r := rand.New(rand.NewPCG(seed, 0x1a7e))
	// What drifts while it is measured must not pass for a difference between parts.
	r.Shuffle(len(m.parts), func(i, j int) { m.parts[i], m.parts[j] = m.parts[j], m.parts[i] })
	for len(m.children) < scaled+tested {
		m.children = append(m.children, s.Sample(r))
	}
	return m
}

// Progress is how many of the measurements are done.
func (m *Measurement) Progress() (done, total int) {
	return len(m.rows) + len(m.samples), len(m.parts) + len(m.children)
}

// Step makes one measurement and reports whether it was the last. After an error
// the same one is next.
func (m *Measurement) Step() (done bool, err error) {
	if at := len(m.rows); at < len(m.parts) {
		ms, err := m.timer.Part(m.parts[at])
		if err != nil {
			return false, err
		}
		m.rows = append(m.rows, Row{m.parts[at], ms})
		return false, nil
	}
	if at := len(m.samples); at < len(m.children) {
		ms, err := m.timer.Child(m.children[at])
		if err != nil {
			return false, err
		}
		m.samples = append(m.samples, Sample{m.children[at], ms})
	}
	return len(m.samples) == len(m.children), nil
}

// Model returns the model of a finished measurement, its mean relative error on
// children that it was not scaled to, and how many those are.
func (m *Measurement) Model() (model *Model, failure float64, children int, err error) {
	if model, err = Fit(m.space, m.classes, m.rows, m.samples[:scaled]); err != nil {
		return nil, 0, 0, err
	}
	unseen := m.samples[scaled:]
	return model, model.Test(unseen), len(unseen), nil
}
