package session

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"bignas/core/classify"
	"bignas/core/confidence/confidencetest"
	"bignas/core/onnx/runner"
	"bignas/core/weights"
	"bignas/train/export"
)

// TestExport: the files hold the child, in both precisions.
func TestExport(t *testing.T) {
	p := booted(t)
	e := p.s.engine
	space := e.Info().Space
	own, err := e.StatisticsOf(space.Min(), false)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(id int64, format string, half bool) []byte {
		p.send(fmt.Sprintf(`{"id":%d,"type":"export","format":%q,"half":%v,"child":%s}`, id, format, half, childText(t, 96)))
		r, name := p.next(id, "file"), "bignas-nette-"+space.Min().String()
		if half {
			name += "-fp16"
		}
		if r.Name != name+"."+format || r.Mime == "" {
			t.Errorf("the file is called %q", r.Name)
		}
		return p.bytes[id]
	}
	net, err := e.Weights().Extract(space.Min())
	if err != nil {
		t.Fatal(err)
	}
	folded, err := e.Weights().Folded(space.Min(), own)
	if err != nil {
		t.Fatal(err)
	}
	for i, half := range []bool{false, true} {
		graph, err := runner.Read(ask(int64(10+i), "onnx", half))
		if err != nil {
			t.Fatal(err)
		}
		if m := graph.Metadata; m["arch"] != space.Min().String() || m["weights"] != e.Info().Digest || m["labels"] != `["a","b","c"]` {
			t.Errorf("metadata %v", m)
		}
		x := make([]float32, 3*96*96)
		for j := range x {
			x[j] = float32(j%13)/6 - 1
		}
		input, ok := runner.NewTensor(graph.Inputs[0].Kind, 1, 3, 96, 96)
		if !ok {
			t.Fatal("no room for an image")
		}
		for j := range 96 * 96 {
			for c := range 3 {
				input.Data[c*96*96+j] = x[3*j+c]
			}
		}
		child, err := e.Weights().Child(space.Min(), own)
		if err != nil {
			t.Fatal(err)
		}
		want, err := child.Forward(x, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := graph.Run(input)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "logits", got.Data, want, map[bool]float64{false: 1e-4, true: 0.02}[half])

		f, err := weights.Read(ask(int64(20+i), "safetensors", half))
		if err != nil {
			t.Fatal(err)
		}
		var config struct{ Format, Arch, Weights, Precision string }
		if err := json.Unmarshal([]byte(f.Metadata["config"]), &config); err != nil || config.Arch != space.Min().String() || config.Weights != e.Info().Digest {
			t.Errorf("config %+v: %v", config, err)
		}
		read := map[string]weights.Tensor{}
		for _, x := range f.Tensors {
			read[x.Name] = x
		}
		if len(read) != len(net.Params)+2*len(own.Mean) {
			t.Errorf("%d tensors, want %d and %d statistics", len(read), len(net.Params), 2*len(own.Mean))
		}
		for _, q := range net.Params {
			near(t, q.Name, read[q.Name].Data, q.Data, map[bool]float64{false: 0, true: 1e-3}[half])
		}
		near(t, "mean", read["head.conv.bn.mean"].Data, own.Mean[len(own.Mean)-1], 0)
		near(t, "variance", read["stem.conv.bn.variance"].Data, own.Variance[0], 0)
	}
	if folded.Head.Weight[0] = 70000; fitsHalf(folded.Head.Weight) == nil {
		t.Error("70000 fits into float16")
	}
}

func near(t *testing.T, what string, got, want []float32, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); d > within*(1+math.Abs(float64(want[i]))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestExportConfidence: an exported child carries the scale that the engine reads
// its logits with.
func TestExportConfidence(t *testing.T) {
	p := booted(t)
	e, space := p.s.engine, p.s.engine.Info().Space
	if (exported{e: e, a: space.Min()}).confidence() != nil {
		t.Fatal("weights without a block have a confidence")
	}
	m := confidencetest.Model(t, space, confidencetest.Ascending)
	b, err := weights.Unmarshal(testWeights())
	if err != nil {
		t.Fatal(err)
	}
	b.Confidence = m
	file, err := weights.Marshal(b, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = classify.New(file); err != nil {
		t.Fatal(err)
	}
	x := exported{e: e, a: space.Min()}
	if x.statistics, err = e.StatisticsOf(x.a, false); err != nil {
		t.Fatal(err)
	}
	onnx, err := x.onnx()
	if err != nil {
		t.Fatal(err)
	}
	graph, err := runner.Read(onnx)
	if err != nil {
		t.Fatal(err)
	}
	data, err := x.safetensors()
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Confidence json.RawMessage }
	if err := json.Unmarshal([]byte(f.Metadata["config"]), &config); err != nil {
		t.Fatal(err)
	}
	native, err := export.Cut(e, x.a, x.statistics, export.Statistics{Kind: "predicted"})
	if err != nil {
		t.Fatal(err)
	}
	want := string(native.Config.Confidence)
	if graph.Metadata["confidence"] != want || string(config.Confidence) != want || want == "" {
		t.Errorf("exported by the page %s and %s, natively %s", graph.Metadata["confidence"], config.Confidence, want)
	}
	var says struct {
		Temperature, Threshold, Odds float64
		Row                          []float64
	}
	if err := json.Unmarshal([]byte(want), &says); err != nil {
		t.Fatal(err)
	}
	if s := m.Of(x.a); says.Temperature != s.Temperature || says.Threshold != s.Threshold() || says.Odds != 1 || len(says.Row) != x.a.Head || says.Row[1] != -1 {
		t.Errorf("%+v, want %+v", says, s)
	}
}
