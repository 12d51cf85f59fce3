package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestError(t *testing.T) {
	e := New("too_big", "make it smaller", "it has %d pixels", 7)
	if e.Error() != "it has 7 pixels (make it smaller)" {
		t.Errorf("%q", e.Error())
	}
	if s := (&Error{Message: "no"}).Error(); s != "no" {
		t.Errorf("%q", s)
	}
	text, err := json.Marshal(e)
	if err != nil || string(text) != `{"code":"too_big","message":"it has 7 pixels","hint":"make it smaller"}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestOf(t *testing.T) {
	e := New("code", "", "message")
	if Of(nil) != nil {
		t.Error("Of(nil) is not nil")
	}
	if Of(fmt.Errorf("while reading: %w", e)) != e {
		t.Error("the wrapped error is not found")
	}
	if f := As(errors.New("plain"), "bad_input"); f.Code != "bad_input" || f.Message != "plain" {
		t.Errorf("%+v", f)
	}
	if f := Of(errors.New("plain")); f.Code != "internal" {
		t.Errorf("%+v", f)
	}
}

// TestLine: what a file says takes no more than a line of an error, and cannot
// steer a terminal; the beginning and the end of the sentence stay.
func TestLine(t *testing.T) {
	long := strings.Repeat("ä\n\x1b[2J", 100_000)
	for _, f := range []*Error{
		New("code", "take "+long+" away", "the name %s is unknown, allowed are a and b", long),
		As(errors.New("the name "+long+" is unknown, allowed are a and b"), "code"),
	} {
		if len(f.Message) > 600 || len(f.Hint) > 600 || strings.ContainsAny(f.Error(), "\n\x1b") || !utf8.ValidString(f.Error()) {
			t.Errorf("%d bytes and %d: %.700q", len(f.Message), len(f.Hint), f.Error())
		}
		if !strings.HasPrefix(f.Message, "the name ä") || !strings.HasSuffix(f.Message, "is unknown, allowed are a and b") {
			t.Errorf("%q", f.Message)
		}
	}
}
