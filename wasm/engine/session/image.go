package session

import (
	"runtime"
	"sync"
	"time"

	"bignas/core/classify"
)

// step is how long nothing is said about an image that is being decoded.
const step = 100 * time.Millisecond

// opening is the image that is being decoded.
type opening struct {
	id   int64      // of the newest request, 0 where that was cancelled; guarded by Session.mu
	turn sync.Mutex // held by the request that decodes

	// place keeps the memory that a photograph was decoded in for the next one: what
	// is made in between would break it up, and memory of WebAssembly never shrinks.
	place []byte
}

// bigImage is the decoded bytes from which on a place is kept.
const bigImage = 4 << 20

// openImage accepts an image in place of one that is being decoded. It is decoded
// beside everything else, because it may take long.
func (s *Session) openImage(q request, data []byte) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	s.mu.Lock()
	s.opening.id = q.ID
	s.mu.Unlock()
	go func() {
		s.opening.turn.Lock()
		defer s.opening.turn.Unlock()
		if err := s.decode(e, q, data); err != nil {
			runtime.GC() // of what it had begun
			s.fail(q.ID, err)
		}
	}()
	return nil
}

// unwanted is an error once the request has been cancelled or another one came.
func (s *Session) unwanted(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.opening.id {
	case id:
		return nil
	case 0:
		return cancelled(id)
	}
	return superseded(s.opening.id)
}

// decode opens the image and posts what became of it.
func (s *Session) decode(e *classify.Engine, q request, data []byte) (err error) {
	defer recovered(q.Type, &err)
	if err := s.unwanted(q.ID); err != nil {
		return err
	}
	if s.opening.place != nil {
		s.opening.place = nil
		runtime.GC()
	}
	told := time.Now()
	p, err := e.WatchImage(data, func(done float64) error {
		s.yield()
		if time.Since(told) >= step {
			told = time.Now()
			s.send(q.ID, "decoding", member("done", done))
		}
		return s.unwanted(q.ID)
	})
	if err != nil {
		return err
	}
	w, h := p.Size()
	// What a JPEG decoder makes of it, mostly: half as much colour as brightness, whole blocks of 16.
	if n := (w + 15) &^ 15 * ((h + 15) &^ 15) * 3 / 2; n > bigImage {
		runtime.GC()
		s.opening.place = make([]byte, n)
	}
	s.mu.Lock()
	s.image = p
	s.mu.Unlock()
	s.send(q.ID, "image", member("width", w), member("height", h))
	return nil
}
