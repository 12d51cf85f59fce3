package classify

import (
	"math"
	"testing"

	"bignas/core/fault"
)

// TestCAM: before the cut and the scale, the mean of the map is the logit without its bias.
func TestCAM(t *testing.T) {
	e := randomEngine(t)
	p := open(t, e, drawing(t, 120, 100))
	a := parse(t, e, "min")
	bias := e.Weights().ClassBias.Data
	r := ask(t, e, p, a, Options{})
	h, err := e.CAM(p, a, -1, Options{})
	if err != nil || h.Class != r.Top[0].Index || h.Side != a.Network().Head.Size || len(h.Values) != h.Side*h.Side {
		t.Fatalf("%+v: %v", h, err)
	}
	for class := range e.Info().Labels {
		var head []float32
		if _, err := e.Classify(p, a, Options{Hook: func(_ int, out []float32, _, _ int) { head = append([]float32(nil), out...) }}); err != nil {
			t.Fatal(err)
		}
		h, err := e.CAM(p, a, class, Options{})
		if err != nil {
			t.Fatal(err)
		}
		raw, sum, largest := make([]float64, len(h.Values)), 0.0, 0.0
		for i := range raw {
			for k := range a.Head {
				raw[i] += float64(head[i*a.Head+k]) * float64(e.Weights().Classifier.Data[k*len(bias)+class])
			}
			sum, largest = sum+raw[i], max(largest, raw[i])
		}
		if got, want := sum/float64(len(raw))+float64(bias[class]), float64(r.Logits[class]); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
			t.Errorf("class %d: the map has the mean %v, the logit is %v", class, got, want)
		}
		for i, v := range raw {
			want := 0.0
			if largest > 0 {
				want = max(v, 0) / largest
			}
			if math.Abs(want-float64(h.Values[i])) > 1e-3 {
				t.Errorf("class %d, pixel %d: %v, want %v", class, i, h.Values[i], want)
			}
		}
	}
	if _, err := e.CAM(p, a, len(bias), Options{}); fault.Of(err).Code != CodeBadClass {
		t.Errorf("a class too many: %v", err)
	}
}

// TestTaps: every layer has maps of its size, and their scale reaches 0 and 255.
func TestTaps(t *testing.T) {
	e := randomEngine(t)
	p := open(t, e, drawing(t, 120, 100))
	a := parse(t, e, "max")
	a.Resolution = e.Info().Space.Min().Resolution
	net := a.Network()
	check := func(stage, layer, side, channels int) {
		t.Helper()
		m, err := e.FeatureMaps(p, a, stage, layer, Options{})
		if err != nil || m.Side != side || m.Channels != min(channels, 64) || len(m.Pixels) != m.Channels*side*side {
			t.Fatalf("stage %d, layer %d: %d maps of %d pixels, %v", stage, layer, m.Channels, m.Side, err)
		}
		least, largest := byte(255), byte(0)
		for _, v := range m.Pixels[:side*side] {
			least, largest = min(least, v), max(largest, v)
		}
		if side > 1 && (least != 0 || largest != 255 && largest != 0) {
			t.Errorf("stage %d, layer %d: values from %d to %d", stage, layer, least, largest)
		}
	}
	check(-1, 0, net.Stem.OutSize, net.Stem.Out)
	for _, b := range net.Blocks {
		check(b.Stage, b.Index, b.OutSize, b.Out)
	}
	check(len(a.Stages), 0, net.Head.Size, net.Head.Out)
	for _, at := range [][2]int{{-2, 0}, {len(a.Stages) + 1, 0}, {0, -1}, {0, a.Stages[0].Depth}} {
		if _, err := e.FeatureMaps(p, a, at[0], at[1], Options{}); fault.Of(err).Code != CodeBadLayer {
			t.Errorf("stage %d, layer %d: %v", at[0], at[1], err)
		}
	}
}

// TestScaled: the layout is channel after channel.
func TestScaled(t *testing.T) {
	m := scaled([]float32{1, 5, 2, 5, 3, 5, 5, 5}, 2, 2)
	want := []byte{0, 64, 128, 255, 0, 0, 0, 0}
	if m.Side != 2 || m.Channels != 2 || string(m.Pixels) != string(want) {
		t.Errorf("%v, want %v", m, want)
	}
}
