package onnx

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/supernet"
)

const classes = 10

// weights are random ones, BN scales and shifts too, so that a mistake in any of
// them shows.
func weights(t *testing.T) *supernet.Weights {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(space, classes)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 7))
	w.Init(r, false)
	for _, p := range w.Params {
		if !p.Decay {
			for i := range p.Data {
				p.Data[i] += float32(0.3 * r.NormFloat64())
			}
		}
	}
	return w
}

// images are [n, r, r, 3] for Forward and the same pictures as [n, 3, r, r].
func images(n, r int) (nhwc []float32, nchw array) {
	g := rand.New(rand.NewPCG(2, 7))
	nhwc, nchw = make([]float32, n*r*r*3), newArray(n, 3, r, r)
	for i := range nhwc {
		nhwc[i] = float32(g.NormFloat64())
		image, pixel, colour := i/(3*r*r), i/3%(r*r), i%3
		nchw.data[(image*3+colour)*r*r+pixel] = float64(nhwc[i])
	}
	return nhwc, nchw
}

// TestGraphEqualsChild: the file, read back and computed in float64, gives the
// logits of the child, for the smallest one and for children of several depths,
// widths and kernels.
func TestGraphEqualsChild(t *testing.T) {
	w := weights(t)
	r := rand.New(rand.NewPCG(3, 7))
	archs := []arch.Arch{w.Space.Min()}
	for range 2 {
		a := w.Space.Sample(r)
		a.Resolution = w.Space.Resolutions[0]
		archs = append(archs, a)
	}
	for _, a := range archs {
		const n = 2
		x, input := images(n, a.Resolution)
		st, err := w.Calibrate(a, func(yield func([]float32, int) bool) { yield(x, n) })
		if err != nil {
			t.Fatal(err)
		}
		child, err := w.Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		want, err := child.Forward(x, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		folded, err := w.Folded(a, st)
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, Marshal(folded, Options{}))
		got := m.run(t, input)[Output]
		if !slices.Equal(got.dims, []int{n, classes}) {
			t.Fatalf("logits are %v", got.dims)
		}
		largest := 0.0
		for _, v := range got.data {
			largest = max(largest, math.Abs(v))
		}
		for i, v := range got.data {
			// The child rounds to float32 some twenty layers deep.
			if d := math.Abs(v - float64(want[i])); !(d <= 3e-5*largest) {
				t.Errorf("%s logit %d: graph %v, child %v", a, i, v, want[i])
			}
		}
	}
}

// TestStructure: versions, names, shapes and metadata are what runtimes look at;
// every parameter of the child is in the file once.
func TestStructure(t *testing.T) {
	w := weights(t)
	a := w.Space.Max()
	st := supernet.NewStatistics(a)
	folded, err := w.Folded(a, st)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, folded, Options{Metadata: map[string]string{"labels": "[]", "a": "é"}}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), Marshal(folded, Options{Metadata: map[string]string{"a": "é", "labels": "[]"}})) {
		t.Error("the same child gives different files")
	}
	m := read(t, b.Bytes())
	if m.irVersion != 8 || m.opset != 17 || m.name != a.String() || m.metadata["a"] != "é" || len(m.metadata) != 2 {
		t.Errorf("IR version %d, opset %d, name %q, metadata %v", m.irVersion, m.opset, m.name, m.metadata)
	}
	if len(m.inputs) != 1 || !slices.Equal(m.inputs["input"], []int{-1, 3, 192, 192}) {
		t.Errorf("inputs %v", m.inputs)
	}
	if len(m.outputs) != 1 || !slices.Equal(m.outputs["logits"], []int{-1, classes}) {
		t.Errorf("outputs %v", m.outputs)
	}
	used, count := map[string]bool{}, map[string]int{}
	for _, o := range m.nodes {
		count[o.op]++
		for _, in := range o.inputs {
			used[in] = true
		}
	}
	params := 0
	for name, x := range m.tensors {
		params += len(x.data)
		if !used[name] {
			t.Errorf("no node reads the tensor %s", name)
		}
	}
	// A folded BN leaves one bias of the scale and shift that are counted.
	want := int(cost.ForClasses(a, classes).Params)
	for _, c := range supernet.BNChannels(a) {
		want -= c
	}
	if params != want {
		t.Errorf("%d parameters in the file, the child has %d", params, want)
	}
	if count["AveragePool"] != 4 || count["Gemm"] != 1 || count["GlobalAveragePool"] != 1+len(folded.Blocks) || count["Add"] != len(folded.Blocks) {
		t.Errorf("operators: %v", count)
	}
}

// TestFoldedRefuses: as for a child to run, statistics of another child are an error.
func TestFoldedRefuses(t *testing.T) {
	w := weights(t)
	if _, err := w.Folded(w.Space.Min(), nil); err == nil || !strings.Contains(err.Error(), "calibrate") {
		t.Errorf("no statistics: %v", err)
	}
	if _, err := w.Folded(w.Space.Min(), supernet.NewStatistics(w.Space.Max())); err == nil {
		t.Error("statistics of another child were accepted")
	}
}
