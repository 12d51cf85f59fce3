package unknown

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/confidence"
)

// pretend is what a child of that architecture might see: logits that its
// resolution and depths scale, of which the first class is right as often as a
// temperature says, and activations of which channel 3 is greater in known images.
func pretend(a arch.Arch, n int, known bool, r *rand.Rand) *Outputs {
	f := confidence.Features(a)
	temperature := pretended(a)
	s := &Outputs{}
	for range n {
		l := make([]float32, 4)
		top := 1.5 + 0.3*f[6] + r.NormFloat64()
		if !known {
			top -= 0.5
		}
		sum := 0.0
		p := make([]float64, 4)
		for i := range l {
			z := 0.3 * r.NormFloat64()
			if i == 0 {
				z += top
			}
			l[i] = float32(z * temperature)
			p[i] = math.Exp(z)
			sum += p[i]
		}
		label, u := 0, sum*r.Float64()
		for u > p[label] && label < 3 {
			u -= p[label]
			label++
		}
		pooled := make([]float32, a.Head)
		for j := range pooled {
			pooled[j] = float32(0.3 * r.NormFloat64())
		}
		if known {
			pooled[3] += 0.6 + float32(0.1*f[1])
		}
		s.Logits, s.Pooled, s.Labels = append(s.Logits, l), append(s.Pooled, pooled), append(s.Labels, label)
	}
	return s
}

func pretended(a arch.Arch) float64 { return math.Exp(-0.4 + 0.2*confidence.Features(a)[1]) }

// TestFit: children that the fit has not seen keep 95 +- 2 % of held-out images,
// have the right temperature and a small calibration error, and flag more unknown
// images than with the odds alone.
func TestFit(t *testing.T) {
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 12))
	var children []Child
	for i := range 30 {
		a := space.Sample(r)
		if i < 2 { // as Calibrate does: the ends are what is else extrapolated
			a = []arch.Arch{space.Min(), space.Max()}[i]
		}
		children = append(children, Child{a, pretend(a, 500, true, r), pretend(a, 100, true, r), pretend(a, 100, false, r)})
	}
	m, err := Fit(children)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		a := space.Sample(r)
		if i == 0 {
			a = space.Min()
		}
		s, held, other := m.Of(a), pretend(a, 2000, true, r), pretend(a, 500, false, r)
		own := held.Scores(s.Score)
		if flagged := Below(own, s.Threshold()); math.Abs(flagged-0.05) > 0.02 {
			t.Errorf("%s: %.1f %% of known images are flagged", a, 100*flagged)
		}
		if want := pretended(a); math.Abs(s.Temperature/want-1) > 0.1 {
			t.Errorf("%s: temperature %v, want %v", a, s.Temperature, want)
		}
		if with, without := ECE(held, s.Temperature), ECE(held, 1); with > 0.035 || without < 2*with {
			t.Errorf("%s: calibration error %v, uncorrected %v", a, with, without)
		}
		var scores [2]float64
		for k, method := range Methods(s, children[0].Known)[:2] {
			scores[k] = AUROC(held.Scores(method.Score), other.Scores(method.Score))
		}
		if scores[0] < scores[1]+0.1 {
			t.Errorf("%s: AUROC %.3f, of the odds alone %.3f", a, scores[0], scores[1])
		}
	}
	if _, err := Fit(children[:9]); err == nil {
		t.Error("nine children are enough")
	}
}

// TestMeasures are counted by hand.
func TestMeasures(t *testing.T) {
	if got := AUROC([]float64{3, 2, 1}, []float64{0, 2}); math.Abs(got-(3+1.5)/6) > 1e-12 {
		t.Errorf("AUROC %v", got)
	}
	if got := Below([]float64{1, 2, 3, 4}, 3); got != 0.5 {
		t.Errorf("below: %v", got)
	}
	if got := Threshold([]float64{0, 20, 10}); math.Abs(got-1) > 1e-9 {
		t.Errorf("threshold %v", got)
	}
	even := &Outputs{Logits: [][]float32{{1, 1}, {1, 1}}, Labels: []int{0, 1}}
	if got := ECE(even, 1); got > 1e-12 { // half sure, half right
		t.Errorf("ECE %v", got)
	}
	sure := &Outputs{Logits: [][]float32{{0, 99}, {0, 99}}, Labels: []int{0, 1}}
	if got := ECE(sure, 1); math.Abs(got-0.5) > 1e-9 {
		t.Errorf("ECE %v of answers that are sure, half of them wrong", got)
	}
	train := &Outputs{Logits: [][]float32{{0, 0}, {0, 0}, {0, 0}, {0, 0}}, Labels: []int{0, 0, 1, 1},
		Pooled: [][]float32{{0, 1}, {0, -1}, {9, 1}, {9, -1}}}
	far := mahalanobis(train)
	if near, middle := far(nil, []float32{9, 0}), far(nil, []float32{4.5, 0}); near != 0 || middle > -10 {
		t.Errorf("at a mean %v, between two %v", near, middle)
	}
}

// TestDrawn: an image depends on its number and the seed alone.
func TestDrawn(t *testing.T) {
	for _, make := range []func(int, uint64) Images{Noise, Colours, Stripes} {
		m := make(20, 3)
		a, b, other := m.At(7), m.At(7), make(20, 4).At(7)
		if string(a.Pix) != string(b.Pix) || string(a.Pix) == string(other.Pix) || string(a.Pix) == string(m.At(8).Pix) {
			t.Errorf("%s: not what the number and the seed say", m.Name)
		}
		if small := m.Shrunk(16).At(7); small.W != 16 || len(small.Pix) != 3*16*16 {
			t.Errorf("%s: shrunk to %d", m.Name, small.W)
		}
	}
}
