package session

import (
	"errors"
	"slices"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/teach"
)

const (
	storedSide = 224 // pixels on a side of an image as train teach stores it
	smallSide  = 72  // of what the page shows of it
	taughtSeed = 1   // of the children at random, as in train teach

	atOnce = 4 // images that a child looks at at once
)

// example is an image that a classifier may be taught on.
type example struct {
	id     int64
	rank   uint64
	image  *preprocess.Image // nil once all children have seen it
	pooled [][]float32       // what each child's classifier reads
}

// examples are the images of a session and the children that look at them, one child at a
// time: it is sliced once for all images that are there. Guarded by Session.mu.
type examples struct {
	body     *classify.Engine
	children []arch.Arch
	list     []*example
	at       int  // the child that looks
	looking  bool // a job for it is under way
}

// looker is the child that looks; it belongs to Run.
type looker struct {
	child *supernet.Child
	body  *classify.Engine
	at    int
	input []float32
}

// next returns some images that one child has not seen; none where all is seen.
func (x *examples) next() (some []*example) {
	for range x.children {
		for _, e := range x.list {
			if e.pooled[x.at] == nil && len(some) < atOnce {
				some = append(some, e)
			}
		}
		if some != nil {
			break
		}
		x.at = (x.at + 1) % len(x.children)
	}
	return some
}

// seen counts the children that have seen e.
func (e *example) seen() (n int) {
	for _, p := range e.pooled {
		if p != nil {
			n++
		}
	}
	return n
}

// complete reports whether all children have seen e.
func (e *example) complete() bool { return e.seen() == len(e.pooled) }

// example accepts an image; it is decoded like the one of openImage, and looked at when
// nothing else is to be done.
func (s *Session) example(q request, data []byte) error {
	e, err := s.whole()
	if err != nil {
		return err
	}
	go func() {
		s.opening.turn.Lock()
		defer s.opening.turn.Unlock()
		if err := s.addExample(e, q, data); err != nil {
			s.fail(q.ID, err)
		}
	}()
	return nil
}

// whole returns the engine of the weights that were downloaded, all of them.
func (s *Session) whole() (*classify.Engine, error) {
	s.mu.Lock()
	e := s.body
	s.mu.Unlock()
	switch {
	case e == nil || !e.Ceiling().Equal(e.Info().Space.Max()):
		return nil, errNoWeights()
	case e.Statistics() == nil:
		return nil, fault.New(classify.CodeNoStatistics, "export the weights with statistics", "the weights file has no BN statistics, and no child runs without")
	}
	return e, nil
}

func (s *Session) addExample(body *classify.Engine, q request, data []byte) (err error) {
	defer recovered(q.Type, &err)
	image, err := preprocess.Square(data, preprocess.DefaultMaxPixels, storedSide, func(float64) error {
		s.yield()
		return nil
	})
	if err != nil {
		return err
	}
	e := &example{id: q.ID, rank: teach.Rank(data), image: image}
	s.mu.Lock()
	x := &s.examples
	if x.body != body {
		*x = examples{body: body, children: teach.Children(body.Info().Space, teach.Random, taughtSeed), looking: x.looking}
	}
	e.pooled = make([][]float32, len(x.children))
	x.list = append(x.list, e)
	start := !x.looking
	x.looking = true
	s.mu.Unlock()
	if start {
		s.background("look", &job{run: s.look})
	}
	var small preprocess.Fitter
	var rgba []byte
	for i, v := range small.Fit(image, smallSide) {
		if rgba = append(rgba, v); i%3 == 2 {
			rgba = append(rgba, 255)
		}
	}
	s.post(encode(q.ID, "example", record{member("example", e.id), member("width", smallSide)}), rgba)
	return nil
}

// look is lookOnce as a job of its own.
func (s *Session) look(between func() error) (done bool, err error) {
	done, err = s.lookOnce(between)
	if err != nil && !errors.Is(err, errAside) {
		s.mu.Lock()
		s.examples.looking = false
		s.mu.Unlock()
	}
	return done, err
}

// lookOnce lets one child see a few images.
func (s *Session) lookOnce(between func() error) (done bool, err error) {
	s.mu.Lock()
	x, l := &s.examples, &s.looker
	some := x.next()
	if some == nil {
		x.looking, *l = false, looker{}
		s.mu.Unlock()
		return true, nil
	}
	at, a, body := x.at, x.children[x.at], x.body
	s.mu.Unlock()
	if l.child == nil || l.body != body || l.at != at {
		st, err := body.StatisticsOf(a, false)
		if err != nil {
			return false, err
		}
		child, err := body.Weights().Child(a, st)
		if err != nil {
			return false, err
		}
		child.Recycle(l.child)
		l.child, l.body, l.at = child, body, at
	}
	n := 3 * a.Resolution * a.Resolution
	l.input = slices.Grow(l.input[:0], len(some)*n)[:len(some)*n]
	for i, e := range some {
		body.Info().Preprocessing.Apply(l.input[i*n:(i+1)*n], e.image, a.Resolution)
	}
	if _, err := l.child.Forward(l.input, len(some), between); err != nil {
		return false, err
	}
	pooled := slices.Clone(l.child.Pooled())
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range some {
		e.pooled[at] = slices.Clip(pooled[i*a.Head : (i+1)*a.Head])
		if e.complete() {
			e.image = nil
		}
	}
	return false, nil
}

// forget drops examples.
func (s *Session) forget(q request) error {
	s.mu.Lock()
	x := &s.examples
	x.list = slices.DeleteFunc(x.list, func(e *example) bool { return slices.Contains(q.Examples, e.id) })
	s.mu.Unlock()
	s.send(q.ID, "forgot")
	return nil
}
