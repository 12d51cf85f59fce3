package session

import (
	"errors"

	"bignas/core/classify"
	"bignas/core/fault"
)

// enqueue accepts a classify request: it waits in the one place there is.
func (s *Session) enqueue(q request) error {
	a, err := s.child(q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.engine == nil || s.picture == nil {
		missing := errNoPicture()
		if s.engine == nil {
			missing = errNoWeights()
		}
		s.mu.Unlock()
		return missing
	}
	old := s.waiting
	s.waiting = &job{id: q.ID, a: a, inherited: q.Inherited, engine: s.engine, picture: s.picture}
	s.mu.Unlock()
	if old != nil {
		s.fail(old.id, superseded(q.ID))
	}
	s.rouse()
	return nil
}

// cancel ends the classify request of that id, waiting or running; an unknown
// id is one that has been answered.
func (s *Session) cancel(id int64) {
	s.mu.Lock()
	if s.running != nil && s.running.id == id {
		s.running.cancelled = true
	}
	waited := s.waiting != nil && s.waiting.id == id
	if waited {
		s.waiting = nil
	}
	s.mu.Unlock()
	if waited {
		s.fail(id, cancelled(id))
	}
}

// Run computes what enqueue accepts, one after another. It never returns.
func (s *Session) Run() {
	for range s.wake {
		for {
			s.arrive()
			s.mu.Lock()
			j := s.waiting
			s.running, s.waiting = j, nil
			s.mu.Unlock()
			if j == nil {
				break
			}
			s.compute(j)
			s.yield() // the answer leaves, and newer requests come in, before the next one starts
		}
	}
}

func (s *Session) compute(j *job) {
	defer func() {
		if p := recover(); p != nil {
			s.fail(j.id, fault.New("internal", "choose another size or reload the page", "the child %s failed: %v", j.a, p))
		}
	}()
	between := func() error {
		s.yield()
		s.mu.Lock()
		defer s.mu.Unlock()
		if j.cancelled {
			return errCancelled
		}
		return nil
	}
	r, err := j.engine.Classify(j.picture, j.a, classify.Options{Between: between, Inherited: j.inherited})
	switch {
	case errors.Is(err, errCancelled):
		s.fail(j.id, cancelled(j.id))
	case err != nil:
		s.fail(j.id, err)
	default:
		s.send(reply{ID: j.id, Type: "answer", Arch: j.a.String(),
			Answer: &answer{Top: r.Top, Timing: r.Timing, Inherited: j.inherited}})
	}
}
