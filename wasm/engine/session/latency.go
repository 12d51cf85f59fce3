package session

import (
	"time"

	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/latency"
	"bignas/core/plainjson"
)

// measure accepts the measurement of this device; it ends the one before it.
func (s *Session) measure(q request) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	if e.Statistics() == nil {
		return fault.New(classify.CodeNoStatistics, "export the weights with statistics", "the weights file has no BN statistics, and no child runs without")
	}
	info, start := e.Info(), time.Now()
	m := &measuring{s: s, id: q.ID}
	timer := e.Timer(func() time.Duration { return time.Since(start) }, func() error { return m.between() })
	m.measurement = latency.NewMeasurement(info.Space, len(info.Labels), q.Seed, timer)
	m.engine = e
	s.background("latency", &job{id: q.ID, run: m.slice})
	return nil
}

// measuring is a measurement under way.
type measuring struct {
	s           *Session
	id          int64
	engine      *classify.Engine
	measurement *latency.Measurement
	between     func() error // of the slice that runs
	told        time.Time
}

// slice makes one measurement.
func (m *measuring) slice(between func() error) (bool, error) {
	m.between = between
	done, err := m.measurement.Step()
	if err != nil {
		return false, err
	}
	if done {
		return true, m.finish()
	}
	if time.Since(m.told) >= telling {
		m.told = time.Now()
		done, total := m.measurement.Progress()
		m.s.send(m.id, "measuring", member("done", done), member("total", total))
	}
	return false, nil
}

// finish posts the table and lets costs and searches use it.
func (m *measuring) finish() error {
	model, failure, children, err := m.measurement.Model()
	if err != nil {
		return err
	}
	m.s.mu.Lock()
	if m.s.engine == m.engine { // other weights may have come meanwhile
		m.s.latency = model
	}
	m.s.mu.Unlock()
	table := plainjson.List{}
	for _, r := range model.Rows {
		table = append(table, record{member("operator", latency.Name(r.Part, model.Space)), member("ms", r.MS)})
	}
	m.s.send(m.id, "latency", member("error", failure), member("children", children), member("table", table))
	return nil
}
