// Package message is how the page and the network view talk: JSON objects with a
// type, and bytes beside some of them. It has no JavaScript in it, so that it is
// tested natively.
//
// The page sends:
//
//	child    {child, stage}            show that child; the sliders move that stage, -1 for all
//	theme    {dark, still}             colours; still is true where nothing may be animated
//	image    {width} + RGBA bytes      the image as the child sees it
//	maps     {ask, width, height, channels} + a byte a value, channel by channel: the answer to want-maps
//	maps     {ask, error}              why there is none
//	zoom     {by}                      a factor; 0 shows the whole network
//
// The view sends:
//
//	ready     {}                    it listens
//	failed    {error}               it can not run
//	refused   {error}               a message was wrong and changed nothing
//	move      {child}               somebody dragged a block
//	stage     {stage}               somebody chose a stage, -1 for all
//	want-maps {stage, layer, ask}   the activations of a layer are needed; the answer names ask
//	say       {text}                what a screen reader should say
//	leave     {}                    the keyboard goes back to the page
package message

import (
	"encoding/json"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/scene"
)

// incoming is every message of the page in one type.
type incoming struct {
	Type     string     `json:"type"`
	Child    *arch.Arch `json:"child"`
	Stage    int        `json:"stage"`
	Dark     bool       `json:"dark"`
	Still    bool       `json:"still"`
	Ask      int        `json:"ask"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	Channels int        `json:"channels"`
	Error    string     `json:"error"`
	By       float64    `json:"by"`
}

// Outgoing is every message of the view in one type; what a type lacks is left out.
type Outgoing struct {
	Type  string       `json:"type"`
	Error *fault.Error `json:"error,omitempty"`
	Child *arch.Arch   `json:"child,omitempty"`
	Stage *int         `json:"stage,omitempty"`
	Layer *int         `json:"layer,omitempty"`
	Ask   int          `json:"ask,omitempty"`
	Text  string       `json:"text,omitempty"`
}

// Encode is a message as text.
func Encode(m Outgoing) string {
	text, err := json.Marshal(m)
	if err != nil { // there is nothing in it that could fail
		panic("message: " + err.Error())
	}
	return string(text)
}

// Of is the message about an event of the scene.
func Of(e scene.Event) Outgoing {
	m := Outgoing{Type: e.Type, Text: e.Text}
	switch e.Type {
	case "move":
		m.Child = &e.Child
	case "stage":
		m.Stage = &e.Stage
	case "want-maps":
		m.Stage, m.Layer, m.Ask = &e.Stage, &e.Layer, e.Ticket
	}
	return m
}

// Receive does what a message of the page says. A wrong one is an error and
// changes nothing.
func Receive(s *scene.Scene, text string, data []byte) error {
	var m incoming
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return fault.New("bad_message", "", "a message of the page cannot be read: %v", err)
	}
	switch m.Type {
	case "child":
		if m.Child == nil {
			return fault.New("bad_message", "", "a message of type child has no child")
		}
		if err := s.SetChild(*m.Child); err != nil {
			return err
		}
		s.SetStage(m.Stage)
	case "theme":
		s.SetDark(m.Dark)
		s.SetMotion(!m.Still)
	case "image":
		return s.SetImage(m.Width, data)
	case "maps":
		if m.Error != "" {
			s.RefuseMaps(m.Ask, m.Error)
			return nil
		}
		return s.SetMaps(m.Ask, m.Width, m.Height, m.Channels, data)
	case "zoom":
		if m.By == 0 {
			s.ZoomFit()
		} else {
			s.ZoomBy(m.By)
		}
	default:
		return fault.New("bad_message", "", "the view knows no message of type %q", m.Type)
	}
	return nil
}
