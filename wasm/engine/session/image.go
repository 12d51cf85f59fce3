package session

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"bignas/core/classify"
	"bignas/core/fault"
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

// photo keeps an image beside the present one, under a number of which "try" asks. It is
// decoded when nothing else is.
func (s *Session) photo(q request, data []byte) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	if q.Photo < 1 || q.Photo > len(s.photos) {
		return fault.New(CodeBadMessage, "reload the page", "the photo is %d, allowed is 1 to %d", q.Photo, len(s.photos))
	}
	go func() {
		s.opening.turn.Lock()
		defer s.opening.turn.Unlock()
		if err := s.keep(e, q, data); err != nil {
			s.fail(q.ID, err)
		}
	}()
	return nil
}

func (s *Session) keep(e *classify.Engine, q request, data []byte) (err error) {
	defer recovered(q.Type, &err)
	p, err := e.WatchImage(data, func(float64) error { s.yield(); return nil })
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.photos[q.Photo-1] = p
	s.mu.Unlock()
	s.send(q.ID, "photo")
	return nil
}

// seen posts the image as a child of that resolution sees it: the crop and the
// filter of the weights file, without the normalisation, as RGBA bytes.
func (s *Session) seen(q request) error {
	e, p, err := s.looking(0)
	if err != nil {
		return err
	}
	if of := e.Info().Space.Resolutions; !slices.Contains(of, q.Resolution) {
		return fault.New(CodeBadMessage, "", "the resolution is %d, allowed are %v", q.Resolution, of)
	}
	s.post(encode(q.ID, "seen", record{member("width", q.Resolution), member("height", q.Resolution)}), pixels(e.Crop(p, q.Resolution)))
	return nil
}

// pixels makes RGBA bytes of RGB values of 0 to 1.
func pixels(x []float32) []byte {
	rgba := make([]byte, len(x)/3*4)
	for i := range len(x) / 3 {
		for c := range 3 {
			rgba[4*i+c] = byte(min(255, max(0, math.Round(255*float64(x[3*i+c]))))) // the filter overshoots at edges
		}
		rgba[4*i+3] = 255
	}
	return rgba
}
