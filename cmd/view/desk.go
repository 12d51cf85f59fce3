package main

import (
	"encoding/json"
	"fmt"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/scene"
	"bignas/wasm/engine/session"
)

// desk connects the scene and the engine, as the page and its worker do in the browser, by the same messages.
type desk struct {
	scene   *scene.Scene
	engine  *session.Session
	refused *fault.Error      // error of the last message that was answered at once
	opened  chan *fault.Error // the error of decoding the image, or nil

	do    func(func(*scene.Scene)) // changes the scene and redraws it
	title func(string)             // sets the title to the answer
	side  int                      // of the image that is shown
}

// The ids of messages; those of feature maps are their tickets, from 1.
const (
	atOnce = 0
	later  = -1 // answered by the engine's goroutine; replaced by a newer one
	photo  = -2 // the image, which the engine decodes concurrently
)

// reply is the fields of the engine's replies that the desk uses.
type reply struct {
	ID       int             `json:"id"`
	Type     string          `json:"type"`
	Error    *fault.Error    `json:"error"`
	Info     json.RawMessage `json:"info"`
	Child    *arch.Arch      `json:"child"`
	Width    int             `json:"width"`
	Height   int             `json:"height"`
	Channels int             `json:"channels"`
	Arch     string          `json:"arch"`
	Answer   struct {
		Top []classify.Score `json:"top"`
	} `json:"answer"`
}

// newDesk opens weights and an image, and shows the child of that text, or the middle one where that is empty.
func newDesk(weights, img []byte, child string) (*desk, error) {
	d := &desk{title: func(string) {}, opened: make(chan *fault.Error, 1)}
	d.do = func(change func(*scene.Scene)) { change(d.scene) } // until there is a window
	d.engine = session.New(d.receive, func() {})
	if err := d.send(map[string]any{"type": "boot"}, weights); err != nil {
		return nil, err
	}
	if err := d.send(map[string]any{"type": "image", "id": photo}, img); err != nil {
		return nil, err
	}
	if err := <-d.opened; err != nil {
		return nil, err
	}
	if child != "" {
		if err := d.send(map[string]any{"type": "parse", "arch": child}, nil); err != nil {
			return nil, err
		}
	}
	go d.engine.Run()
	return d, nil
}

// send sends the engine a message. The error is one that the engine returns at once.
func (d *desk) send(message map[string]any, data []byte) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	d.refused = nil
	d.engine.Handle(string(text), data)
	if d.refused != nil {
		return d.refused
	}
	return nil
}

// receive is called by the engine, on any goroutine.
func (d *desk) receive(text string, data []byte) {
	var r reply
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		d.refused = fault.Of(err)
		return
	}
	switch r.Type {
	case "ready":
		d.ready(r.Info)
	case "child":
		d.do(func(s *scene.Scene) { d.fail(s.SetChild(*r.Child)) })
	case "seen":
		d.do(func(s *scene.Scene) { d.fail(s.SetImage(r.Width, data)) })
	case "maps":
		d.do(func(s *scene.Scene) { d.fail(s.SetMaps(r.ID, r.Width, r.Height, r.Channels, data)) })
	case "answer":
		if len(r.Answer.Top) > 0 {
			d.title(fmt.Sprintf("%s %.0f %% · %s", r.Answer.Top[0].Label, 100*r.Answer.Top[0].P, r.Arch))
		}
	case "image":
		d.opened <- nil
	case "error":
		switch {
		case r.ID == photo:
			d.opened <- r.Error
		case r.ID > 0: // feature maps: the ticket
			d.do(func(s *scene.Scene) { s.RefuseMaps(r.ID, r.Error.Message) })
		case r.ID == atOnce:
			d.refused = r.Error
		}
	}
}

func (d *desk) fail(err error) {
	if err != nil {
		d.refused = fault.Of(err)
	}
}

// ready makes the scene from the description of the weights.
func (d *desk) ready(info json.RawMessage) {
	var about struct {
		Space  *arch.Space `json:"space"`
		Labels []string    `json:"labels"`
	}
	err := json.Unmarshal(info, &about)
	if err == nil {
		d.scene, err = scene.New(about.Space, len(about.Labels))
	}
	d.fail(err)
}

// handle handles the events of the scene.
func (d *desk) handle(events []scene.Event) {
	for _, e := range events {
		switch e.Type {
		case "move":
			d.look(e.Child)
		case "want-maps":
			var child arch.Arch
			d.do(func(s *scene.Scene) { child = s.Child() })
			d.send(map[string]any{"type": "maps", "id": e.Ticket, "child": child, "stage": e.Stage, "layer": e.Layer}, nil)
		}
	}
}

// look requests the input and the answer of the child.
func (d *desk) look(child arch.Arch) {
	if child.Resolution != d.side {
		d.side = child.Resolution
		d.send(map[string]any{"type": "seen", "resolution": d.side}, nil)
	}
	d.send(map[string]any{"type": "classify", "id": later, "child": child}, nil)
}
