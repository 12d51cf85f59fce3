package search

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"bignas/core/fault"
)

// state is a search as it is stored: what was asked for and what was judged.
type state struct {
	Format  string   `json:"format"`
	Space   string   `json:"space"`
	Classes int      `json:"classes"`
	Digest  string   `json:"digest"`
	Kind    Kind     `json:"kind"`
	N       int      `json:"n"`
	Limits  Limits   `json:"limits"`
	Against []Metric `json:"against"`
	Options
	Judged []judged `json:"judged"`
}

type judged struct {
	Arch     string  `json:"arch"`
	Accuracy float64 `json:"accuracy"`
}

const stateFormat = "bignas-search-1"

// State is the search as JSON, to be continued by Resume.
func (s *Search) State() []byte {
	out := s.head()
	for _, p := range s.points {
		out.Judged = append(out.Judged, judged{p.Arch.String(), p.Accuracy})
	}
	text, err := json.Marshal(out)
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

// Resume continues a stored search of the same problem with the same options, but
// for the number of evaluations of a random search. It repeats the
// decisions of the search without judging anything again. Errors are
// *fault.Error: a file of another format, problem, option or weights.
func Resume(p Problem, o Options, stored []byte) (*Search, error) {
	s, err := New(p, o)
	if err != nil {
		return nil, err
	}
	var old state
	d := json.NewDecoder(bytes.NewReader(stored))
	d.DisallowUnknownFields()
	if err := d.Decode(&old); err != nil || old.Format != stateFormat {
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
			"the stored search has other options: %s with seed %d, %d evaluations, %s accuracy on %d pictures, limits %v",
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

// short is the beginning of a digest, enough for people.
func short(digest string) string {
	if digest == "" {
		return "of no digest"
	}
	if len(digest) > 19 {
		return digest[:19] + "…"
	}
	return digest
}
