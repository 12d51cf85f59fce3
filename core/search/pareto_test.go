package search

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"bignas/core/fault"
)

// found is a Pareto file's content with predicted points.
func found(t testing.TB) *Pareto {
	p := made(t, "nette", 1, Limits{MACs: 40e6})
	s := start(t, p, Options{"coarse-to-fine", 1, 60})
	for {
		if done, err := s.Step(); err != nil {
			t.Fatal(err)
		} else if done {
			break
		}
	}
	out := s.Pareto()
	for name, a := range map[string]string{"smallest": "min"} {
		child, err := p.Space.Parse(a)
		if err != nil {
			t.Fatal(err)
		}
		pt, err := p.Point(child)
		if err != nil {
			t.Fatal(err)
		}
		out.Marks = append(out.Marks, Mark{name, pt})
	}
	return out
}

// TestPareto: what is written is read back the same.
func TestPareto(t *testing.T) {
	want := found(t)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadPareto(text, "sha256:made")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
	best := got.Front[got.Pick]
	if best.Costs.MACs > 40e6 || best.Error != 0.01 || best.Kind != Predicted {
		t.Errorf("picked %+v", best)
	}
}

// TestParetoRefuses: other weights, and every way in which a file can lie.
func TestParetoRefuses(t *testing.T) {
	data, err := json.Marshal(found(t))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if _, err := ReadPareto(data, "sha256:other"); fault.Of(err) == nil || fault.Of(err).Code != CodeOther || strings.Contains(err.Error(), "\n") {
		t.Errorf("other weights: %v", err)
	}
	for _, c := range []struct{ old, new, says string }{
		{text, "", "JSON"},
		{text, "[]", "JSON"},
		{`"method"`, `"methods"`, "methods"},
		{`"kind":`, `"limits":[1],"kind":`, "limits: an object is expected"},
		{`"kind":`, `"limits":{"macs":null},"kind":`, "limits: a number is expected"},
		{"bignas-pareto-1", "bignas-pareto-9", "format is"},
		{`"space":"nette"`, `"space":"netto"`, "netto"},
		{`"against":["macs"]`, `"against":["joules"]`, "joules"},
		{`"pick":`, `"pick":99`, "picks number 99"},
		{`"kind":"predicted","front"`, `"kind":"guessed","front"`, "guessed"},
		{`"kind":"predicted","front"`, `"kind":"measured","front"`, "among measured"},
		{`"front":[{"arch":"r`, `"front":[{"arch":"q`, "r and the resolution"},
		{`"params":`, `"params":1`, "listed with"},
		{`"accuracy":0`, `"accuracy":7`, "accuracy of 7"},
		{`"error":0.01`, `"error":-1`, "error of -1"},
		{`"kind":"predicted","error"`, `"kind":"predicted","n":5,"error"`, "on 5 images"},
		{`"accuracy":0.8`, `"accuracy":0.1`, "worse"},
	} {
		damaged := strings.Replace(text, c.old, c.new, 1)
		if damaged == text {
			t.Errorf("%q is not in the file", c.old)
		}
		if p, err := ReadPareto([]byte(damaged), "sha256:made"); err == nil || p != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q for %q: %v", c.new, c.old, err)
		}
	}
}

// FuzzReadPareto: no input crashes the reader, and what it accepts it writes and
// reads again.
func FuzzReadPareto(f *testing.F) {
	data, err := json.Marshal(found(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":"bignas-pareto-1","space":"nette","classes":10,"digest":"sha256:made","against":["macs"],"kind":"measured","front":[]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := ReadPareto(in, "sha256:made")
		if err != nil {
			if fault.Of(err).Code == "internal" {
				t.Fatalf("no sentence for people: %v", err)
			}
			return
		}
		out, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ReadPareto(out, "sha256:made"); err != nil || len(again.Front) != len(p.Front) {
			t.Fatalf("written again it is refused: %v", err)
		}
	})
}

// FuzzResume: no stored search crashes the program.
func FuzzResume(f *testing.F) {
	p := made(f, "nette", 1, Limits{MACs: 30e6})
	f.Add(finish(f, start(f, p, Options{"random", 1, 3})).State())
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := Resume(p, Options{"random", 1, 3}, in); err != nil && fault.Of(err).Code == "internal" {
			t.Fatal(err)
		}
	})
}
