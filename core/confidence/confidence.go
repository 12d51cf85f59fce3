// Package confidence says how far the answer of a child can be trusted: the temperature that
// calibrates its probabilities (Guo et al., arXiv 1706.04599), and whether an image is like
// those that it was trained on. Both are functions of the architecture with few
// coefficients, fitted by package train/unknown on held-out images and stored in the weights
// file.
package confidence

import (
	"math"
	"strconv"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/plainjson"
)

// Kept is the share of held-out images of known classes that are taken for known.
const Kept = 0.95

// CodeFile is the code of the errors of Read.
const CodeFile = "bad_confidence"

// Levels are the shares of held-out images of known classes that score less than each of
// Scale.Quantiles.
var Levels = []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99}

// Model has the Scale of each child of a space.
type Model struct {
	space *arch.Space
	// row [widest head] is the classifier's row of a class "none of these", negated; a
	// narrower child has its beginning. odds is the weight of Scale.Odds beside it.
	row  []float64
	odds float64
	// coefficients are those of the logarithm of the temperature, then of each quantile,
	// as many as Features each.
	coefficients []float64
}

// New returns the Model with these numbers: a row over the channels of the widest head that
// scores images higher the more they are known, the weight of the odds beside it, and the
// coefficients of 1+len(Levels) linear functions of Features, the logarithm of the
// temperature and the quantiles of scores. They are rounded to the precision of the JSON
// form. The error is a *fault.Error.
func New(space *arch.Space, row []float64, odds float64, coefficients []float64) (*Model, error) {
	if want := space.Head[len(space.Head)-1]; len(row) != want {
		return nil, bad("its row has %d channels, the widest head of the space %s has %d", len(row), space.Name, want)
	}
	if want := (1 + len(Levels)) * len(Features(space.Min())); len(coefficients) != want {
		return nil, bad("it has %d coefficients, the space %s needs %d", len(coefficients), space.Name, want)
	}
	m := &Model{space: space, odds: odds}
	for _, p := range []struct {
		to   *[]float64
		from []float64
	}{{&m.row, row}, {&m.coefficients, coefficients}} {
		for i, v := range p.from {
			if !(math.Abs(v) < 1e4) {
				return nil, bad("number %d is %v", i, v)
			}
			*p.to = append(*p.to, math.Round(v*1e4)/1e4)
		}
	}
	if !(odds >= 0 && odds < 1e4) {
		return nil, bad("the weight of its odds is %v", odds)
	}
	return m, nil
}

func bad(text string, args ...any) error {
	e := fault.New(CodeFile, "fit it again with train calibrate", text, args...)
	e.Message = "the confidence model of the weights file is damaged: " + e.Message
	return e
}

// Features returns the features of a child: 1, its resolution and the square of that, the
// widths of stem and head, and the means of its stages' widths, depths and kernels, each -1
// to 1.
func Features(a arch.Arch) []float64 {
	s := a.Space
	res := arch.Centred(a.Resolution, s.Resolutions)
	f := []float64{1, res, res * res, arch.Centred(a.Stem, s.Stem), arch.Centred(a.Head, s.Head), 0, 0, 0}
	n := float64(len(s.Stages))
	for i, st := range s.Stages {
		c := a.Stages[i]
		f[5] += arch.Centred(c.Width, st.Widths) / n
		f[6] += arch.Centred(c.Depth, st.Depths) / n
		for _, k := range c.Kernels {
			f[7] += arch.Centred(k, st.Kernels) / n / float64(len(c.Kernels))
		}
	}
	return f
}

// Scale is the calibration of one child.
type Scale struct {
	Temperature float64   // by which logits are divided
	Quantiles   []float64 // of the scores of known images, by Levels, ascending
	row         []float64
	odds        float64
}

// Of returns the scale of a child of the model's space.
func (m *Model) Of(a arch.Arch) Scale {
	f := Features(a)
	at := func(i int) float64 {
		sum := 0.0
		for k, v := range f {
			sum += v * m.coefficients[i*len(f)+k]
		}
		return sum
	}
	s := Scale{Temperature: math.Exp(min(max(at(0), -3), 3)), row: m.row, odds: m.odds}
	for i := range Levels {
		q := at(1 + i)
		if i > 0 {
			q = max(q, s.Quantiles[i-1])
		}
		s.Quantiles = append(s.Quantiles, q)
	}
	return s
}

// Score returns the score of an image, which is higher the more it is like those that the
// child knows: the product of the row and the head's pooled activations, and the weighted
// Odds.
func (s Scale) Score(logits, pooled []float32) float64 {
	score := s.odds * s.Odds(logits)
	for i, v := range pooled {
		score += s.row[i] * float64(v)
	}
	return score
}

// Odds returns the logarithm of p / (1 - p), where p is the largest probability.
func (s Scale) Odds(logits []float32) float64 {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	others := 0.0
	for i, v := range logits {
		if i != best {
			others += math.Exp((float64(v) - float64(logits[best])) / s.Temperature)
		}
	}
	return -math.Log(max(others, 1e-300))
}

// Familiarity returns the share of held-out images of known classes that have a lower score,
// 0 to 1, interpolated between Levels.
func (s Scale) Familiarity(score float64) float64 {
	for i, q := range s.Quantiles {
		if score >= q {
			continue
		}
		if i == 0 {
			return 0
		}
		below := s.Quantiles[i-1]
		return Levels[i-1] + (Levels[i]-Levels[i-1])*(score-below)/(q-below)
	}
	return 1
}

// Threshold returns the score below which an image is not known.
func (s Scale) Threshold() float64 { return s.Quantiles[2] }

// Known reports whether an image of that familiarity is taken for one of a known class.
func Known(familiarity float64) bool { return familiarity >= 1-Kept }

// JSON formats the model as it is stored in a weights file.
func (m *Model) JSON() (string, error) {
	text, err := plainjson.Append(nil, plainjson.Record{plainjson.Member("score", kind), plainjson.Member("row", m.row), plainjson.Member("odds", m.odds), plainjson.Member("coefficients", m.coefficients)})
	return string(text), err
}

// Record returns the scale as JSON for an exported child with head channels before the
// classifier, with the rule in words.
func (s Scale) Record(head int) plainjson.Record {
	return plainjson.Record{plainjson.Member("rule", rule), plainjson.Member("temperature", s.Temperature), plainjson.Member("threshold", s.Threshold()),
		plainjson.Member("odds", s.odds), plainjson.Member("row", s.row[:head]), plainjson.Member("levels", Levels), plainjson.Member("quantiles", s.Quantiles)}
}

const rule = "p = softmax(logits / temperature); score = odds * log(max(p) / (1 - max(p))) + sum(row * input of the classifier); " +
	"an image is known where score >= threshold; a share of levels[i] of held-out known images scores less than quantiles[i]"

// kind identifies the score. A file with another one is refused.
const kind = "outlier-row-1"

// Read parses a model that JSON has formatted, for that space. The error is a *fault.Error.
func Read(text string, space *arch.Space) (*Model, error) {
	v, err := plainjson.Parse([]byte(text))
	var score string
	var row, coefficients []float64
	odds := math.NaN()
	if err == nil {
		err = v.Fill(true, plainjson.Member("score", &score), plainjson.Member("row", &row), plainjson.Member("odds", &odds), plainjson.Member("coefficients", &coefficients))
	}
	if err != nil {
		return nil, bad("it is not valid JSON: %v", err)
	}
	if score != kind {
		return nil, bad("its score is %.40s, this program knows %s", strconv.Quote(score), kind)
	}
	return New(space, row, odds, coefficients)
}
