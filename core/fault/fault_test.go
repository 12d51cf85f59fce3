package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
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
