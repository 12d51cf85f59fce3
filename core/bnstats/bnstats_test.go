package bnstats_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

// shifted is the weights of a space with shifts and scales such as training gives.
func shifted(t testing.TB, name string) *supernet.Weights {
	t.Helper()
	s, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(s, 10)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	r := rand.New(rand.NewPCG(11, 12))
	for _, p := range w.Params {
		gamma := strings.HasSuffix(p.Name, ".bn.gamma")
		if gamma {
			for i := range p.Data {
				p.Data[i] = float32(0.3 + 0.5*r.Float64())
			}
		}
		if !gamma && !p.Decay {
			for i := range p.Data {
				p.Data[i] = float32(0.3 * r.NormFloat64())
			}
		}
	}
	return w
}

// calibrated measures a on two images, the same of every child of its resolution.
func calibrated(t testing.TB, w *supernet.Weights, a arch.Arch) bnstats.Calibrated {
	t.Helper()
	g := rand.New(rand.NewPCG(5, 4))
	x := make([]float32, 2*a.Resolution*a.Resolution*3)
	for i := range x {
		x[i] = float32(g.NormFloat64())
	}
	c, err := trainer.CalibrateActivations(w, a, func(yield func([]float32, int) bool) { yield(x, 2) })
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

// apart is the root mean square of the difference of two means, in standard
// deviations of the channels.
func apart(got, want, variance []float32) float64 {
	sum := 0.0
	for c, v := range want {
		d := float64(got[c]-v) / math.Sqrt(float64(variance[c])+supernet.Epsilon)
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(want)))
}

// TestMeansPassThroughLinearLayers: from the means of activations, those of every
// 1x1 convolution and of the residual stream follow exactly, as far as float32 goes.
func TestMeansPassThroughLinearLayers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"nette", "nette", "attentivenas"} {
		w := shifted(t, name)
		a := w.Space.Sample(r)
		c := calibrated(t, w, a)
		for i, got := range bnstats.LinearMeans(w, a, c.Activations) {
			if got == nil {
				continue
			}
			if d := apart(got, c.Statistics.Mean[i], c.Statistics.Variance[i]); d > 1e-4 {
				t.Errorf("%s: BN layer %d: means are %.2g standard deviations off", a, i, d)
			}
		}
	}
}

// TestTapMeans: on a constant image the mean of a depthwise convolution is exact,
// borders included.
func TestTapMeans(t *testing.T) {
	w := shifted(t, "nette")
	for _, b := range w.Space.Max().Network().Blocks {
		p := w.Blocks[b.Stage][b.Index]
		read, want, got := make([]float32, b.Mid), make([]float64, b.Mid), make([]float32, b.Mid)
		for c := range read {
			read[c] = float32(c%7) - 2
		}
		taps, pitch, stride := p.Taps(b.Kernel, b.Mid)
		for oy := range b.OutSize {
			for ox := range b.OutSize {
				for k := range b.Kernel * b.Kernel {
					y, x := oy*b.Stride+k/b.Kernel-b.Kernel/2, ox*b.Stride+k%b.Kernel-b.Kernel/2
					if y < 0 || x < 0 || y >= b.Size || x >= b.Size {
						continue
					}
					for c := range want {
						want[c] += float64(taps[(k/b.Kernel*pitch+k%b.Kernel)*stride+c]*read[c]) / float64(b.OutSize*b.OutSize)
					}
				}
			}
		}
		bnstats.TapMeans(p, got, read, b)
		for c := range want {
			if math.Abs(float64(got[c])-want[c]) > 1e-4 {
				t.Fatalf("block %+v: channel %d has the mean %v, want %v", b, c, got[c], want[c])
			}
		}
	}
}

// TestFit: on children that the fit has not seen, predictions are nearer
// than the statistics that a child would inherit from the biggest, and no layer is
// far off; frozen weights give the same.
func TestFit(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("the fit runs natively only; in WebAssembly it takes half a minute")
	}
	w := shifted(t, "nette")
	r := rand.New(rand.NewPCG(8, 8))
	children := []bnstats.Calibrated{calibrated(t, w, w.Space.Min()), calibrated(t, w, w.Space.Max())}
	for len(children) < 60 {
		children = append(children, calibrated(t, w, w.Space.Sample(r)))
	}
	m, err := bnstats.Fit(w, children)
	if err != nil {
		t.Fatal(err)
	}
	frozen := w.Like()
	supernet.Convert(frozen, w)
	frozen.Freeze()
	again := bnstats.NewModel(frozen)
	for i := range again.Layers {
		again.Layers[i] = m.Layers[i]
	}
	for range 3 {
		a := w.Space.Sample(r)
		want := calibrated(t, w, a).Statistics
		got, err := m.Predict(a)
		if err != nil {
			t.Fatal(err)
		}
		inherited, err := children[1].Statistics.Inherit(w.Space.Max(), a)
		if err != nil {
			t.Fatal(err)
		}
		var sum, sumInherited float64
		for i := range want.Mean {
			d, e := apart(got.Mean[i], want.Mean[i], want.Variance[i]), apart(inherited.Mean[i], want.Mean[i], want.Variance[i])
			sum, sumInherited = sum+d, sumInherited+e
			if d > 0.5 {
				t.Errorf("%s: means of BN layer %d are %.2f standard deviations off", a, i, d)
			}
		}
		if sum > sumInherited/3 {
			t.Errorf("%s: predicted means are %.3f standard deviations off, those of the biggest child %.3f", a, sum/float64(len(want.Mean)), sumInherited/float64(len(want.Mean)))
		}
		same, err := again.Predict(a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Mean {
			if d := apart(same.Mean[i], got.Mean[i], got.Variance[i]); d > 1e-3 {
				t.Errorf("%s: frozen weights move the means of BN layer %d by %.2g standard deviations", a, i, d)
			}
		}
	}
}

// TestFitNeedsTheBiggest: channels that no child has are named.
func TestFitNeedsTheBiggest(t *testing.T) {
	w := shifted(t, "nette")
	if _, err := bnstats.Fit(w, []bnstats.Calibrated{calibrated(t, w, w.Space.Min())}); err == nil {
		t.Error("a fit on the smallest child alone is accepted")
	}
}
