package confidence

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
)

// made is a model of random numbers: temperatures about 0.7, quantiles that
// ascend in the mean.
func made(t testing.TB) *Model {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	n := len(Features(space.Min()))
	row, c := make([]float64, space.Head[len(space.Head)-1]), make([]float64, (1+len(Levels))*n)
	for i := range row {
		row[i] = r.NormFloat64()
	}
	for i := range c {
		c[i] = 0.1 * r.NormFloat64()
	}
	c[0] = math.Log(0.7)
	for i := range Levels {
		c[(1+i)*n] = float64(i)
	}
	m, err := New(space, row, 0.5, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestJSON: what is read is what was written.
func TestJSON(t *testing.T) {
	m := made(t)
	text, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(text, m.space)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again.JSON(); err != nil || second != text {
		t.Errorf("%v, or it changes by reading", err)
	}
	for _, change := range []struct{ old, new, says string }{
		{kind, "another", "another"},
		{`"odds":0.5`, `"odds":-1`, "odds is -1"},
		{`"odds":0.5,`, ``, "odds is NaN"},
		{`"row":[`, `"row":[1,`, "641 channels"},
		{`"coefficients":[`, `"coefficients":[2e4,`, "89 coefficients"},
		{`"row"`, `"rows"`, `"rows"`},
		{`{`, `[`, "not valid JSON"},
	} {
		_, err := Read(strings.Replace(text, change.old, change.new, 1), m.space)
		if f := fault.Of(err); err == nil || f.Code != CodeFile || !strings.Contains(f.Message, change.says) {
			t.Errorf("%s instead of %s: %v", change.new, change.old, err)
		}
	}
}

// TestScale: quantiles ascend for any child, familiarity follows the score from 0
// to 1, reaches each level at its quantile, and what is below the level of Kept is
// not known.
func TestScale(t *testing.T) {
	m, r := made(t), rand.New(rand.NewPCG(3, 4))
	for range 50 {
		s := m.Of(m.space.Sample(r))
		for i, q := range s.Quantiles {
			if i > 0 && q < s.Quantiles[i-1] {
				t.Fatalf("quantiles %v", s.Quantiles)
			}
			if f := s.Familiarity(q); f < Levels[i]-1e-12 && i < len(Levels)-1 {
				t.Errorf("at quantile %d: %v, want %v", i, f, Levels[i])
			}
		}
		last := -1.0
		for score := s.Quantiles[0] - 1; score < s.Quantiles[len(Levels)-1]+1; score += 0.01 {
			f := s.Familiarity(score)
			if f < last || f < 0 || f > 1 {
				t.Fatalf("familiarity %v after %v", f, last)
			}
			if at := 2; (score >= s.Quantiles[at]) != Known(f) {
				t.Fatalf("score %v, threshold %v, known %v", score, s.Quantiles[at], Known(f))
			}
			last = f
		}
		if last != 1 {
			t.Errorf("the highest score has %v", last)
		}
	}
}

// TestScore is computed by hand.
func TestScore(t *testing.T) {
	m := made(t)
	s := m.Of(m.space.Min())
	logits := []float32{1, 3, 2}
	p, sum := 0.0, 0.0
	for _, v := range logits {
		x := math.Exp(float64(v) / s.Temperature)
		p, sum = max(p, x), sum+x
	}
	p /= sum
	want := 0.5*math.Log(p/(1-p)) + 2*m.row[0] - m.row[1]
	if got := s.Score(logits, []float32{2, -1}); math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := s.Odds([]float32{0, 5000}); math.IsInf(got, 0) || got < 100 {
		t.Errorf("of a sure answer: %v", got)
	}
}

// TestLogTemperature finds the lowest point of a parabola.
func TestLogTemperature(t *testing.T) {
	if at := LogTemperature(func(x float64) float64 { return (x - 0.7) * (x - 0.7) }); math.Abs(at-0.7) > 1e-3 {
		t.Errorf("at %v", at)
	}
}
