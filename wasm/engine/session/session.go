package session

import (
	"errors"
	"fmt"
	"sync"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/latency"
	"bignas/core/predict"
	"bignas/core/search"
)

// Session is one engine and the image that it looks at. Handle may be called
// at any time, also while Run computes; Run is called once.
type Session struct {
	post  func(text string, data []byte)
	yield func()

	mu        sync.Mutex // never held while computing or yielding
	space     *arch.Space
	classes   int
	biggest   int64 // parameters of the biggest child
	engine    *classify.Engine
	predictor *predict.Predictor // nil without
	latency   *latency.Model     // nil before it was measured
	baseline  []uint64           // a checksum per shared tensor, as downloaded; nil until there was time
	image     *classify.Image
	photos    [10]*classify.Image // kept beside it, nil where there is none
	body      *classify.Engine    // engine, or what it is without a taught classifier
	foretold  *predict.Predictor  // predictor, of body
	examples  examples
	teaching  *teaching // nil where there is none
	looker    looker
	opening   opening
	work
}

// New returns a session that sends its replies to post and lets other messages
// in by calling yield after every block of a forward pass.
func New(post func(text string, data []byte), yield func()) *Session {
	return &Session{post: post, yield: yield, work: work{wake: make(chan struct{}, 1)}}
}

// Handle serves one message. What needs no forward pass, no search and no decoding is
// answered before it returns; data belongs to the session from then on.
func (s *Session) Handle(text string, data []byte) {
	q, err := decode(text)
	if err != nil {
		s.fail(q.ID, fault.New(CodeBadMessage, "reload the page", "a message to the engine is not understood: %v", err))
		return
	}
	if err := s.serve(q, data); err != nil {
		s.fail(q.ID, err)
	}
}

func (s *Session) serve(q request, data []byte) (err error) {
	defer recovered(q.Type, &err)
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
	case "image":
		return s.openImage(q, data)
	case "photo":
		return s.photo(q, data)
	case "seen":
		return s.seen(q)
	case "classify":
		return s.classify(q)
	case "try":
		return s.try(q)
	case "cam":
		return s.cam(q)
	case "maps":
		return s.maps(q)
	case "statistics":
		return s.statistics(q)
	case "shared":
		return s.shared(q)
	case "export":
		return s.export(q)
	case "search":
		return s.search(q)
	case "latency":
		return s.measure(q)
	case "example":
		return s.example(q, data)
	case "forget":
		return s.forget(q)
	case "teach":
		return s.teach(q)
	case "enough":
		return s.enough(q)
	case "adopt":
		return s.adopt(q, data)
	case "save":
		return s.save(q, data)
	case "verify":
		return s.verify(q)
	case "cancel":
		s.cancel(q.Target)
		s.send(q.ID, "cancelled")
		return nil
	}
	return fault.New(CodeBadMessage, "reload the page", "the engine knows no message of type %q", q.Type)
}

// recovered turns a panic into an error: one bad message must not end the engine.
func recovered(kind string, err *error) {
	if p := recover(); p != nil {
		*err = fault.New("internal", "reload the page", "the engine failed at %q: %v", kind, p)
	}
}

func (s *Session) send(id int64, kind string, fields ...field) { s.post(encode(id, kind, fields), nil) }

func (s *Session) fail(id int64, err error) {
	s.send(id, "error", member("error", faultRecord(fault.Of(err))))
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
	s.send(q.ID, "space")
	return nil
}

func (s *Session) setSpace(space *arch.Space, classes int) {
	biggest := cost.Totals(space.Max(), classes).Params
	s.mu.Lock()
	defer s.mu.Unlock()
	s.space, s.classes, s.biggest = space, classes, biggest
}

// child returns an architecture that a request describes, checked.
func (s *Session) child(q request, a *arch.Arch, name string) (arch.Arch, error) {
	space := s.currentSpace()
	if space == nil {
		return arch.Arch{}, fault.New(CodeNoWeights, "wait until the engine has started", "no search space is open yet")
	}
	if a == nil {
		return arch.Arch{}, fault.New(CodeBadMessage, "reload the page", "the message %q has no %s", q.Type, name)
	}
	a.Space = space
	if err := space.Validate(*a); err != nil {
		return arch.Arch{}, fault.As(err, CodeBadArch)
	}
	return *a, nil
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
	read := space.Parse
	if e, _ := s.current(); e != nil { // knows the names of the family too
		read = e.Parse
	}
	a, err := read(q.Arch)
	if err != nil {
		f := *fault.As(err, CodeBadArch)
		f.Hint = "the link was damaged; choose a size with the sliders"
		return &f
	}
	s.send(q.ID, "child", member("arch", a.String()), member("child", a.Record()))
	return nil
}

func (s *Session) cost(q request) error {
	a, err := s.child(q, q.Child, "child")
	if err != nil {
		return err
	}
	s.mu.Lock()
	classes, biggest, predictor, model := s.classes, s.biggest, s.predictor, s.latency
	s.mu.Unlock()
	c, layers := search.Count(a, classes), 0
	for _, st := range a.Stages {
		layers += st.Depth
	}
	out := record{member("macs", c.MACs), member("params", c.Params), member("bytes", c.Bytes), member("share", float64(c.Params)/float64(biggest)),
		member("layers", layers), member("memory", c.Memory)}
	if predictor != nil {
		out = append(out, member("accuracy", record{member("p", predictor.Function()(a, c.MACs, c.Params)), member("error", predictor.Unseen.MeanError),
			member("kind", string(search.Predicted)), member("n", predictor.Source.N)}))
	}
	if model != nil {
		out = append(out, member("latency", model.Child(a)))
	}
	s.send(q.ID, "cost", member("arch", a.String()), member("cost", out))
	return nil
}

func (s *Session) current() (*classify.Engine, *classify.Image) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine, s.image
}

// looking is current where both are needed; photo is the number of one that is kept, or 0.
func (s *Session) looking(photo int) (*classify.Engine, *classify.Image, error) {
	e, p := s.current()
	if photo != 0 {
		if photo < 0 || photo > len(s.photos) {
			return nil, nil, fault.New(CodeBadMessage, "reload the page", "the photo is %d, allowed is 1 to %d", photo, len(s.photos))
		}
		s.mu.Lock()
		p = s.photos[photo-1]
		s.mu.Unlock()
	}
	switch {
	case e == nil:
		return nil, nil, errNoWeights()
	case p == nil:
		return nil, nil, errNoImage()
	}
	return e, p, nil
}

func errNoWeights() error {
	return fault.New(CodeNoWeights, "wait for the download or try it again", "the weights are not here yet")
}

func errNoImage() error {
	return fault.New(CodeNoImage, "choose an image", "there is no image to look at")
}

// superseded and cancelled are the two ways in which a request ends without an
// answer and without anything being wrong.
func superseded(by int64) error {
	return fault.New(CodeSuperseded, "", "request %d came later and took its place", by)
}

var errCancelled = errors.New("cancelled")

func cancelled(id int64) error {
	return &fault.Error{Code: CodeCancelled, Message: fmt.Sprintf("request %d was cancelled", id)}
}
