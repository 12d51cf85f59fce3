package session

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bignas/core/weights"
)

// ends is where the parts of the test's weights end.
func ends(t *testing.T) []int {
	t.Helper()
	a, err := weights.Begin(testWeights())
	if err != nil {
		t.Fatal(err)
	}
	return a.Ends()
}

// TestMore: with the first part the smallest child answers and the biggest is
// refused; the ceiling rises with every part; the last opens the biggest.
func TestMore(t *testing.T) {
	p, at, data := newPage(t), ends(t), testWeights()
	p.send(`{"id":1,"type":"more"}`, data[:10]...)
	p.wantError(1, CodeNoWeights)
	p.send(`{"id":2,"type":"boot"}`, data[:at[0]-1]...)
	p.wantError(2, weights.CodeTruncated)
	p.send(`{"id":3,"type":"boot","digest":"sha256:of another page"}`, data[:at[0]]...)
	p.wantError(3, CodeOtherWeights)
	digest, _, _ := strings.Cut(string(data[bytes.Index(data, []byte(`"digest":"`))+10:]), `"`)
	p.send(`{"id":4,"type":"boot","digest":"`+digest+`"}`, data[:at[0]]...)
	r := p.next(4, "ready")
	space := r.Info.Space
	if r.Ceiling.Stem != space.Min().Stem || r.Info.Bytes != len(data) {
		t.Fatalf("ready says %+v and the ceiling %+v", r.Info, r.Ceiling)
	}
	p.send(`{"id":5,"type":"picture"}`, picture()...)
	p.next(5, "picture")
	go p.s.Run()
	p.send(`{"id":6,"type":"classify","child":` + childText(t, 96) + `}`)
	p.next(6, "answer")
	biggest := encodeChild(t, space.Max())
	p.send(`{"id":7,"type":"classify","child":` + biggest + `}`)
	p.wantError(7, "not_here")
	for i, end := range at[1:] {
		id := int64(10 + i)
		p.send(fmt.Sprintf(`{"id":%d,"type":"more"}`, id), data[at[i]:end]...)
		c := p.next(id, "more").Ceiling
		if c.Stem < r.Ceiling.Stem || c.Head <= r.Ceiling.Head {
			t.Errorf("part %d: the ceiling went from %+v to %+v", i+1, r.Ceiling, c)
		}
		r.Ceiling = c
	}
	p.send(`{"id":20,"type":"classify","child":` + biggest + `}`)
	p.next(20, "answer")
	p.send(`{"id":21,"type":"verify"}`)
	if v := p.next(21, "verified"); v.Check.Changed != 0 {
		t.Errorf("after all parts %d weights are said to have changed", v.Check.Changed)
	}
}

// TestMoreDamaged: a part with a wrong bit is refused; what was here still runs.
func TestMoreDamaged(t *testing.T) {
	p, at, data := newPage(t), ends(t), bytes.Clone(testWeights())
	data[at[1]-5] ^= 1
	p.send(`{"id":1,"type":"boot"}`, data[:at[0]]...)
	p.next(1, "ready")
	p.send(`{"id":2,"type":"picture"}`, picture()...)
	p.next(2, "picture")
	go p.s.Run()
	p.send(`{"id":3,"type":"more"}`, data[at[0]:at[1]]...)
	p.wantError(3, weights.CodeDamaged)
	p.send(`{"id":4,"type":"classify","child":` + childText(t, 128) + `}`)
	p.next(4, "answer")
	p.send(`{"id":5,"type":"more"}`, data[at[1]:]...)
	if r := p.next(5, "error"); r.Error.Hint == "" {
		t.Errorf("more after a damaged part: %+v", r.Error)
	}
}
