// Package fault is the one shape in which bad input is reported: a code for
// programs, a sentence for people and a next step. The page, the worker and the
// command line all show the same three fields.
package fault

import (
	"errors"
	"fmt"
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

// New returns an Error whose message is formatted as by fmt.Sprintf.
func New(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
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
	return &Error{Code: code, Message: err.Error()}
}
