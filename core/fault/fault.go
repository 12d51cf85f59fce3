// Package fault is the one shape in which bad input is reported: a code for
// programs, a sentence for people and a next step. The page, the worker and the
// command line all show the same three fields.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Error says what is wrong with something that the user gave and what to do about it.
type Error struct {
	Code    string `json:"code"`    // stable, snake_case, for programs: "too_big"
	Message string `json:"message"` // one sentence, names the thing, its value and what is allowed
	Hint    string `json:"hint"`    // the next step, may be empty
}

// Error returns the message followed by the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// New returns an Error whose message is formatted as by fmt.Sprintf. What a file
// says may be part of message and hint: both are made to fit on a Line.
func New(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: Line(fmt.Sprintf(format, args...)), Hint: Line(hint)}
}

// The most bytes of a Line: of a longer text its beginning and its end are kept,
// between which what is too long stands in a sentence.
const (
	lineBegin = 360
	lineEnd   = 120
)

// Line returns text without control characters and, where it is longer than a
// sentence of this program ever is, without its middle.
func Line(text string) string {
	if len(text) > lineBegin+lineEnd+len("…") {
		text = text[:lineBegin] + "…" + text[len(text)-lineEnd:]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// Of returns the Error inside err. Any other error becomes one with the code
// "internal" if nothing better is known, nil stays nil.
func Of(err error) *Error {
	return As(err, "internal")
}

// As is Of with the code to give to an error that carries none.
func As(err error, code string) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: code, Message: Line(err.Error())}
}
