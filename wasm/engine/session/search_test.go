package session

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"bignas/core/search"
)

// TestSearch: a front that grows, the same for the same seed; the answer keeps
// the limits; classify is answered in between.
func TestSearch(t *testing.T) {
	p := predicting(t)
	var answered bool
	p.once(func() { p.send(`{"id":9,"type":"classify","child":` + childText(t, 96) + `}`) })
	p.send(`{"id":3,"type":"search","limits":{"macs":60e6,"params":null},"against":"bytes","evaluations":3000,"seed":7,"method":"evolution"}`)
	var told []reply
	var r reply
	for r.Type != "found" {
		switch r = <-p.replies; r.Type {
		case "searching":
			told = append(told, r)
		case "answer":
			answered = true
		case "found":
		default:
			t.Fatalf("reply %q %v", r.Type, r.Error)
		}
	}
	if !answered || len(told) < 1 {
		t.Errorf("classify was answered: %v; the search told %d times", answered, len(told))
	}
	for i, s := range told {
		if s.Total != 3000 || s.Done < 1 || i > 0 && s.Done < told[i-1].Done || s.Phase == "" || len(s.Front) == 0 {
			t.Errorf("searching %+v", s)
		}
	}
	if r.Evaluations != 3000 || r.MS <= 0 || len(r.Front) < 2 || r.Best.Kind != "predicted" || r.Best.Error <= 0 {
		t.Fatalf("found %d points, %d evaluations, %v ms, best %+v", len(r.Front), r.Evaluations, r.MS, r.Best)
	}
	space := p.s.engine.Info().Space
	for _, q := range r.Front {
		a, err := space.Parse(q.Arch)
		q.Child.Space = space
		if err != nil || !q.Child.Equal(a) || q.Costs != search.Count(a, 3) || q.Costs.MACs > 60e6 || q.Accuracy > r.Best.Accuracy {
			t.Errorf("point %+v: %v", q, err)
		}
	}
	p.send(`{"id":4,"type":"search","limits":{"macs":60e6},"against":"bytes","evaluations":3000,"seed":7,"method":"evolution"}`)
	if _, again := p.until(4, "searching", "found"); again.Best.Arch != r.Best.Arch {
		t.Errorf("the same seed found %s and %s", r.Best.Arch, again.Best.Arch)
	}
	p.send(`{"id":5,"type":"search"}`)
	if _, plain := p.until(5, "searching", "found"); plain.Evaluations != 2000 {
		t.Errorf("a search without wishes evaluates %d", plain.Evaluations)
	}
}

func TestSearchEnds(t *testing.T) {
	p := predicting(t)
	p.once(func() {
		p.send(`{"id":4,"type":"search","evaluations":100000}`)
		p.once(func() { p.send(`{"id":5,"type":"cancel","target":4}`) })
	})
	p.send(`{"id":3,"type":"search","evaluations":100000}`)
	if _, r := p.until(3, "searching", "error"); r.Error.Code != CodeSuperseded {
		t.Errorf("the older one ends with %v", r.Error)
	}
	for r := (reply{}); r.Type != "error"; {
		if r = <-p.replies; r.Type == "error" && (r.ID != 4 || r.Error.Code != CodeCancelled) || r.Type == "found" {
			t.Fatalf("reply %d %s %v", r.ID, r.Type, r.Error)
		}
	}
	p.next(5, "cancelled")
	for request, code := range map[string]string{
		`"limits":{"macs":1e6}`: search.CodeImpossible, `"method":"guess"`: search.CodeMethod, `"evaluations":0`: search.CodeMethod, `"against":"colour"`: search.CodeMethod,
		`"against":"latency"`: search.CodeMethod, `"limits":{"latency":5}`: search.CodeMethod, `"limits":{"colour":5}`: search.CodeMethod, `"limits":{"macs":"5M"}`: CodeBadMessage, `"limits":5`: CodeBadMessage,
	} {
		p.send(`{"id":6,"type":"search",` + request + `}`)
		r := p.next(6, "error")
		if r.Error.Code != code {
			t.Errorf("%s: %v, want %s", request, r.Error, code)
		}
		if code == search.CodeImpossible && !strings.Contains(r.Error.Hint, "9.51M") {
			t.Errorf("the least that is possible is not named: %+v", r.Error)
		}
	}
}

// TestLatency: measured, then part of costs and a limit of searches.
func TestLatency(t *testing.T) {
	p := predicting(t)
	p.once(func() { p.send(`{"id":4,"type":"try","child":` + childText(t, 96) + `}`) })
	p.send(`{"id":3,"type":"latency"}`)
	var r reply
	told, answered := 0, false
	for r.Type != "latency" {
		select {
		case r = <-p.replies:
		case <-time.After(hang):
			t.Fatal("no latency")
		}
		switch r.Type {
		case "measuring":
			if told++; r.Done < 1 || r.Total < 100 {
				t.Errorf("measuring %+v", r)
			}
		case "answer":
			answered = true
		case "latency":
		default:
			t.Fatalf("reply %q %v", r.Type, r.Error)
		}
	}
	if told < 2 || !answered || r.Error.number <= 0 || r.Children != 10 || len(r.Table) < 100 || r.Table[0].Operator == "" || r.Table[0].MS <= 0 {
		t.Errorf("told %d times, answered %v: error %v on %d children, %d rows", told, answered, r.Error.number, r.Children, len(r.Table))
	}
	p.send(`{"id":5,"type":"cost","child":` + childText(t, 96) + `}`)
	least := p.next(5, "cost").Cost.Latency
	if least <= 0 {
		t.Errorf("the smallest child takes %v ms", least)
	}
	limit := strconv.FormatFloat(2*least, 'g', -1, 64)
	p.send(`{"id":6,"type":"search","limits":{"latency":` + limit + `},"against":"latency","evaluations":300}`)
	if _, r := p.until(6, "searching", "found"); r.Best.Costs.Latency <= 0 || r.Best.Costs.Latency > 2*least {
		t.Errorf("%v ms, the limit is %s", r.Best.Costs.Latency, limit)
	}
	p.send(`{"id":7,"type":"latency"}`)
	p.send(`{"id":8,"type":"cancel","target":7}`)
	for r := (reply{}); r.Type != "error"; {
		if r = <-p.replies; r.Type == "error" && (r.ID != 7 || r.Error.Code != CodeCancelled) {
			t.Errorf("reply %d %v", r.ID, r.Error)
		}
	}
}
