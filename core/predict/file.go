package predict

import (
	"encoding/json"
	"math"
	"slices"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
)

// file is the JSON form of a Predictor.
type file struct {
	Format         string     `json:"format"`
	Space          string     `json:"space"`
	Source         Source     `json:"source"`
	Fitted         int        `json:"fitted"`
	Unseen         Quality    `json:"unseen"`
	CrossValidated Quality    `json:"crossValidated"`
	Penalty        [3]float64 `json:"penalty"`
	Inputs         []string   `json:"inputs"`
	Coefficients   []float64  `json:"coefficients"` // constant, inputs, products of inputs i <= j by i, then j
}

const format = "bignas-predictor-1"

// MarshalJSON writes the predictor.
func (p *Predictor) MarshalJSON() ([]byte, error) {
	return json.Marshal(file{format, p.Space.Name, p.Source, p.Fitted, p.Unseen, p.CrossValidated, p.Penalty, names(p.Space), p.coefficients})
}

// Read reads a predictor for the weights of the given digest. Errors are
// *fault.Error: CodeOther for one of other weights, CodeFile for anything that is
// not what MarshalJSON writes.
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
		return bad("it is not the JSON of one: %v", err)
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
	if want := names(space); !slices.Equal(f.Inputs, want) || len(f.Coefficients) != terms(len(want)) {
		return bad("it has %d coefficients of %d inputs, the space %s has %d of %d", len(f.Coefficients), len(f.Inputs), space.Name, terms(len(want)), len(want))
	}
	for i, w := range f.Coefficients {
		if math.IsNaN(w) || math.Abs(w) > 1e6 {
			return bad("coefficient %d is %v", i, w)
		}
	}
	if f.Source.Classes < 2 || f.Source.Classes > 1e6 || f.Fitted < 1 || !f.Unseen.valid() || !f.CrossValidated.valid() {
		return bad("it says: %d classes, fitted on %d children, error %v on %d unseen ones", f.Source.Classes, f.Fitted, f.Unseen.MeanError, f.Unseen.Children)
	}
	return &Predictor{Space: space, Source: f.Source, Fitted: f.Fitted, Unseen: f.Unseen, CrossValidated: f.CrossValidated,
		Penalty: f.Penalty, coefficients: f.Coefficients}, nil
}

var member = plainjson.Member

func (f *file) fill(v plainjson.Value) error {
	penalty := func(v plainjson.Value) error {
		values, err := v.Floats()
		copy(f.Penalty[:], values)
		return err
	}
	return v.Fill(true, member("format", &f.Format), member("space", &f.Space), member("source", f.Source.fill), member("fitted", &f.Fitted),
		member("unseen", f.Unseen.fill), member("crossValidated", f.CrossValidated.fill), member("penalty", penalty),
		member("inputs", &f.Inputs), member("coefficients", &f.Coefficients))
}

func (s *Source) fill(v plainjson.Value) error {
	return v.Fill(true, member("digest", &s.Digest), member("n", &s.N), member("images", &s.Images), member("split", &s.Split), member("classes", &s.Classes))
}

func (q *Quality) fill(v plainjson.Value) error {
	return v.Fill(true, member("children", &q.Children), member("spearman", &q.Spearman), member("meanError", &q.MeanError), member("worstError", &q.Worst))
}

func (q Quality) valid() bool {
	return q.Children > 0 && math.Abs(q.Spearman) <= 1 && q.MeanError >= 0 && q.MeanError <= q.Worst+1e-12 && q.Worst <= 1
}
