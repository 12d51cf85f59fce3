// Package fault is the form in which bad input is reported: a code for programs, a sentence for
// people, and a hint what to do. The page, the worker and the commands show the same three
// fields.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Error says what is wrong with some input and what to do about it.
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

// New returns an Error whose message is formatted as by fmt.Sprintf. Message and hint may contain
// text of a file: both are shortened to a Line.
func New(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: Line(fmt.Sprintf(format, args...)), Hint: Line(hint)}
}

// The parts of a longer text that a Line keeps, in bytes. What makes a message long is in its
// middle.
const (
	lineBegin = 360
	lineEnd   = 120
)

// Line returns text without control characters and, where it is longer than any message of this
// program, without its middle.
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

// Of returns the Error in err. Any other error becomes one with the code "internal". Of a nil
// error it returns nil.
func Of(err error) *Error {
	return As(err, "internal")
}

// As is Of with another code than "internal".
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

// In returns the Error of err with the place where it occurred before its message.
func In(place string, err error) *Error {
	e := Of(err)
	return New(e.Code, e.Hint, "%s: %s", place, e.Message)
}
