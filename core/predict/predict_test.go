package predict

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/search/landscape"
)

// children are random ones of a made-up landscape, measured on n images.
func children(t testing.TB, space string, count, n int) (*arch.Space, []Sample) {
	t.Helper()
	s, err := arch.Lookup(space)
	if err != nil {
		t.Fatal(err)
	}
	l := landscape.New(s, 3)
	r := rand.New(rand.NewPCG(9, 9))
	var out []Sample
	for range count {
		a := s.Sample(r)
		p := l.Accuracy(a)
		if n > 0 { // the count of right answers varies as a binomial does
			p += r.NormFloat64() * math.Sqrt(p*(1-p)/float64(n))
		}
		out = append(out, Sample{a, p})
	}
	return s, out
}

var source = Source{Digest: "sha256:made", N: 2000, Images: 512, Split: "made up", Classes: 10}

// TestPredicts: on 100 unseen children of a landscape, exact and with the noise
// of counting, the order is right and the error small; and what is said of the
// unseen children is so.
func TestPredicts(t *testing.T) {
	for _, c := range []struct {
		space     string
		n         int
		rank, off float64
	}{
		{"nette", 0, 0.98, 0.004},
		{"bignas", 0, 0.97, 0.007},
		{"attentivenas", 0, 0.97, 0.007},
		{"nette", 8000, 0.95, 0.007},
	} {
		if runtime.GOOS == "js" && c.space != "nette" {
			continue // the fit runs natively only
		}
		s, samples := children(t, c.space, 400, c.n)
		p, err := Fit(s, source, samples, 100)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, %d images: %s; noise %.4f; cross-validated %.4f", c.space, c.n, p, p.Noise, p.CrossValidated.MeanError)
		if len(p.Fitted) != 300 || p.Unseen.Children != 100 || p.Unseen.Spearman < c.rank || p.Unseen.MeanError > c.off {
			t.Errorf("%s, %d images: %+v; want a correlation of %v and an error of %v", c.space, c.n, p.Unseen, c.rank, c.off)
		}
		if ratio := p.CrossValidated.MeanError / p.Unseen.MeanError; ratio < 0.6 || ratio > 1.7 {
			t.Errorf("%s: cross-validation says %v, unseen children %v", c.space, p.CrossValidated.MeanError, p.Unseen.MeanError)
		}
		if q := p.Test(samples[300:]); q != p.Unseen {
			t.Errorf("%+v is not %+v", q, p.Unseen)
		}
	}
}

// TestUnseenIsUnseen: what the last children are changes nothing of the fit.
func TestUnseenIsUnseen(t *testing.T) {
	s, samples := children(t, "nette", 160, 0)
	p, err := Fit(s, source, samples, 40)
	if err != nil {
		t.Fatal(err)
	}
	for i := range samples[120:] {
		samples[120+i].Accuracy = 0.5
	}
	q, err := Fit(s, source, samples, 40)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Max(); p.Predict(a) != q.Predict(a) || p.CrossValidated != q.CrossValidated || p.Unseen == q.Unseen {
		t.Error("the unseen children had a part in the fit, or none in the test")
	}
}

// TestEvidence: its slopes are those of finite differences, and what it says of
// a child by the others is what a fit without that child says.
func TestEvidence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x, y := make([][]float64, 12), make([]float64, 12)
	for i := range x {
		x[i] = []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		y[i] = math.Sin(x[i][0]) + 0.3*x[i][1] + 0.1*r.NormFloat64()
	}
	h := hyper{[]float64{0.3, 1, 2}, 0.2, -1.5}
	e := newEvidence(x, y, h)
	for i, got := range e.slopes(x, h) {
		var ends [2]float64
		for side, by := range []float64{-1e-5, 1e-5} {
			near := hyper{append([]float64(nil), h.lengths...), h.signal, h.noise}
			switch i {
			case 3:
				near.signal += by
			case 4:
				near.noise += by
			default:
				near.lengths[i] += by
			}
			ends[side] = newEvidence(x, y, near).log
		}
		if want := (ends[1] - ends[0]) / 2e-5; math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("slope %d is %v, by finite differences %v", i, got, want)
		}
	}
	rest := newEvidence(x[1:], y[1:], h)
	others, own := 0.0, newEvidence(x, y, h)
	for i, w := range rest.weights {
		others += w * own.signal[i+1]
	}
	if got := y[0] - e.weights[0]/e.inverse[0]; math.Abs(got-others) > 1e-9 {
		t.Errorf("left out, a child is %v; the others say %v", got, others)
	}
}

// TestOnto: moved to harder images, a predictor is right on them in the mean,
// ranks as before, and says how far off it is there.
func TestOnto(t *testing.T) {
	space, samples := children(t, "nette", 160, 0)
	p, err := Fit(space, source, samples, 40)
	if err != nil {
		t.Fatal(err)
	}
	var harder []Sample
	for i, s := range samples[:9] {
		harder = append(harder, Sample{Arch: s.Arch, Accuracy: p.Predict(s.Arch) - 0.1 + 0.02*float64(i%3-1)})
	}
	q := p.Onto(harder)
	for _, s := range samples[:20] {
		if d := q.Predict(s.Arch) - p.Predict(s.Arch); math.Abs(d+0.1) > 1e-6 {
			t.Fatalf("a child moved by %v, want -0.1", d)
		}
	}
	if want := max(p.Unseen.MeanError, 0.02*2/3); math.Abs(q.Unseen.MeanError-want) > 1e-6 || q.Unseen.Spearman != p.Unseen.Spearman {
		t.Errorf("error %v, want %v", q.Unseen.MeanError, want)
	}
	if p.Onto(nil) != p {
		t.Error("nothing measured moves it")
	}
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 30, 99}, 1},
		{[]float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}, -1},
		{[]float64{1, 2, 3, 4, 5}, []float64{2, 1, 4, 3, 5}, 0.8},
		{[]float64{1, 2, 2, 3}, []float64{1, 2, 3, 4}, 4.5 / math.Sqrt(4.5*5)}, // by hand, with shared ranks
		{[]float64{1, 1, 1}, []float64{1, 2, 3}, 0},
	} {
		if got := Spearman(c.x, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v %v: %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

// TestFile: written and read, it predicts the same; other weights, and files
// that lie, are refused.
func TestFile(t *testing.T) {
	s, samples := children(t, "nette", 100, 0)
	p, err := Fit(s, source, samples, 20)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Read(data, "sha256:made")
	if err != nil || q.Predict(s.Max()) != p.Predict(s.Max()) || q.Unseen != p.Unseen || q.Source != p.Source || len(q.Fitted) != 80 {
		t.Fatalf("%v: %+v", err, q)
	}
	if _, err := Read(data, "sha256:other"); err == nil || fault.Of(err).Code != CodeOther {
		t.Errorf("of other weights: %v", err)
	}
	for _, c := range []struct{ old, new, says string }{
		{string(data), "null", "an object is expected"},
		{`"nette"`, `"attentivenas"`, "inputs"},
		{`"weights":[`, `"weights":[0.5,`, "81 weights of 80 children"},
		{`"mean":0.`, `"mean":1234567.`, "weight 80"},
		{`"lengths":[`, `"lengths":[-`, "length 0"},
		{`"children":["r`, `"children":["q`, "resolution"},
		{`"spearman":`, `"spearman":7`, "error"},
		{`"S1 width"`, `"S9 width"`, "inputs"},
	} {
		text := strings.Replace(string(data), c.old, c.new, 1)
		if text == string(data) {
			t.Errorf("%q is not in the file", c.old)
		}
		if _, err := Read([]byte(text), "sha256:made"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q for %q: %v", c.new, c.old, err)
		}
	}
	if _, err := Fit(s, source, samples[:30], 5); err == nil || fault.Of(err).Code != CodeFew {
		t.Errorf("25 children: %v", err)
	}
}

// FuzzRead: no file crashes the reader, and what it accepts predicts a share.
func FuzzRead(f *testing.F) {
	s, samples := children(f, "nette", 60, 0)
	p, err := Fit(s, source, samples, 10)
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := Read(in, "sha256:made")
		if err != nil {
			return
		}
		if v := p.Predict(p.Space.Max()); !(v >= 0 && v <= 1) {
			t.Fatalf("predicts %v", v)
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	s, samples := children(b, "nette", 60, 0)
	p, err := Fit(s, source, samples, 10)
	if err != nil {
		b.Fatal(err)
	}
	f, a := p.Function(), s.Max()
	c := cost.Totals(a, 10)
	for b.Loop() {
		f(a, c.MACs, c.Params)
	}
}
