// Package session is what the engine does with the messages of the page. It has
// no JavaScript in it, so that it is tested natively.
//
// Every message is a JSON object with an id and a type; every reply carries the
// id of its request. An error is {id, type: "error", error: {code, message,
// hint}}. The requests, and the types of their replies:
//
//	space     {space, classes}         -> space    the engine can parse and cost, before any weights
//	boot      {digest} + bytes         -> ready    the beginning of the weights file: what it says about itself,
//	                                               and the ceiling: every child within it can be run
//	more      + bytes                  -> more     the bytes that follow; the new ceiling
//	parse     {arch: text}             -> child    the text as an object, and in canonical form
//	cost      {child}                  -> cost     counts, share of the biggest child, canonical text
//	picture   + bytes of the file      -> picture  width and height; later requests use this picture
//	view      {resolution} -> view + RGBA bytes    the picture as a child of that resolution sees it
//	classify  {child, inherited}       -> answer   probabilities and times
//	verify    {}                       -> verified how many shared weights differ from the file's
//	cancel    {target: id}             -> cancelled
//
// Of classify, one runs and one waits: a newer one takes the place of the one
// that waits, which gets the error "superseded". The forward pass lets the event
// loop run after every block, so that cost, cancel and picture are answered
// while it computes.
package session

import (
	"encoding/json"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
)

// Codes of the errors that only a session has; the others come from core.
const (
	CodeBadMessage = "bad_message"
	CodeNoWeights  = "no_weights"
	CodeNoPicture  = "no_picture"
	CodeSuperseded = "superseded"
	CodeCancelled  = "cancelled"
	CodeBadArch    = classify.CodeBadArch
	CodeBadWeights = "bad_weights"
)

type request struct {
	ID         int64      `json:"id"`
	Type       string     `json:"type"`
	Space      string     `json:"space"`
	Classes    int        `json:"classes"`
	Arch       string     `json:"arch"`
	Child      *arch.Arch `json:"child"`
	Resolution int        `json:"resolution"`
	Inherited  bool       `json:"inherited"`
	Target     int64      `json:"target"`
	Digest     string     `json:"digest"` // of the weights that the page wants; empty for any
}

// reply is every reply in one type; empty parts are left out.
type reply struct {
	ID    int64          `json:"id"`
	Type  string         `json:"type"`
	Error *fault.Error   `json:"error,omitempty"`
	Info  *classify.Info `json:"info,omitempty"`
	Arch  string         `json:"arch,omitempty"`
	Child *arch.Arch     `json:"child,omitempty"`
	Cost  *counts        `json:"cost,omitempty"`
	// Ceiling, of ready and more, is the biggest child whose weights are here.
	Ceiling *arch.Arch `json:"ceiling,omitempty"`
	Answer  *answer    `json:"answer,omitempty"`
	Width   int        `json:"width,omitempty"`
	Height  int        `json:"height,omitempty"`
	Check   *check     `json:"check,omitempty"`
	// Kernels, of ready, is the implementation of core/kernel that computes.
	Kernels string `json:"kernels,omitempty"`
}

// counts is what the page shows of a cost report: per picture, exact.
type counts struct {
	MACs   int64   `json:"macs"`
	Params int64   `json:"params"`
	Bytes  int64   `json:"bytes"` // in half precision
	Share  float64 `json:"share"` // of the biggest child's parameters, 0..1
	Layers int     `json:"layers"`
}

type answer struct {
	Top       []classify.Score `json:"top"`
	Timing    classify.Timing  `json:"timing"` // milliseconds
	Inherited bool             `json:"inherited,omitempty"`
}

type check struct {
	Weights int `json:"weights"`
	Changed int `json:"changed"`
}

func encode(r reply) string {
	text, err := json.Marshal(r)
	if err != nil { // a NaN from broken weights ends up here
		text, _ = json.Marshal(reply{ID: r.ID, Type: "error", Error: fault.New("internal", "reload the page", "the reply %q cannot be written: %v", r.Type, err)})
	}
	return string(text)
}
