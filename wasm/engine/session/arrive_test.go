package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bignas/core/arch"
	"bignas/core/weights"
)

// arrival is what the tests of arriving weights look at of a reply.
type arrival struct {
	ID    int64
	Type  string
	Error struct{ Code, Message, Hint string }
	Info  struct {
		Bytes  int
		Digest string
	}
	Ceiling *arch.Arch
	Check   struct{ Weights, Changed int }
}

// exchange sends a message and waits for its reply.
type exchange struct {
	t       *testing.T
	s       *Session
	id      int64
	replies chan arrival
}

func newExchange(t *testing.T) *exchange {
	x := &exchange{t: t, replies: make(chan arrival, 10)}
	x.s = New(func(text string, _ []byte) {
		var a arrival
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("reply %s: %v", text, err)
		}
		if a.Type != "decoding" {
			x.replies <- a
		}
	}, func() {})
	go x.s.Run()
	return x
}

func (x *exchange) ask(kind, fields string, data []byte) arrival {
	x.t.Helper()
	x.id++
	x.s.Handle(fmt.Sprintf(`{"id":%d,"type":%q%s}`, x.id, kind, fields), bytes.Clone(data))
	select {
	case a := <-x.replies:
		if a.ID != x.id {
			x.t.Fatalf("a reply to %d, want one to %d", a.ID, x.id)
		}
		return a
	case <-time.After(hang):
		x.t.Fatalf("no reply to %q", kind)
	}
	panic("unreachable")
}

func (x *exchange) want(kind string, a arrival) arrival {
	x.t.Helper()
	if a.Type != kind {
		x.t.Fatalf("reply %q (%v), want %q", a.Type, a.Error, kind)
	}
	return a
}

func (x *exchange) refused(code string, a arrival) {
	x.t.Helper()
	if a.Type != "error" || a.Error.Code != code || a.Error.Hint == "" {
		x.t.Errorf("%+v, want the error %q with a hint", a, code)
	}
}

func childField(t *testing.T, a arch.Arch) string {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return `,"child":` + string(text)
}

// ends is where the levels of the test's weights end.
func ends(t *testing.T) []int {
	t.Helper()
	a, err := weights.OpenStream(testWeights())
	if err != nil {
		t.Fatal(err)
	}
	return a.Ends()
}

// TestMore: with the first level the smallest child answers and the biggest is
// refused; the ceiling rises with every level; the last opens the biggest.
func TestMore(t *testing.T) {
	x, at, data := newExchange(t), ends(t), testWeights()
	x.refused(CodeNoWeights, x.ask("more", "", data[:10]))
	x.refused(weights.CodeTruncated, x.ask("boot", "", data[:at[0]-1]))
	x.refused(CodeOtherWeights, x.ask("boot", `,"digest":"sha256:of another page"`, data[:at[0]]))
	_, rest, _ := strings.Cut(string(data), `"digest":"`)
	digest, _, _ := strings.Cut(rest, `"`)
	ready := x.want("ready", x.ask("boot", `,"digest":"`+digest+`"`, data[:at[0]]))
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	if ready.Ceiling.Stem != space.Min().Stem || ready.Info.Bytes != len(data) || ready.Info.Digest != digest {
		t.Fatalf("ready says %+v and the ceiling %+v", ready.Info, ready.Ceiling)
	}
	x.want("image", x.ask("image", "", photo()))
	x.want("answer", x.ask("classify", childField(t, space.Min()), nil))
	x.refused("not_here", x.ask("classify", childField(t, space.Max()), nil))
	x.refused("not_here", x.ask("export", `,"format":"onnx"`+childField(t, space.Max()), nil))
	last := ready.Ceiling
	for i, end := range at[1:] {
		c := x.want("more", x.ask("more", "", data[at[i]:end])).Ceiling
		if c.Stem < last.Stem || c.Head <= last.Head {
			t.Errorf("level %d: the ceiling went from %+v to %+v", i+1, last, c)
		}
		last = c
	}
	x.want("answer", x.ask("classify", childField(t, space.Max()), nil))
	if v := x.want("verified", x.ask("verify", "", nil)); v.Check.Changed != 0 {
		t.Errorf("after all of it %d weights are said to have changed", v.Check.Changed)
	}
}

// TestMoreDamaged: a level with a wrong bit is refused; what was here still runs.
func TestMoreDamaged(t *testing.T) {
	x, at, data := newExchange(t), ends(t), bytes.Clone(testWeights())
	data[at[1]-5] ^= 1
	x.want("ready", x.ask("boot", "", data[:at[0]]))
	x.want("image", x.ask("image", "", photo()))
	x.refused(weights.CodeDamaged, x.ask("more", "", data[at[0]:at[1]]))
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	x.want("answer", x.ask("classify", childField(t, space.Min()), nil))
	x.refused(weights.CodeDamaged, x.ask("more", "", data[at[1]:]))
}
