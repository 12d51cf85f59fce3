package onnx

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/onnx/runner"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

const classes = 10

// randomWeights have random BN scales and shifts too, so that a mistake in any of
// them shows.
func randomWeights(t *testing.T, name string) *supernet.Weights {
	t.Helper()
	space, err := arch.Lookup(name)
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

// images are [n, r, r, 3] for Forward and the same images as [n, 3, r, r].
func images(n, r int) (nhwc []float32, nchw runner.Tensor) {
	g := rand.New(rand.NewPCG(2, 7))
	nchw, _ = runner.NewTensor(runner.Float32, n, 3, r, r)
	nhwc = make([]float32, n*r*r*3)
	for i := range nhwc {
		nhwc[i] = float32(g.NormFloat64())
		image, pixel, colour := i/(3*r*r), i/3%(r*r), i%3
		nchw.Data[(image*3+colour)*r*r+pixel] = nhwc[i]
	}
	return nhwc, nchw
}

func read(t *testing.T, file []byte) *runner.Graph {
	t.Helper()
	g, err := runner.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// near compares what the graph gives with the logits of the child.
func near(t *testing.T, g *runner.Graph, input runner.Tensor, want []float32, within float64) {
	t.Helper()
	got, err := g.Run(input)
	if err != nil {
		t.Fatal(err)
	}
	if n := input.Dims[0]; !slices.Equal(got.Dims, []int{n, classes}) {
		t.Fatalf("logits are %v", got.Dims)
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, v := range got.Data {
		if d := math.Abs(float64(v - want[i])); !(d <= within*largest) {
			t.Errorf("%s logit %d: graph %v, child %v", g.Name, i, v, want[i])
		}
	}
}

// TestGraphEqualsChild: the file, read back and computed operator by operator,
// gives the logits of the child, for the smallest one and for children of several
// depths, widths and kernels.
func TestGraphEqualsChild(t *testing.T) {
	w := randomWeights(t, "nette")
	r := rand.New(rand.NewPCG(3, 7))
	archs := []arch.Arch{w.Space.Min()}
	for range 2 {
		a := w.Space.Sample(r)
		a.Resolution = w.Space.Resolutions[0]
		archs = append(archs, a)
	}
	graphEqualsChild(t, w, archs)

	w = randomWeights(t, "attentivenas")
	a := w.Space.Min()
	a.Stages[0].Width = 24 // then a shortcut is pooled without a convolution
	graphEqualsChild(t, w, []arch.Arch{a})

	w = randomWeights(t, "ofa-mbv3")
	a = w.Space.Sample(r)
	a.Resolution = 132
	graphEqualsChild(t, w, []arch.Arch{w.Space.Min(), a})
}

func graphEqualsChild(t *testing.T, w *supernet.Weights, archs []arch.Arch) {
	for _, a := range archs {
		const n = 2
		x, input := images(n, a.Resolution)
		st, err := trainer.Calibrate(w, a, func(yield func([]float32, int) bool) { yield(x, n) })
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
		// Both round to float32 some twenty layers deep.
		near(t, read(t, Marshal(folded, Options{})), input, want, 3e-5)
		// Weights and results of 11 bits; the seed is fixed.
		near(t, read(t, Marshal(folded, Options{Half: true})), input, want, 2e-2)
	}
}

// TestPreprocess: a graph that takes pixels, in bytes or not, gives the logits
// that the child gives for the same pixels normalised by the Spec.
func TestPreprocess(t *testing.T) {
	w := randomWeights(t, "nette")
	a, spec := w.Space.Min(), preprocess.Spec{Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.2, 0.3, 0.4}, Crop: 1, Filter: preprocess.CatmullRom}
	r, n := a.Resolution, 2
	g := rand.New(rand.NewPCG(4, 7))
	x := make([]float32, n*3*r*r)
	bytesIn, _ := runner.NewTensor(runner.Uint8, n, r, r, 3)
	for i := range n {
		im := &preprocess.Image{W: r, H: r, Pix: make([]uint8, 3*r*r)}
		for j := range im.Pix {
			im.Pix[j] = uint8(g.UintN(256))
			bytesIn.Data[i*3*r*r+j] = float32(im.Pix[j])
		}
		spec.Apply(x[i*3*r*r:][:3*r*r], im, r)
	}
	st, err := trainer.Calibrate(w, a, func(yield func([]float32, int) bool) { yield(x, n) })
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
	for _, o := range []Options{{Preprocess: &spec}, {Preprocess: &spec, FloatPixels: true}, {Preprocess: &spec, Half: true}} {
		m, input, within := read(t, Marshal(folded, o)), bytesIn, 3e-5
		if o.FloatPixels {
			input.Kind = runner.Float32
		}
		if o.Half {
			within = 2e-2
		}
		if in := m.Inputs[0]; in.Name != Pixels || in.Kind != input.Kind || !slices.Equal(in.Dims, []int{-1, r, r, 3}) {
			t.Errorf("the input is %+v", in)
		}
		near(t, m, input, want, within)
	}
}

// TestStructure: versions, names, shapes and metadata are what runtimes look at;
// every parameter of the child is in the file once.
func TestStructure(t *testing.T) {
	w := randomWeights(t, "nette")
	a := w.Space.Max()
	st := supernet.NewStatistics(supernet.BNLayers(a))
	folded, err := w.Folded(a, st)
	if err != nil {
		t.Fatal(err)
	}
	b := Marshal(folded, Options{Metadata: map[string]string{"labels": "[]", "a": "é"}})
	if !bytes.Equal(b, Marshal(folded, Options{Metadata: map[string]string{"a": "é", "labels": "[]"}})) {
		t.Error("the same child gives different files")
	}
	m := read(t, b)
	if m.IRVersion != 8 || m.Opset != 17 || m.Name != a.String() || m.Metadata["a"] != "é" || len(m.Metadata) != 2 {
		t.Errorf("IR version %d, opset %d, name %q, metadata %v", m.IRVersion, m.Opset, m.Name, m.Metadata)
	}
	if in := m.Inputs[0]; in.Name != "input" || in.Kind != runner.Float32 || !slices.Equal(in.Dims, []int{-1, 3, 192, 192}) {
		t.Errorf("input %v", in)
	}
	if out := m.Outputs[0]; out.Name != "logits" || out.Kind != runner.Float32 || !slices.Equal(out.Dims, []int{-1, classes}) {
		t.Errorf("output %v", out)
	}
	used, count := map[string]bool{}, map[string]int{}
	for _, o := range m.Nodes {
		count[o.Op]++
		for _, in := range o.Inputs {
			used[in] = true
		}
	}
	params := 0
	for name, x := range m.Tensors {
		params += len(x.Data)
		if !used[name] {
			t.Errorf("no node reads the tensor %s", name)
		}
	}
	// A folded BN leaves one bias of the scale and shift that are counted.
	want := int(cost.ForClasses(a, classes).Params)
	for _, l := range supernet.BNLayers(a) {
		want -= l.Channels
	}
	if params != want {
		t.Errorf("%d parameters in the file, the child has %d", params, want)
	}
	if count["AveragePool"] != 4 || count["Gemm"] != 1 || count["GlobalAveragePool"] != 1+len(folded.Blocks) || count["Add"] != len(folded.Blocks) {
		t.Errorf("operators: %v", count)
	}
}

// TestReadableByOthers holds what OpenCV 4.6 needs and other runtimes take as
// well: the classifier's weight is transposed and the node says so, gates and
// constants have the dimensions of what they multiply, and a batch can be fixed.
func TestReadableByOthers(t *testing.T) {
	w := randomWeights(t, "nette")
	a := w.Space.Min()
	folded, err := w.Folded(a, supernet.NewStatistics(supernet.BNLayers(a)))
	if err != nil {
		t.Fatal(err)
	}
	spec := preprocess.Spec{Std: [3]float32{1, 1, 1}}
	for _, o := range []Options{{}, {Batch: 3}, {Batch: 3, Preprocess: &spec}, {Preprocess: &spec, FloatPixels: true}} {
		m := read(t, Marshal(folded, o))
		n := cmp.Or(o.Batch, -1)
		if in, out := m.Inputs[0], m.Outputs[0]; in.Dims[0] != n || len(in.Dims) != 4 || !slices.Equal(out.Dims, []int{n, classes}) {
			t.Errorf("%+v: input %v, output %v", o, in.Dims, out.Dims)
		}
		l := folded.Classifier
		weight := m.Tensors["classifier.weight"]
		if !slices.Equal(weight.Dims, []int{classes, l.Shape[0]}) || weight.Data[2*l.Shape[0]+1] != l.Weight[classes+2] {
			t.Errorf("%+v: the classifier's weight is %v, or not transposed", o, weight.Dims)
		}
		gates := 0
		for _, node := range m.Nodes {
			if node.Op == "Gemm" && !slices.Equal(node.Attributes["transB"], []int{1}) {
				t.Errorf("%+v: the attributes of Gemm are %v", o, node.Attributes)
			}
			if strings.HasSuffix(node.Output, "se.gate") {
				channels := len(m.Tensors[strings.TrimSuffix(node.Output, "gate")+"expand.bias"].Data)
				m.Outputs[0] = runner.Value{Name: node.Output, Kind: runner.Float32, Dims: []int{3, channels, 1, 1}}
				gates++
			}
			for _, name := range node.Inputs {
				if c := m.Tensors[name]; node.Op == "Sub" && !slices.Equal(c.Dims, []int{1, 3, 1, 1}) && name == "mean" {
					t.Errorf("%+v: the mean is %v", o, c.Dims)
				}
			}
		}
		if gates != len(folded.Blocks) {
			t.Fatalf("%d gates", gates)
		}
		x, _ := runner.NewTensor(m.Inputs[0].Kind, append([]int{3}, m.Inputs[0].Dims[1:]...)...)
		if _, err := m.Run(x); err != nil {
			t.Errorf("%+v: a gate: %v", o, err)
		}
		x, _ = runner.NewTensor(m.Inputs[0].Kind, append([]int{2}, m.Inputs[0].Dims[1:]...)...)
		if _, err := m.Run(x); o.Batch > 0 && err == nil {
			t.Errorf("%+v: it runs on 2 images", o)
		}
	}
}

// TestFoldedRefuses: as for a child to run, statistics of another child are an error.
func TestFoldedRefuses(t *testing.T) {
	w := randomWeights(t, "nette")
	if _, err := w.Folded(w.Space.Min(), nil); err == nil || !strings.Contains(err.Error(), "calibrate") {
		t.Errorf("no statistics: %v", err)
	}
	if _, err := w.Folded(w.Space.Min(), supernet.NewStatistics(supernet.BNLayers(w.Space.Max()))); err == nil {
		t.Error("statistics of another child were accepted")
	}
}
