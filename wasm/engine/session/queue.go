package session

import (
	"errors"
	"slices"

	"bignas/core/fault"
)

// job is one accepted request that computes.
type job struct {
	id        int64
	kind      string // of slow jobs: there is one of each
	cancelled bool
	by        int64 // the request that took its place, 0 for none
	// run computes for a while and reports whether that was all; it posts what
	// there is to say. It calls between every few milliseconds and returns its
	// error as it is.
	run func(between func() error) (done bool, err error)
}

// work is the jobs of a session, guarded by Session.mu.
type work struct {
	running *job
	newest  *job   // the classify request that waits
	queue   []*job // all of these are answered, in their order
	slow    []*job // a search, a measurement: get what time is left, in turn
	wake    chan struct{}
}

// errAside ends a run for something more urgent; it begins again later.
var errAside = errors.New("something more urgent waits")

// enqueue accepts a job for the queue.
func (s *Session) enqueue(j *job) {
	s.mu.Lock()
	s.queue = append(s.queue, j)
	s.mu.Unlock()
	s.awake()
}

func (s *Session) awake() {
	select {
	case s.wake <- struct{}{}:
	default: // Run has been woken already
	}
}

// replace lets j take the place of the classify request that waits.
func (s *Session) replace(j *job) {
	s.mu.Lock()
	old := s.newest
	s.newest = j
	s.mu.Unlock()
	if old != nil {
		s.fail(old.id, superseded(j.id))
	}
	s.awake()
}

// background accepts a slow job in place of the one of its kind that is under way.
func (s *Session) background(kind string, j *job) {
	j.kind = kind
	var old int64
	s.mu.Lock()
	s.slow = slices.DeleteFunc(s.slow, func(o *job) bool {
		if o.kind == kind {
			old = o.id
		}
		return o.kind == kind
	})
	if r := s.running; r != nil && r.kind == kind {
		r.by = j.id
	}
	s.slow = append(s.slow, j)
	s.mu.Unlock()
	if old != 0 {
		s.fail(old, superseded(j.id))
	}
	s.awake()
}

// cancel ends the request of that id, waiting or running; an unknown id is one
// that has been answered.
func (s *Session) cancel(id int64) {
	s.mu.Lock()
	waited := false
	is := func(j *job) bool { return j != nil && j.id == id }
	switch {
	case s.opening.id == id:
		s.opening.id = 0
	case is(s.running):
		s.running.cancelled = true
	case is(s.newest):
		s.newest, waited = nil, true
	default:
		n := len(s.queue) + len(s.slow)
		s.queue, s.slow = slices.DeleteFunc(s.queue, is), slices.DeleteFunc(s.slow, is)
		waited = len(s.queue)+len(s.slow) < n
	}
	s.mu.Unlock()
	if waited {
		s.fail(id, cancelled(id))
	}
}

// urgency of what waits, the least first: a job steps aside for what is more urgent.
const (
	classifies = iota
	queued
	slow
	nothing
)

// waits is the most urgent kind of work that waits. The caller holds s.mu.
func (s *Session) waits() int {
	switch {
	case s.newest != nil:
		return classifies
	case len(s.queue) > 0:
		return queued
	case len(s.slow) > 0:
		return slow
	}
	return nothing
}

// Run computes what the queues hold, the most urgent first. It never returns.
func (s *Session) Run() {
	answered := false
	for range s.wake {
		for {
			s.mu.Lock()
			kind := s.waits()
			var j *job
			switch kind {
			case classifies:
				j, s.newest = s.newest, nil
			case queued:
				j, s.queue = s.queue[0], s.queue[1:]
			case slow:
				j, s.slow = s.slow[0], s.slow[1:]
			}
			s.running = j
			s.mu.Unlock()
			if j == nil {
				if answered {
					s.idle()
				}
				break
			}
			s.advance(j, kind)
			answered = answered || kind == classifies
			s.yield() // the answer leaves, and newer requests come in, before the next one starts
		}
	}
}

// advance runs a job and puts it back where it is not at its end.
func (s *Session) advance(j *job, kind int) {
	done, err := s.protect(j, func() error {
		s.yield()
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case j.cancelled || j.by != 0:
			return errCancelled
		case s.waits() < kind:
			return errAside
		}
		return nil
	})
	s.mu.Lock()
	s.running = nil
	stopped := j.cancelled || j.by != 0
	if err == nil && !done && !stopped { // the others of its kind are next
		s.slow = append(s.slow, j)
	}
	if errors.Is(err, errAside) && !stopped {
		if kind == queued {
			s.queue = append([]*job{j}, s.queue...)
		} else {
			s.slow = append(s.slow, j)
		}
	}
	s.mu.Unlock()
	switch {
	case done && err == nil: // it was too late to stop it
	case j.by != 0:
		s.fail(j.id, superseded(j.by))
	case j.cancelled:
		s.fail(j.id, cancelled(j.id))
	case err != nil && !errors.Is(err, errAside):
		s.fail(j.id, err)
	}
}

// protect turns a panic into an error.
func (s *Session) protect(j *job, between func() error) (done bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New("internal", "choose another size or reload the page", "the engine failed: %v", p)
		}
	}()
	return j.run(between)
}
