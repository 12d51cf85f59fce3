package classify

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/confidence"
	"bignas/core/confidence/confidencetest"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/weights"
)

func TestInfo(t *testing.T) {
	file := randomFile(t, randomBundle(t))
	e, err := New(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(e.Info())
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if m["spaceName"] != "nette" || m["bytes"] != float64(len(file)) || m["params"] != float64(e.Weights().Count()) ||
		len(m["labels"].([]any)) != 6 || m["metadata"].(map[string]any)["seed"] != "2003" || !strings.HasPrefix(m["digest"].(string), "sha256:") {
		t.Errorf("%s", text)
	}
	if m["preprocessing"].(map[string]any)["crop"] != 0.875 || m["space"].(map[string]any) == nil {
		t.Errorf("%s", text)
	}
}

func TestParse(t *testing.T) {
	e := randomEngine(t)
	space := e.Info().Space
	if !parse(t, e, "min").Equal(space.Min()) || !parse(t, e, "max").Equal(space.Max()) || !parse(t, e, "S").Equal(space.Min()) {
		t.Error("min, max or the family member S is something else")
	}
	if random, err := space.Parse("random:7"); err != nil || !parse(t, e, "random:7").Equal(random) {
		t.Errorf("random:7 is another child with weights: %v", err)
	}
	for _, text := range []string{"", "S2", "r97" + space.Min().String()[3:], "r96-c8"} {
		_, err := e.Parse(text)
		if f := fault.Of(err); f == nil || f.Code != CodeBadArch || !strings.Contains(f.Hint, "min, max, S, random:SEED or") {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
	if _, err := e.Parse("XXL"); fault.Of(err).Message != `there is no child named "XXL"; known: min, max, S` {
		t.Errorf("an unknown name: %v", err)
	}
	b := randomBundle(t)
	b.Metadata[KeyFamily] = `{"S":"tiny"}`
	if _, err := New(randomFile(t, b)); fault.Of(err) == nil || !strings.Contains(err.Error(), `impossible child "S"`) {
		t.Errorf("an impossible family member: %v", err)
	}
}

// The result agrees with itself, with cost and with softmax by definition.
func TestClassify(t *testing.T) {
	e := randomEngine(t)
	p := open(t, e, drawing(t, 210, 150))
	if w, h := p.Size(); w != 210 || h != 150 {
		t.Fatalf("image of %d x %d", w, h)
	}
	a := e.Info().Space.Sample(rand.New(rand.NewPCG(1, 1)))
	r := ask(t, e, p, a, Options{})
	if len(r.Logits) != 6 || len(r.Probabilities) != 6 || len(r.Top) != 5 || r.Text != a.String() {
		t.Fatalf("%+v", r)
	}
	var total, sum float64
	for _, v := range r.Logits {
		total += math.Exp(float64(v))
	}
	for i, v := range r.Probabilities {
		sum += v
		if want := math.Exp(float64(r.Logits[i])) / total; math.Abs(v-want) > 1e-12 {
			t.Errorf("probability %d is %v, want %v", i, v, want)
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("the probabilities sum to %v", sum)
	}
	for i, s := range r.Top {
		if s.Label != labels[s.Index] || s.P != r.Probabilities[s.Index] || i > 0 && s.P > r.Top[i-1].P {
			t.Errorf("top %d is %+v", i, s)
		}
	}
	if c := cost.ForClasses(a, 6); r.MACs != c.MACs || r.Params != c.Params {
		t.Errorf("%d MACs and %d parameters, want %d and %d", r.MACs, r.Params, c.MACs, c.Params)
	}
	if r.Timing.Slice <= 0 || r.Timing.Resize <= 0 || r.Timing.Forward <= 0 {
		t.Errorf("times %+v", r.Timing)
	}
	if r = ask(t, e, p, a, Options{Top: 2}); len(r.Top) != 2 || r.Timing.Slice != 0 || r.Timing.Resize != 0 {
		t.Errorf("again: %d scores, times %+v, expected a cached slice and input", len(r.Top), r.Timing)
	}
}

// The logits are those of the plain parts put together without any cache, also
// after a walk over children, resolutions, images and statistics.
func TestCacheDoesNotMixAnswers(t *testing.T) {
	e := randomEngine(t)
	var opened []*Image
	var decoded []*preprocess.Image
	for _, data := range [][]byte{drawing(t, 120, 100), drawing(t, 97, 300)} {
		im, err := preprocess.Decode(data, 0)
		if err != nil {
			t.Fatal(err)
		}
		opened, decoded = append(opened, open(t, e, data)), append(decoded, im)
	}
	space, r := e.Info().Space, rand.New(rand.NewPCG(3, 4))
	archs := []arch.Arch{space.Min(), space.Min(), space.Sample(r)}
	archs[1].Resolution = space.Resolutions[1]
	archs[2].Resolution = space.Resolutions[0]
	for range 12 {
		i, a, inherited := r.IntN(2), archs[r.IntN(3)].Clone(), r.IntN(2) == 1
		got := ask(t, e, opened[i], a, Options{Inherited: inherited})
		of := a
		if inherited {
			of = space.Max()
		}
		st, err := e.Statistics().Predict(of)
		if err != nil {
			t.Fatal(err)
		}
		if inherited {
			if st, err = st.Inherit(of, a); err != nil {
				t.Fatal(err)
			}
		}
		child, err := e.Weights().Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, 3*a.Resolution*a.Resolution)
		e.Info().Preprocessing.Apply(x, decoded[i], a.Resolution)
		want, err := child.Forward(x, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Logits, want) {
			t.Fatalf("%s, inherited %v: %v, without caches %v", a, inherited, got.Logits, want)
		}
		a.Stages[0].Kernels[0], a.Stages[1].Width = 99, 99 // the caller's own copy
	}
	right, wrong := ask(t, e, opened[0], archs[0], Options{}), ask(t, e, opened[0], archs[0], Options{Inherited: true})
	if slices.Equal(right.Logits, wrong.Logits) {
		t.Error("inherited statistics give the same answer as right ones")
	}
}

// Between is called once a block, ends the computation with its own error, and
// leaves the engine in order.
func TestBetween(t *testing.T) {
	e := randomEngine(t)
	p := open(t, e, drawing(t, 100, 100))
	a := parse(t, e, "min")
	want := ask(t, e, p, a, Options{}).Logits
	calls, stop := 0, errors.New("stop")
	ask(t, e, p, a, Options{Between: func() error { calls++; return nil }})
	if blocks := len(a.Network().Blocks); calls != blocks {
		t.Errorf("%d calls for %d blocks", calls, blocks)
	}
	calls = 0
	_, err := e.Classify(p, a, Options{Between: func() error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	}})
	if err != stop || calls != 3 {
		t.Errorf("%v after %d calls, want the error of Between after 3", err, calls)
	}
	if got := ask(t, e, p, a, Options{}).Logits; !slices.Equal(got, want) {
		t.Error("another answer after a computation that was ended")
	}
}

func TestClassifyRefuses(t *testing.T) {
	b := randomBundle(t)
	e, err := New(randomFile(t, b))
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, e, drawing(t, 20, 20))
	code := func(err error) string {
		if err == nil {
			return ""
		}
		return fault.Of(err).Code
	}
	bad := parse(t, e, "min")
	bad.Head++
	if _, err := e.Classify(p, bad, Options{}); code(err) != CodeBadArch || !strings.Contains(err.Error(), "head") {
		t.Errorf("an impossible child: %v", err)
	}
	other, err := arch.Lookup("bignas")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Classify(p, other.Min(), Options{}); code(err) != CodeBadArch {
		t.Errorf("a child of another space: %v", err)
	}
	if _, err := e.OpenImage([]byte("hello")); code(err) != preprocess.CodeNotImage {
		t.Errorf("a text as an image: %v", err)
	}
	if _, err := New([]byte("hello")); code(err) != weights.CodeTruncated {
		t.Errorf("a text as weights: %v", err)
	}
	for _, l := range b.Statistics.Layers { // every layer multiplies by 316 and some add 2e7: beyond float32 within a few blocks
		for _, of := range [][]float32{l.Mean, l.LogVariance, l.Read} {
			clear(of)
		}
		for c := range l.Channels { // the intercepts
			l.LogVariance[c*l.VarianceFeatures] = -100
			if l.Mean != nil {
				l.Mean[c*l.Features] = -6e4
			}
		}
	}
	if e, err = New(randomFile(t, b)); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Classify(p, parse(t, e, "min"), Options{}); code(err) != CodeNotFinite {
		t.Errorf("broken statistics: %v, %+v", err, r)
	}
	b.Statistics = nil
	if e, err = New(randomFile(t, b)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Classify(p, parse(t, e, "min"), Options{}); code(err) != CodeNoStatistics {
		t.Errorf("no statistics: %v", err)
	}
}

// TestConfidence: a block in the file changes neither logits nor the order of
// classes; probabilities are those of the temperature; scores are those of the
// head's mean; inherited statistics get none.
func TestConfidence(t *testing.T) {
	b := randomBundle(t)
	plain := randomEngine(t)
	space := b.Net.Space
	b.Confidence = confidencetest.Model(t, space, confidencetest.Ascending)
	e, err := New(randomFile(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if plain.Info().Calibrated || !e.Info().Calibrated || plain.Info().Digest != e.Info().Digest {
		t.Error("the weights do not say what they are")
	}
	data := drawing(t, 120, 90)
	for _, text := range []string{"min", "random:4", "max"} {
		a := parse(t, e, text)
		want, got := ask(t, plain, open(t, plain, data), a, Options{}), ask(t, e, open(t, e, data), a, Options{})
		if want.Confidence != nil || got.Confidence == nil || got.Confidence.Temperature != math.Exp(0.75) {
			t.Fatalf("%s: %+v, and without the block %+v", text, got.Confidence, want.Confidence)
		}
		if !slices.Equal(got.Logits, want.Logits) {
			t.Errorf("%s: logits %v, want %v", text, got.Logits, want.Logits)
		}
		sum := 0.0
		for _, v := range got.Logits {
			sum += math.Exp((float64(v) - float64(got.Logits[got.Top[0].Index])) / math.Exp(0.75))
		}
		if math.Abs(got.Top[0].P-1/sum) > 1e-9 {
			t.Errorf("%s: the best has %v, want %v", text, got.Top[0].P, 1/sum)
		}
		for i, s := range got.Top {
			if s.Index != want.Top[i].Index {
				t.Errorf("%s: answer %d is %s, was %s", text, i, s.Label, want.Top[i].Label)
			}
		}
		tapped := false
		var pooled []float32
		ask(t, e, open(t, e, data), a, Options{Hook: func(layer int, out []float32, side, channels int) {
			tapped = tapped || layer == 0
			pooled = make([]float32, channels) // the last is the head's
			for i, v := range out {
				pooled[i%channels] += v / float32(side*side)
			}
		}})
		s := b.Confidence.Of(a)
		if f := s.Familiarity(s.Score(got.Logits, pooled)); !tapped || math.Abs(f-got.Confidence.Familiarity) > 1e-4 || got.Confidence.Known != confidence.Known(f) {
			t.Errorf("%s: %+v, by hand %v", text, got.Confidence, f)
		}
		if r := ask(t, e, open(t, e, data), a, Options{Inherited: true}); r.Confidence != nil {
			t.Errorf("%s: inherited statistics: %+v", text, r.Confidence)
		}
	}
}
