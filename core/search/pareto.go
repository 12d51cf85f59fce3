package search

import (
	"math"
	"slices"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
)

// Pareto is the content of a Pareto file: the result of a search over one set of weights.
type Pareto struct {
	Space       *arch.Space
	Classes     int
	Digest      string // of the weights that all accuracies belong to
	Method      string
	Seed        uint64
	Evaluations int
	Limits      Limits
	Against     []Metric
	Kind        Kind // of the points of Front
	// Front is the children that no other one dominates, cheapest first.
	Front []Point
	// Pick is the index in Front of the most accurate child within the limits.
	Pick int
	// Marks are children for comparison, judged as the front was: "smallest", "biggest",
	// and those of the family.
	Marks []Mark
	// Proposed is the predicted front, whose best members Front has measured; empty where
	// Front itself is the result of the search.
	Proposed []Point
}

// Mark is a named child.
type Mark struct {
	Name  string
	Point Point
}

// Pareto returns the result of the search so far. It panics before the first step.
func (s *Search) Pareto() *Pareto {
	best, ok := s.Best()
	if !ok {
		panic("search: nothing was judged yet")
	}
	p := &s.problem
	return &Pareto{Space: p.Space, Classes: p.Classes, Digest: p.Digest, Method: s.options.Method, Seed: s.options.Seed,
		Evaluations: len(s.points), Limits: p.Limits, Against: p.Against, Kind: p.Judge.Kind, Front: s.front.points,
		Pick: slices.IndexFunc(s.front.points, func(q Point) bool { return q.Arch.Equal(best.Arch) })}
}

// paretoFile is the JSON form of a Pareto.
type paretoFile struct {
	state
	Front, Proposed []paretoPoint
	Pick            int
	Marks           []paretoMark
}

// paretoPoint is the JSON form of a Point. Accuracy and error are shares, 0 to 1.
type paretoPoint struct {
	Arch string
	Costs
	Accuracy float64
	Kind     string
	N        int
	Error    float64
}

type paretoMark struct {
	Name string
	paretoPoint
}

const paretoFormat = "bignas-pareto-1"

func (p Point) record() plainjson.Record {
	r := append(plainjson.Record{field("arch", p.Arch.String())}, p.Costs.Record()...)
	r = append(r, field("accuracy", p.Accuracy), field("kind", string(p.Kind)))
	if p.N > 0 {
		r = append(r, field("n", p.N))
	}
	return append(r, field("error", p.Error))
}

func records(points []Point) plainjson.List {
	l := plainjson.List{}
	for _, p := range points {
		l = append(l, p.record())
	}
	return l
}

func (q *paretoPoint) fields() []plainjson.Field {
	return append(q.Costs.fields(), field("arch", &q.Arch), field("accuracy", &q.Accuracy), field("kind", &q.Kind), field("n", &q.N), field("error", &q.Error))
}

// MarshalJSON formats a point as in a Pareto file.
func (p Point) MarshalJSON() ([]byte, error) { return plainjson.Append(nil, p.record()) }

// MarshalJSON formats a Pareto file.
func (p *Pareto) MarshalJSON() ([]byte, error) {
	r := plainjson.Record{field("format", paretoFormat), field("space", p.Space.Name), field("classes", p.Classes), field("digest", p.Digest)}
	r = append(r, Options{p.Method, p.Seed, p.Evaluations}.record()...)
	if len(p.Limits) > 0 {
		r = append(r, field("limits", p.Limits.record()))
	}
	r = append(r, field("against", texts(p.Against)), field("kind", string(p.Kind)), field("front", records(p.Front)), field("pick", p.Pick))
	if len(p.Marks) > 0 {
		marks := plainjson.List{}
		for _, m := range p.Marks {
			marks = append(marks, append(plainjson.Record{field("name", m.Name)}, m.Point.record()...))
		}
		r = append(r, field("marks", marks))
	}
	if len(p.Proposed) > 0 {
		r = append(r, field("proposed", records(p.Proposed)))
	}
	return plainjson.Append(nil, r)
}

func (f *paretoFile) fill(v plainjson.Value) error {
	points := func(to *[]paretoPoint) func(plainjson.Value) error {
		return func(v plainjson.Value) error {
			return v.Each(func(v plainjson.Value) error {
				var q paretoPoint
				err := v.Fill(true, q.fields()...)
				*to = append(*to, q)
				return err
			})
		}
	}
	marks := func(v plainjson.Value) error {
		return v.Each(func(v plainjson.Value) error {
			var m paretoMark
			err := v.Fill(true, append(m.fields(), field("name", &m.Name))...)
			f.Marks = append(f.Marks, m)
			return err
		})
	}
	return v.Fill(true, append(f.state.fields(), field("front", points(&f.Front)), field("pick", &f.Pick), field("marks", marks), field("proposed", points(&f.Proposed)))...)
}

// ReadPareto parses a Pareto file of the weights with that digest. It checks all architectures
// against the space and all counts. The error is a *fault.Error, with CodeOther for other
// weights and CodePareto for anything that MarshalJSON does not write.
func ReadPareto(data []byte, digest string) (*Pareto, error) {
	var f paretoFile
	v, err := plainjson.Parse(data)
	if err == nil {
		err = f.fill(v)
	}
	if err != nil {
		return nil, badPareto("it is not valid JSON: %v", err)
	}
	if f.Format != paretoFormat {
		return nil, badPareto("its format is %q, this program reads %q", f.Format, paretoFormat)
	}
	if f.Digest != digest {
		return nil, otherWeights("the Pareto file", f.Digest, digest)
	}
	space, err := arch.Lookup(f.Space)
	if err != nil {
		return nil, badPareto("%v", err)
	}
	if f.Classes < 2 || f.Classes > 1e6 {
		return nil, badPareto("classes is %d, allowed are 2 to a million", f.Classes)
	}
	if len(f.Against) == 0 || len(f.Front) == 0 || f.Pick < 0 || f.Pick >= len(f.Front) {
		return nil, badPareto("it has %d points against %d costs and picks number %d", len(f.Front), len(f.Against), f.Pick)
	}
	for _, m := range f.Against {
		if !slices.Contains(Metrics, m) {
			return nil, badPareto("there is no cost %q", m)
		}
	}
	if f.Kind != Measured && f.Kind != Predicted {
		return nil, badPareto("its kind is %q, allowed are %s and %s", f.Kind, Measured, Predicted)
	}
	p := &Pareto{Space: space, Classes: f.Classes, Digest: f.Digest, Method: f.Method, Seed: f.Seed,
		Evaluations: f.Evaluations, Limits: f.Limits, Against: f.Against, Kind: f.Kind, Pick: f.Pick}
	if p.Front, err = f.unpack(space, f.Front, f.Kind); err != nil {
		return nil, err
	}
	front := NewFront(f.Against...)
	for _, q := range p.Front {
		front.Insert(q)
	}
	if len(front.points) != len(p.Front) {
		return nil, badPareto("some of its points are worse than others in everything")
	}
	if p.Proposed, err = f.unpack(space, f.Proposed, Predicted); err != nil {
		return nil, err
	}
	for _, m := range f.Marks {
		q, err := f.unpack(space, []paretoPoint{m.paretoPoint}, f.Kind)
		if err != nil {
			return nil, err
		}
		p.Marks = append(p.Marks, Mark{m.Name, q[0]})
	}
	return p, nil
}

// unpack checks points of one kind.
func (f *paretoFile) unpack(space *arch.Space, in []paretoPoint, kind Kind) ([]Point, error) {
	var out []Point
	for _, q := range in {
		a, err := space.Parse(q.Arch)
		if err != nil {
			return nil, badPareto("%v", err)
		}
		c := Count(a, f.Classes)
		if c.Latency = q.Latency; c != q.Costs {
			return nil, badPareto("%s is listed with %d MACs and %d parameters, it has %d and %d", q.Arch, q.MACs, q.Params, c.MACs, c.Params)
		}
		share := func(v float64) bool { return v >= 0 && v <= 1 }
		switch {
		case !share(q.Accuracy) || !share(q.Error) || !(q.Latency >= 0) || math.IsInf(q.Latency, 1):
			return nil, badPareto("%s has an accuracy of %v, an error of %v, a latency of %v", q.Arch, q.Accuracy, q.Error, q.Latency)
		case Kind(q.Kind) != kind:
			return nil, badPareto("%s has a %q accuracy among %s ones", q.Arch, q.Kind, kind)
		case q.N < 0 || (kind == Measured) != (q.N > 0):
			return nil, badPareto("%s has an accuracy %s on %d images", q.Arch, kind, q.N)
		}
		out = append(out, Point{a, q.Costs, q.Accuracy, kind, q.N, q.Error})
	}
	return out, nil
}

func badPareto(format string, args ...any) error {
	e := fault.New(CodePareto, "write it again with the command search", format, args...)
	e.Message = "the Pareto file is damaged: " + e.Message
	return e
}
