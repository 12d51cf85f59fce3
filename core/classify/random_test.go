package classify

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

var labels = []string{"anchovy", "beaver", "cup", "door", "elk", "fig"}

// randomBundle is a nette supernet of seeded random numbers: no image was
// ever learnt, but every number that flows through it is ordinary.
func randomBundle(t testing.TB) *weights.Bundle {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, len(labels))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2003, 11142))
	net.Init(r, false)
	for i := range net.Classifier.Data { // a fresh classifier is nearly 0
		net.Classifier.Data[i] = float32(r.NormFloat64())
	}
	for _, stage := range net.Blocks { // residuals that stay small beside what they are added to
		for _, b := range stage {
			for i := range b.Project.BN.Gamma.Data {
				b.Project.BN.Gamma.Data[i] = 0.3
			}
		}
	}
	st := bnstats.NewModel(net)
	for _, l := range st.Layers {
		for _, of := range [][]float32{l.Mean, l.LogVariance, l.Read} {
			for i := range of {
				of[i] = float32(0.02 * r.NormFloat64())
			}
		}
	}
	return &weights.Bundle{
		Net: net, Statistics: st, Labels: labels,
		Spec:     preprocess.Spec{Mean: [3]float32{0.48, 0.46, 0.4}, Std: [3]float32{0.23, 0.22, 0.225}, Crop: 0.875, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{"seed": "2003", KeyFamily: `{"S":"` + space.Min().String() + `"}`},
	}
}

func randomFile(t testing.TB, b *weights.Bundle) []byte {
	t.Helper()
	data, err := weights.Marshal(b, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func randomEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(randomFile(t, randomBundle(t)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// drawing is a PNG of colour ramps and a disc.
func drawing(t testing.TB, w, h int) []byte {
	t.Helper()
	im := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(255 * x / w), uint8(255 * y / h), uint8((x ^ y) & 255), 255}
			if dx, dy := x-w/2, y-h/3; dx*dx+dy*dy < w*h/20 {
				c = color.NRGBA{240, 200, 30, 255}
			}
			im.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, e *Engine, data []byte) *Image {
	t.Helper()
	p, err := e.OpenImage(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t testing.TB, e *Engine, text string) arch.Arch {
	t.Helper()
	a, err := e.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ask(t testing.TB, e *Engine, p *Image, a arch.Arch, o Options) *Result {
	t.Helper()
	r, err := e.Classify(p, a, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
