package search

import (
	"maps"
	"slices"

	"bignas/core/fault"
	"bignas/core/plainjson"
)

// state is the JSON form of a search: the problem, the options and the judged children.
type state struct {
	Format, Space string
	Classes       int
	Digest        string
	Kind          Kind
	N             int
	Limits        Limits
	Against       []Metric
	Options
	Judged []judged
}

type judged struct {
	Arch     string
	Accuracy float64
}

const stateFormat = "bignas-search-1"

var field = plainjson.Member

func (s *state) fields() []plainjson.Field {
	kind := func(v plainjson.Value) error { return v.Into((*string)(&s.Kind)) }
	limits := func(v plainjson.Value) error { return s.Limits.Fill(v, false) }
	against := func(v plainjson.Value) error {
		names, err := v.Texts()
		for _, n := range names {
			s.Against = append(s.Against, Metric(n))
		}
		return err
	}
	return []plainjson.Field{field("format", &s.Format), field("space", &s.Space), field("classes", &s.Classes), field("digest", &s.Digest),
		field("kind", kind), field("limits", limits), field("against", against),
		field("method", &s.Method), field("seed", &s.Seed), field("evaluations", &s.Evaluations)}
}

func (s *state) fill(v plainjson.Value) error {
	list := func(v plainjson.Value) error {
		return v.Each(func(v plainjson.Value) error {
			var j judged
			err := v.Fill(true, field("arch", &j.Arch), field("accuracy", &j.Accuracy))
			s.Judged = append(s.Judged, j)
			return err
		})
	}
	return v.Fill(true, append(s.fields(), field("n", &s.N), field("judged", list))...)
}

func (o Options) record() plainjson.Record {
	return plainjson.Record{field("method", o.Method), field("seed", o.Seed), field("evaluations", o.Evaluations)}
}

// Fill reads limits from a JSON object. Where nulls are allowed, a null is for no limit.
func (l *Limits) Fill(v plainjson.Value, nulls bool) error {
	if err := v.Fill(false); err != nil { // an object?
		return err
	}
	*l = Limits{}
	for i, name := range v.Names {
		if nulls && v.Items[i].Kind == plainjson.Null {
			continue
		}
		most := 0.0
		if err := v.Items[i].Into(&most); err != nil {
			return err
		}
		(*l)[Metric(name)] = most
	}
	return nil
}

func (l Limits) record() plainjson.Record {
	r := plainjson.Record{}
	for _, m := range slices.Sorted(maps.Keys(l)) {
		r = append(r, field(string(m), l[m]))
	}
	return r
}

func texts(metrics []Metric) []string {
	all := []string{}
	for _, m := range metrics {
		all = append(all, string(m))
	}
	return all
}

// State formats the search as JSON for Resume.
func (s *Search) State() []byte {
	h := s.head()
	r := plainjson.Record{field("format", h.Format), field("space", h.Space), field("classes", h.Classes), field("digest", h.Digest),
		field("kind", string(h.Kind)), field("n", h.N), field("limits", h.Limits.record()), field("against", texts(h.Against))}
	list := plainjson.List{}
	for _, p := range s.points {
		list = append(list, plainjson.Record{field("arch", p.Arch.String()), field("accuracy", p.Accuracy)})
	}
	text, err := plainjson.Append(nil, append(append(r, h.Options.record()...), field("judged", list)))
	if err != nil {
		panic("search: " + err.Error()) // only finite numbers and texts
	}
	return append(text, '\n')
}

func (s *Search) head() state {
	p := &s.problem
	return state{Format: stateFormat, Space: p.Space.Name, Classes: p.Classes, Digest: p.Digest,
		Kind: p.Judge.Kind, N: p.Judge.N, Limits: p.Limits, Against: p.Against, Options: s.options}
}

// Resume continues a stored search of the same problem with the same options; only the number
// of evaluations of a random search may differ. It repeats the decisions of the search without
// judging any child again. The error, a *fault.Error, is another format, problem, option or
// other weights.
func Resume(p Problem, o Options, stored []byte) (*Search, error) {
	s, err := New(p, o)
	if err != nil {
		return nil, err
	}
	var old state
	v, err := plainjson.Parse(stored)
	if err == nil {
		err = old.fill(v)
	}
	if err != nil || old.Format != stateFormat {
		return nil, fault.New(CodePareto, "start the search anew", "the stored search cannot be read")
	}
	now := s.head()
	if old.Digest != now.Digest {
		return nil, otherWeights("the stored search", old.Digest, now.Digest)
	}
	if old.Method == "random" {
		old.Evaluations = now.Evaluations
	}
	if old.Space != now.Space || old.Classes != now.Classes || old.Kind != now.Kind || old.N != now.N || old.Options != now.Options ||
		!maps.Equal(old.Limits, now.Limits) || !slices.Equal(old.Against, now.Against) {
		return nil, fault.New(CodeOther, "give the same options as before, or start anew",
			"the stored search has other options: %s with seed %d, %d evaluations, %s accuracy on %d images, limits %v",
			old.Method, old.Seed, old.Evaluations, old.Kind, old.N, old.Limits)
	}
	if len(old.Judged) > o.Evaluations {
		return nil, fault.New(CodeOther, "ask for more", "the stored search has %d evaluations, asked for are %d", len(old.Judged), o.Evaluations)
	}
	for i, j := range old.Judged {
		a, ok := s.next()
		for s.paused {
			a, ok = s.next()
		}
		if !ok || a.String() != j.Arch {
			return nil, fault.New(CodeOther, "start the search anew", "the stored search was written by another version of the program: its child %d is %q", i+1, j.Arch)
		}
		pt, err := s.problem.point(a, s.problem.Costs(a), j.Accuracy)
		if err != nil {
			return nil, fault.New(CodePareto, "start the search anew", "the stored search cannot be read: %v", err)
		}
		s.add(pt)
	}
	return s, nil
}

func otherWeights(what, has, want string) error {
	return fault.New(CodeOther, "search again with these weights, or name the weights that it was made with",
		"%s belongs to the weights %s, these are %s", what, short(has), short(want))
}

// short returns the beginning of a digest.
func short(digest string) string {
	if digest == "" {
		return "of no digest"
	}
	if len(digest) > 19 {
		return digest[:19] + "…"
	}
	return digest
}
