package session

import (
	"time"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/search"
)

const (
	// slice is how long a search computes before messages are looked at.
	slice = 4 * time.Millisecond
	// found is how often a search says what it has found, and telling how often other work says
	// how far it is, at most. The page draws what was found no more often.
	found   = 200 * time.Millisecond
	telling = 50 * time.Millisecond
)

// search accepts a search; it ends the one before it.
func (s *Session) search(q request) error {
	s.mu.Lock()
	e, predictor, model := s.engine, s.predictor, s.latency
	s.mu.Unlock()
	if e == nil {
		return errNoWeights()
	}
	if predictor == nil {
		return fault.New(CodeNoPredictor, "use weights that come with a predictor", "there is no accuracy predictor for these weights")
	}
	info, accuracy := e.Info(), predictor.Function()
	p := search.Problem{Space: info.Space, Classes: len(info.Labels), Digest: info.Digest, Limits: q.Limits, Against: []search.Metric{search.Metric(q.Against)},
		Judge: search.Judge{Kind: search.Predicted, Error: predictor.Unseen.MeanError,
			Of: func(a arch.Arch, c search.Costs) (float64, error) { return accuracy(a, c.MACs, c.Params), nil }}}
	if model != nil {
		p.Latency = model.Child
	}
	found, err := search.New(p, search.Options{Method: q.Method, Seed: q.Seed, Evaluations: q.Evaluations})
	if err != nil {
		return err
	}
	r := &searching{s: s, id: q.ID, problem: p, search: found, start: time.Now()}
	s.background("search", &job{id: q.ID, run: r.slice})
	return nil
}

// searching is a search under way.
type searching struct {
	s           *Session
	id          int64
	problem     search.Problem
	search      *search.Search
	start, told time.Time
}

// slice steps until the time for it is over.
func (r *searching) slice(func() error) (bool, error) {
	begin := time.Now()
	for time.Since(begin) < slice {
		done, err := r.search.Step()
		if err != nil {
			return true, err
		}
		if done {
			return true, r.finish()
		}
	}
	if p := r.search.Progress(); p.Done > 0 && time.Since(r.told) >= found {
		r.told = time.Now()
		r.s.send(r.id, "searching", append(record{member("done", p.Done), member("total", p.Total), member("phase", p.Phase)}, r.outcome()...)...)
	}
	return false, nil
}

func (r *searching) finish() error {
	p := r.search.Progress()
	end := record{member("evaluations", p.Done), member("ms", time.Since(r.start).Seconds()*1000)}
	if p.Done == 0 { // random children found nothing within the limits, but the smallest child is
		least, err := r.problem.Point(r.problem.Space.Min())
		if err != nil {
			return err
		}
		end = append(end, member("front", plainjson.List{pointRecord(least)}), member("best", pointRecord(least)))
	} else {
		end = append(end, r.outcome()...)
	}
	r.s.send(r.id, "found", end...)
	return nil
}

// outcome is the front so far and the most accurate child on it.
func (r *searching) outcome() record {
	front := plainjson.List{}
	for _, p := range r.search.Front().Points() {
		front = append(front, pointRecord(p))
	}
	best, _ := r.search.Best()
	return record{member("front", front), member("best", pointRecord(best))}
}

func pointRecord(p search.Point) record {
	return record{member("arch", p.Arch.String()), member("child", p.Arch.Record()), member("costs", p.Costs.Record()),
		member("accuracy", p.Accuracy), member("error", p.Error), member("kind", string(p.Kind))}
}
