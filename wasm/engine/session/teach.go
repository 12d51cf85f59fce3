package session

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"bignas/core/fault"
	"bignas/core/plainjson"
	"bignas/core/supernet"
	"bignas/core/teach"
	"bignas/core/weights"
)

// CodeBadExamples is the error of examples that no classifier can be taught on.
const CodeBadExamples = "bad_examples"

// teaching is a classifier under way.
type teaching struct {
	s        *Session
	id       int64
	labels   []string
	examples []*example
	of       []int
	held     []bool
	trained  int // images that are not held out
	looked   int // of the first examples, those that are complete
	training *teach.Training
	told     time.Time
	enough   bool // guarded by Session.mu
}

// teach accepts a training, in place of the one before it. As in train teach, what is held
// out depends on the content of the files alone.
func (s *Session) teach(q request) error {
	if _, err := s.whole(); err != nil {
		return err
	}
	s.mu.Lock()
	t := &teaching{s: s, id: q.ID, labels: q.Labels, of: q.Of}
	for _, id := range q.Examples {
		if i := slices.IndexFunc(s.examples.list, func(e *example) bool { return e.id == id }); i >= 0 {
			t.examples = append(t.examples, s.examples.list[i])
		}
	}
	s.mu.Unlock()
	if len(t.examples) != len(q.Examples) || len(q.Of) != len(q.Examples) {
		return fault.New(CodeBadExamples, "add the images again", "the engine has %d of %d images, for %d labels", len(t.examples), len(q.Examples), len(q.Of))
	}
	if len(q.Labels) < 2 {
		return fault.New(CodeBadExamples, "add another class", "there are %d classes, and at least 2 are needed", len(q.Labels))
	}
	count, ranks := make([]int, len(q.Labels)), make([]uint64, len(q.Of))
	for i, l := range q.Of {
		if l < 0 || l >= len(count) {
			return fault.New(CodeBadMessage, "reload the page", "an image is of class %d of %d", l, len(count))
		}
		count[l]++
		ranks[i] = t.examples[i].rank
	}
	if l := slices.Index(count, 0); l >= 0 {
		return fault.New(CodeBadExamples, "add some, or remove the class", "the class %q has no images", q.Labels[l])
	}
	t.held = teach.HoldOut(ranks, q.Of, len(q.Labels), teach.HeldOut)
	for _, held := range t.held {
		if !held {
			t.trained++
		}
	}
	s.mu.Lock()
	s.teaching = t
	s.mu.Unlock()
	s.background("teach", &job{id: q.ID, run: t.slice})
	return nil
}

// enough ends the present training with what it has learnt.
func (s *Session) enough(q request) error {
	s.mu.Lock()
	if s.teaching != nil {
		s.teaching.enough = true
	}
	s.mu.Unlock()
	s.send(q.ID, "enough")
	return nil
}

// slice lets a child look at an image, or makes a step of the training.
func (t *teaching) slice(between func() error) (bool, error) {
	s := t.s
	s.mu.Lock()
	enough := t.enough
	for t.looked < len(t.examples) && t.examples[t.looked].complete() {
		t.looked++
	}
	s.mu.Unlock()
	if t.looked < len(t.examples) {
		if enough {
			return false, cancelled(t.id)
		}
		t.tell()
		_, err := s.lookOnce(between)
		return false, err
	}
	if t.training == nil {
		t.begin(func() { _ = between() })
		return false, nil
	}
	if enough {
		if t.training.Best.Steps == 0 {
			return false, cancelled(t.id)
		}
		return true, t.finish(true)
	}
	step, more := t.training.Step()
	p := record{member("step", step.Done), member("of", step.Of), member("loss", step.Loss)}
	if step.HeldOut >= 0 {
		p = append(p, member("heldOut", step.HeldOut))
	}
	s.send(t.id, "progress", p...) // steps are few, and all of them are told
	if more {
		return false, nil
	}
	return true, t.finish(false)
}

// tell posts how many looks are done, from time to time.
func (t *teaching) tell() {
	if time.Since(t.told) < telling {
		return
	}
	t.told = time.Now()
	done, all := 0, 0
	t.s.mu.Lock()
	for _, e := range t.examples {
		done, all = done+e.seen(), all+len(e.pooled)
	}
	t.s.mu.Unlock()
	t.s.send(t.id, "progress", member("done", done), member("total", all))
}

// begin collects what the children have seen, and prepares the training; between lets other
// messages in.
func (t *teaching) begin(between func()) {
	s := t.s
	s.mu.Lock()
	children := s.examples.children
	var train, held teach.Set
	train.Pooled, held.Pooled = make([][]float32, len(children)), make([][]float32, len(children))
	for i, e := range t.examples {
		to := &train
		if t.held[i] {
			to = &held
		}
		to.Labels = append(to.Labels, t.of[i])
		for k := range children {
			to.Pooled[k] = append(to.Pooled[k], e.pooled[k]...)
		}
	}
	s.mu.Unlock()
	t.training = teach.Begin(children, len(t.labels), &train, &held, 0, between)
}

// finish posts the classifier.
func (t *teaching) finish(stopped bool) error {
	t.training.Calibrate()
	best, s := t.training.Best, t.s
	s.mu.Lock()
	texts := plainjson.List{}
	for k, a := range s.examples.children {
		if best.HeldOut != nil {
			texts = append(texts, record{member("arch", a.String()), member("top1", best.HeldOut[k])})
		}
	}
	heldOut := plainjson.List{}
	for i, e := range t.examples {
		if t.held[i] {
			heldOut = append(heldOut, e.id)
		}
	}
	if s.teaching == t {
		s.teaching = nil
	}
	s.mu.Unlock()
	var data []byte
	for _, v := range append(slices.Clip(best.Matrix), best.Bias...) {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	s.post(encode(t.id, "taught", record{member("steps", best.Steps), member("images", t.trained), member("heldOut", len(heldOut)), member("held", heldOut),
		member("stopped", stopped), member("measured", texts)}), data)
	return nil
}

// adopt lets a taught classifier take the place of the weights' own, or the other way
// round. It waits for a forward pass that is under way.
func (s *Session) adopt(q request, data []byte) error {
	body, err := s.whole()
	if err != nil {
		return err
	}
	s.enqueue(&job{id: q.ID, run: func(func() error) (bool, error) {
		e, predictor := body, s.foretold
		if len(data) > 0 {
			c, err := classifier(data, len(q.Labels), body.Weights())
			if err != nil {
				return false, err
			}
			c.Steps = q.Steps
			b, err := c.Bundle(body.Bundle(), q.Labels, q.Images, q.HeldOut)
			if err != nil {
				return false, err
			}
			taught(b.Metadata, q.Measured)
			b.Metadata[weights.DigestKey] = body.Info().Digest + " with a taught classifier"
			if e, err = body.With(b); err != nil {
				return false, err
			}
			predictor = nil // it predicts the accuracy for the weights' own classes
		}
		s.setSpace(e.Info().Space, len(e.Info().Labels))
		s.mu.Lock()
		params := e.Weights().Params
		last := len(params) - 2 // the classifier's are the last two
		if s.baseline != nil {
			s.baseline = append(s.baseline[:last:last], checksums(params[last:])...)
		}
		s.engine, s.predictor, s.latency = e, predictor, nil
		s.mu.Unlock()
		s.send(q.ID, "adopted", member("info", infoRecord(e.Info())))
		return true, nil
	}})
	return nil
}

// classifier reads what finish has posted.
func classifier(data []byte, classes int, w *supernet.Weights) (*teach.Classifier, error) {
	n := (w.Biggest.Head.Out + 1) * classes
	if classes < 2 || len(data) != 4*n {
		return nil, fault.New(CodeBadMessage, "reload the page", "a classifier of %d classes has %d bytes, not %d", classes, 4*n, len(data))
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return &teach.Classifier{Matrix: values[: n-classes : n-classes], Bias: values[n-classes:]}, nil
}

// taught changes the metadata of weights with a taught classifier as train teach does: what
// was measured of it, and how the images were split.
func taught(m map[string]string, measured string) {
	m["measured"] = measured
	if m["measured"] == "" {
		delete(m, "measured")
	}
	m["seed"] = "1"
	head, rest, tables := strings.Cut(m["training"], "[")
	const split = "\nsplit = 3\nval_fraction = 0.2\nsearch_fraction = 0.0\ntrain_images = 0\nseed = 1\n"
	text := split[1:]
	for line := range strings.Lines(head) {
		if name, _, is := strings.Cut(line, "="); !is || !strings.Contains(split, "\n"+name+"=") {
			text += line
		}
	}
	if tables {
		text += "[" + rest
	}
	if m["training"] != "" {
		m["training"] = text
	}
}

// save posts the weights file, which the page has, with the classifier that was adopted.
func (s *Session) save(q request, data []byte) error {
	e, _ := s.current()
	body, err := s.whole()
	if err != nil {
		return err
	}
	if e == body {
		return fault.New(CodeBadMessage, "teach first", "no classifier has been taught")
	}
	s.enqueue(&job{id: q.ID, run: func(func() error) (bool, error) {
		w, info := e.Weights(), e.Info()
		file, err := weights.WithClassifier(data, w.Classifier.Data, w.ClassBias.Data, info.Labels, func(m map[string]string) {
			for key := range m {
				if _, ok := info.Metadata[key]; !ok && body.Info().Metadata[key] != "" {
					delete(m, key)
				}
			}
			for key, value := range info.Metadata {
				m[key] = value
			}
		})
		if err != nil {
			return false, err
		}
		s.post(encode(q.ID, "file", record{member("name", "my-classes.safetensors"), member("mime", "application/octet-stream")}), file)
		return true, nil
	}})
	return nil
}
