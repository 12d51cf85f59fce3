package latency

import (
	"math/rand/v2"

	"bignas/core/arch"
)

// Timer measures times on the device that the model is for, in milliseconds, such as the best
// of several runs. An error ends the step and is returned unchanged.
type Timer struct {
	// Part times a part by itself.
	Part func(Part) (float64, error)
	// Child times a whole forward pass of one image.
	Child func(arch.Arch) (float64, error)
}

const (
	scaled = 8  // children that the sums of parts are scaled to, including the smallest and the biggest
	tested = 10 // children that the error is measured on
)

// Measurement measures a model step by step, so that other work can be done in between.
type Measurement struct {
	space    *arch.Space
	classes  int
	timer    Timer
	parts    []Part
	children []arch.Arch // first those for the scale
	rows     []Row
	samples  []Sample
}

// NewMeasurement prepares the measurement of a space with that many classes. The children are
// drawn with the seed.
func NewMeasurement(s *arch.Space, classes int, seed uint64, t Timer) *Measurement {
	m := &Measurement{space: s, classes: classes, timer: t, parts: Plan(s, classes), children: []arch.Arch{s.Min(), s.Max()}}
	r := rand.New(rand.NewPCG(seed, 0x1a7e))
	// In random order, so that drift does not look like a difference between parts.
	r.Shuffle(len(m.parts), func(i, j int) { m.parts[i], m.parts[j] = m.parts[j], m.parts[i] })
	for len(m.children) < scaled+tested {
		m.children = append(m.children, s.Sample(r))
	}
	return m
}

// Progress returns how many of the measurements are done.
func (m *Measurement) Progress() (done, total int) {
	return len(m.rows) + len(m.samples), len(m.parts) + len(m.children)
}

// Step makes one measurement and reports whether it was the last. After an error the next
// Step repeats it.
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

// Model returns the model of a finished measurement, its mean relative error on children that
// it was not scaled to, and their number.
func (m *Measurement) Model() (model *Model, failure float64, children int, err error) {
	if model, err = Fit(m.space, m.classes, m.rows, m.samples[:scaled]); err != nil {
		return nil, 0, 0, err
	}
	unseen := m.samples[scaled:]
	return model, model.Test(unseen), len(unseen), nil
}
