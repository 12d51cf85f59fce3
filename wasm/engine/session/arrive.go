package session

import (
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/kernel"
)

// CodeOtherWeights is the error of a good weights file that is not the one that
// the page was built with.
const CodeOtherWeights = "other_weights"

// piece is a part of the weights file that waits to be taken in.
type piece struct {
	id   int64
	data []byte
}

// boot opens the beginning of a weights file; all of it is a beginning too.
func (s *Session) boot(q request, data []byte) error {
	e, err := classify.Begin(data)
	if err != nil {
		return badWeights(err)
	}
	info := e.Info()
	if q.Digest != "" && q.Digest != info.Digest {
		return fault.New(CodeOtherWeights, "load the page again; if that does not help, the page and the weights on the server do not belong together",
			"the weights have the digest %s, the page was built with %s", info.Digest, q.Digest)
	}
	s.setSpace(info.Space, len(info.Labels))
	ceiling := e.Ceiling()
	s.mu.Lock()
	s.engine, s.baseline, s.pieces = e, checksums(e), nil
	s.mu.Unlock()
	s.send(reply{ID: q.ID, Type: "ready", Info: &info, Ceiling: &ceiling, Kernels: kernel.Active()})
	return nil
}

// more accepts the bytes that follow. They are taken in between two answers,
// because a forward pass reads the weights.
func (s *Session) more(q request, data []byte) error {
	s.mu.Lock()
	if s.engine == nil {
		s.mu.Unlock()
		return errNoWeights()
	}
	s.pieces = append(s.pieces, piece{q.ID, data})
	s.mu.Unlock()
	s.rouse()
	return nil
}

// rouse has Run look for work.
func (s *Session) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// arrive takes in the pieces that wait. Only Run calls it.
func (s *Session) arrive() {
	for {
		s.mu.Lock()
		if len(s.pieces) == 0 {
			s.mu.Unlock()
			return
		}
		p, e := s.pieces[0], s.engine
		s.pieces = s.pieces[1:]
		s.mu.Unlock()
		if err := e.More(p.data); err != nil {
			s.fail(p.id, badWeights(err))
			continue
		}
		ceiling, sums := e.Ceiling(), checksums(e)
		s.mu.Lock()
		if s.engine == e {
			s.baseline = sums
		}
		s.mu.Unlock()
		s.send(reply{ID: p.id, Type: "more", Ceiling: &ceiling})
	}
}

func badWeights(err error) error {
	f := *fault.As(err, CodeBadWeights)
	if f.Hint == "" {
		f.Hint = "load the page again; if that does not help, the weights file on the server is wrong"
	}
	return &f
}
