package predict

import (
	"math"
	"slices"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
)

// file is the JSON form of a Predictor.
type file struct {
	Format, Space          string
	Source                 Source
	Inputs                 []string
	Lengths                []float64 // of each input, which is between -1 and 1
	Noise, Mean            float64
	Children               []string  // the fitted ones
	Weights                []float64 // of each: accuracy = mean + sum of weight * exp(-distance^2 / 2)
	Unseen, CrossValidated Quality
}

const format = "bignas-predictor-2"

// MarshalJSON formats the predictor.
func (p *Predictor) MarshalJSON() ([]byte, error) {
	var children []string
	for _, a := range p.Fitted {
		children = append(children, a.String())
	}
	return plainjson.Append(nil, plainjson.Record{member("format", format), member("space", p.Space.Name), member("source", p.Source.record()),
		member("inputs", names(p.Space)), member("lengths", p.lengths), member("noise", p.Noise), member("mean", p.mean),
		member("children", children), member("weights", p.weights), member("unseen", p.Unseen.record()), member("crossValidated", p.CrossValidated.record())})
}

// Read parses a predictor for the weights with that digest. The error is a *fault.Error, with
// CodeOther for a predictor of other weights and CodeFile for anything that MarshalJSON does
// not write.
func Read(data []byte, digest string) (*Predictor, error) {
	bad := func(text string, args ...any) (*Predictor, error) {
		e := fault.New(CodeFile, "fit it again with the command search fit", text, args...)
		e.Message = "the predictor is damaged: " + e.Message
		return nil, e
	}
	var f file
	v, err := plainjson.Parse(data)
	if err == nil {
		err = f.fill(v)
	}
	if err != nil {
		return bad("it is not valid JSON: %v", err)
	}
	if f.Format != format {
		return bad("its format is %q, this program reads %q", f.Format, format)
	}
	if f.Source.Digest != digest {
		return nil, fault.New(CodeOther, "measure and fit anew for these weights", "the predictor belongs to the weights %.19s…, these are %.19s…", f.Source.Digest, digest)
	}
	space, err := arch.Lookup(f.Space)
	if err != nil {
		return bad("%v", err)
	}
	if want := names(space); !slices.Equal(f.Inputs, want) || len(f.Lengths) != len(want) {
		return bad("it has %d lengths of %d inputs, the space %s has %d inputs", len(f.Lengths), len(f.Inputs), space.Name, len(want))
	}
	if len(f.Weights) != len(f.Children) || len(f.Children) == 0 {
		return bad("it has %d weights of %d children", len(f.Weights), len(f.Children))
	}
	for i, l := range f.Lengths {
		if !(l > 1e-6) {
			return bad("length %d is %v", i, l)
		}
	}
	for i, w := range append(f.Weights, f.Mean, f.Noise) {
		if !(math.Abs(w) < 1e6) {
			return bad("weight %d is %v", i, w)
		}
	}
	if f.Source.Classes < 2 || f.Source.Classes > 1e6 || !f.Unseen.valid() || !f.CrossValidated.valid() {
		return bad("it says: %d classes, error %v on %d unseen children", f.Source.Classes, f.Unseen.MeanError, f.Unseen.Children)
	}
	p := &Predictor{Space: space, Source: f.Source, Unseen: f.Unseen, CrossValidated: f.CrossValidated, Noise: f.Noise, mean: f.Mean, lengths: f.Lengths, weights: f.Weights}
	for _, c := range f.Children {
		a, err := space.Parse(c)
		if err != nil {
			return bad("%v", err)
		}
		p.Fitted = append(p.Fitted, a)
	}
	return p, nil
}

var member = plainjson.Member

func (f *file) fill(v plainjson.Value) error {
	return v.Fill(true, member("format", &f.Format), member("space", &f.Space), member("source", f.Source.fill),
		member("inputs", &f.Inputs), member("lengths", &f.Lengths), member("noise", &f.Noise), member("mean", &f.Mean),
		member("children", &f.Children), member("weights", &f.Weights), member("unseen", f.Unseen.fill), member("crossValidated", f.CrossValidated.fill))
}

func (s Source) record() plainjson.Record {
	return plainjson.Record{member("digest", s.Digest), member("n", s.N), member("images", s.Images), member("split", s.Split), member("classes", s.Classes)}
}

func (s *Source) fill(v plainjson.Value) error {
	return v.Fill(true, member("digest", &s.Digest), member("n", &s.N), member("images", &s.Images), member("split", &s.Split), member("classes", &s.Classes))
}

func (q Quality) record() plainjson.Record {
	return plainjson.Record{member("children", q.Children), member("spearman", q.Spearman), member("meanError", q.MeanError), member("worstError", q.Worst)}
}

func (q *Quality) fill(v plainjson.Value) error {
	return v.Fill(true, member("children", &q.Children), member("spearman", &q.Spearman), member("meanError", &q.MeanError), member("worstError", &q.Worst))
}

func (q Quality) valid() bool {
	return q.Children > 0 && math.Abs(q.Spearman) <= 1 && q.MeanError >= 0 && q.MeanError <= q.Worst+1e-12 && q.Worst <= 1
}
