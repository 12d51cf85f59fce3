package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
)

// Session is one engine and the picture that it looks at. Handle may be called
// at any time, also while Run computes; Run is called once.
type Session struct {
	post  func(text string, data []byte)
	yield func()

	mu       sync.Mutex // never held while computing or yielding
	space    *arch.Space
	classes  int
	biggest  int64 // parameters of the biggest child
	engine   *classify.Engine
	baseline []uint32 // a checksum per shared tensor, as downloaded
	picture  *classify.Picture
	running  *job
	waiting  *job
	wake     chan struct{}
	pieces   []piece // of the weights file, that wait for Run
}

// job is one accepted classify request.
type job struct {
	id        int64
	a         arch.Arch
	inherited bool
	engine    *classify.Engine
	picture   *classify.Picture
	cancelled bool
}

// New returns a session that sends its replies to post and lets other messages
// in by calling yield after every block of a forward pass.
func New(post func(text string, data []byte), yield func()) *Session {
	return &Session{post: post, yield: yield, wake: make(chan struct{}, 1)}
}

// Handle serves one message. Everything but classify is answered before it
// returns; data belongs to the session from then on.
func (s *Session) Handle(text string, data []byte) {
	var q request
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		s.fail(q.ID, fault.New(CodeBadMessage, "reload the page", "a message to the engine is not understood: %v", err))
		return
	}
	if err := s.serve(q, data); err != nil {
		s.fail(q.ID, err)
	}
}

func (s *Session) serve(q request, data []byte) (err error) {
	defer func() { // one bad message must not end the engine
		if p := recover(); p != nil {
			err = fault.New("internal", "reload the page", "the engine failed at %q: %v", q.Type, p)
		}
	}()
	switch q.Type {
	case "space":
		return s.openSpace(q)
	case "boot":
		return s.boot(q, data)
	case "more":
		return s.more(q, data)
	case "parse":
		return s.parse(q)
	case "cost":
		return s.cost(q)
	case "picture":
		return s.openPicture(q, data)
	case "view":
		return s.view(q)
	case "classify":
		return s.enqueue(q)
	case "verify":
		return s.verify(q)
	case "cancel":
		s.cancel(q.Target)
		s.send(reply{ID: q.ID, Type: "cancelled"})
		return nil
	}
	return fault.New(CodeBadMessage, "reload the page", "the engine knows no message of type %q", q.Type)
}

func (s *Session) send(r reply) { s.post(encode(r), nil) }

func (s *Session) fail(id int64, err error) {
	s.send(reply{ID: id, Type: "error", Error: fault.Of(err)})
}

func (s *Session) openSpace(q request) error {
	space, err := arch.Lookup(q.Space)
	if err != nil {
		return fault.As(err, CodeBadMessage)
	}
	if q.Classes < 1 {
		return fault.New(CodeBadMessage, "", "the number of classes is %d, allowed is 1 or more", q.Classes)
	}
	s.setSpace(space, q.Classes)
	s.send(reply{ID: q.ID, Type: "space"})
	return nil
}

func (s *Session) setSpace(space *arch.Space, classes int) {
	biggest := cost.ForClasses(space.Max(), classes).Params
	s.mu.Lock()
	defer s.mu.Unlock()
	s.space, s.classes, s.biggest = space, classes, biggest
}

// child returns the architecture that a request describes, checked.
func (s *Session) child(q request) (arch.Arch, error) {
	space := s.currentSpace()
	if space == nil {
		return arch.Arch{}, fault.New(CodeNoWeights, "wait until the engine has started", "no search space is open yet")
	}
	if q.Child == nil {
		return arch.Arch{}, fault.New(CodeBadMessage, "reload the page", "the message %q has no child", q.Type)
	}
	a := *q.Child
	a.Space = space
	if err := space.Validate(a); err != nil {
		return arch.Arch{}, fault.As(err, CodeBadArch)
	}
	return a, nil
}

func (s *Session) currentSpace() *arch.Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.space
}

func (s *Session) parse(q request) error {
	space := s.currentSpace()
	if space == nil {
		return fault.New(CodeNoWeights, "wait until the engine has started", "no search space is open yet")
	}
	a, err := space.Parse(q.Arch)
	if err != nil {
		f := *fault.As(err, CodeBadArch)
		f.Hint = "the link was damaged; choose a size with the sliders"
		return &f
	}
	s.send(reply{ID: q.ID, Type: "child", Arch: a.String(), Child: &a})
	return nil
}

func (s *Session) cost(q request) error {
	a, err := s.child(q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	classes, biggest := s.classes, s.biggest
	s.mu.Unlock()
	r := cost.ForClasses(a, classes)
	c := &counts{MACs: r.MACs, Params: r.Params, Bytes: r.Bytes, Share: float64(r.Params) / float64(biggest)}
	for _, st := range a.Stages {
		c.Layers += st.Depth
	}
	s.send(reply{ID: q.ID, Type: "cost", Arch: r.Arch, Cost: c})
	return nil
}

func (s *Session) openPicture(q request, data []byte) error {
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	p, err := e.OpenPicture(data)
	if err != nil {
		return err
	}
	w, h := p.Image().W, p.Image().H
	s.mu.Lock()
	s.picture = p
	s.mu.Unlock()
	s.send(reply{ID: q.ID, Type: "picture", Width: w, Height: h})
	return nil
}

func (s *Session) current() (*classify.Engine, *classify.Picture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine, s.picture
}

func errNoWeights() error {
	return fault.New(CodeNoWeights, "wait for the download or try it again", "the weights are not here yet")
}

func errNoPicture() error {
	return fault.New(CodeNoPicture, "choose a picture", "there is no picture to look at")
}

// superseded and cancelled are the two ways in which a classify request ends
// without an answer and without anything being wrong.
func superseded(by int64) error {
	return fault.New(CodeSuperseded, "", "request %d came later and took its place", by)
}

var errCancelled = errors.New("cancelled")

func cancelled(id int64) error {
	return &fault.Error{Code: CodeCancelled, Message: fmt.Sprintf("request %d was cancelled", id)}
}
