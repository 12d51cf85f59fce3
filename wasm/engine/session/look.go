package session

import (
	"encoding/binary"
	"math"

	"bignas/core/arch"
	"bignas/core/classify"
)

// classify accepts a classify request: it waits in the one place there is.
func (s *Session) classify(q request) error {
	j, err := s.asking(q)
	if err == nil {
		s.replace(j)
	}
	return err
}

// try accepts a request to classify that is never left out.
func (s *Session) try(q request) error {
	j, err := s.asking(q)
	if err == nil {
		s.enqueue(j)
	}
	return err
}

// asking is the job of both.
func (s *Session) asking(q request) (*job, error) {
	return s.pass(q, func(e *classify.Engine, p *classify.Image, a arch.Arch, o classify.Options) error {
		r, err := e.Classify(p, a, o)
		if err == nil {
			s.send(q.ID, "answer", member("arch", r.Text), member("answer", answerRecord(r)))
		}
		return err
	})
}

// pass is a job of one forward pass on the present image.
func (s *Session) pass(q request, do func(*classify.Engine, *classify.Image, arch.Arch, classify.Options) error) (*job, error) {
	a, err := s.child(q, q.Child, "child")
	if err != nil {
		return nil, err
	}
	e, p, err := s.looking(q.Photo)
	if err != nil {
		return nil, err
	}
	return &job{id: q.ID, run: func(between func() error) (bool, error) {
		return true, do(e, p, a, classify.Options{Between: between, Inherited: q.Inherited})
	}}, nil
}

// cam posts where the child saw a class.
func (s *Session) cam(q request) error {
	j, err := s.pass(q, func(e *classify.Engine, p *classify.Image, a arch.Arch, o classify.Options) error {
		h, err := e.CAM(p, a, q.Class, o)
		if err != nil {
			return err
		}
		var data []byte
		for _, v := range h.Values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		s.post(encode(q.ID, "cam", record{member("width", h.Side), member("height", h.Side), member("arch", a.String()), member("child", a.Record()), member("class", h.Class)}), data)
		return nil
	})
	if err == nil {
		s.enqueue(j)
	}
	return err
}

// maps posts what a layer of the child wrote.
func (s *Session) maps(q request) error {
	j, err := s.pass(q, func(e *classify.Engine, p *classify.Image, a arch.Arch, o classify.Options) error {
		m, err := e.FeatureMaps(p, a, q.Stage, q.Layer, o)
		if err != nil {
			return err
		}
		columns := int(math.Ceil(math.Sqrt(float64(m.Channels))))
		s.post(encode(q.ID, "maps", record{member("width", m.Side), member("height", m.Side), member("channels", m.Channels), member("columns", columns)}), m.Pixels)
		return nil
	})
	if err == nil {
		s.enqueue(j)
	}
	return err
}
