package session

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/plainjson"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// CodeOverflow is that of a value that float16 cannot hold.
const CodeOverflow = "half_overflow"

// export posts the child as a file that other programs run. What is in it is what
// train/export writes.
func (s *Session) export(q request) error {
	write := map[string]func(exported) ([]byte, error){"onnx": exported.onnx, "safetensors": exported.safetensors}[q.Format]
	if write == nil {
		return fault.New(CodeBadMessage, "", "there is no format %q, allowed are onnx and safetensors", q.Format)
	}
	return s.part(q, func(e *classify.Engine, a arch.Arch) error {
		x := exported{e: e, a: a, half: q.Half}
		var err error
		if x.statistics, err = e.StatisticsOf(a, false); err != nil {
			return err
		}
		data, err := write(x)
		if err != nil {
			return err
		}
		name := "bignas-" + e.Info().SpaceName + "-" + a.String()
		if q.Half {
			name += "-fp16"
		}
		s.post(encode(q.ID, "file", record{member("name", name+"."+q.Format), member("mime", "application/octet-stream")}), data)
		return nil
	})
}

// exported is a child on its way into a file.
type exported struct {
	e          *classify.Engine
	a          arch.Arch
	half       bool
	statistics *supernet.Statistics
}

func (x exported) precision() string {
	if x.half {
		return "float16"
	}
	return "float32"
}

// onnx is the child as a graph, batch normalisation folded in.
func (x exported) onnx() ([]byte, error) {
	folded, err := x.e.Weights().Folded(x.a, x.statistics)
	if err != nil {
		return nil, err
	}
	if x.half {
		layers := []supernet.FoldedLayer{folded.Stem, folded.HeadExpand, folded.Head, folded.Classifier}
		for _, b := range folded.Blocks {
			layers = append(layers, b.Expand, b.Depthwise, b.SEReduce, b.SEExpand, b.Project, b.Shortcut)
		}
		for _, l := range layers {
			if err := fitsHalf(l.Weight, l.Bias); err != nil {
				return nil, err
			}
		}
	}
	info, c := x.e.Info(), cost.Totals(x.a, folded.Classes)
	labels, _ := plainjson.Append(nil, info.Labels) // texts
	spec, err := plainjson.Append(nil, info.Preprocessing.Record())
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{
		"format": childFormat, "arch": x.a.String(), "space": info.SpaceName, "resolution": strconv.Itoa(x.a.Resolution), "precision": x.precision(),
		"statistics": "predicted from the architecture by the weights file", "weights": info.Digest, "labels": string(labels), "preprocessing": string(spec),
		"macs": strconv.FormatInt(c.MACs, 10), "params": strconv.FormatInt(c.Params, 10), "input": "input [N, 3, R, R]: RGB, normalised by preprocessing"}
	if c := x.confidence(); c != nil {
		text, err := plainjson.Append(nil, c)
		if err != nil {
			return nil, err
		}
		metadata["confidence"] = string(text)
	}
	return onnx.Marshal(folded, onnx.Options{Half: x.half, Metadata: metadata}), nil
}

// childFormat marks a written child.
const childFormat = "bignas-child-1"

// safetensors is the child's parameters, copied out of the shared ones, with the
// statistics of its batch normalisations in float32, and a config in the metadata.
func (x exported) safetensors() ([]byte, error) {
	net, err := x.e.Weights().Extract(x.a)
	if err != nil {
		return nil, err
	}
	f := &weights.File{}
	kind, layer := weights.Float32, 0
	if x.half {
		kind = weights.Float16
	}
	for _, p := range net.Params {
		if x.half {
			if err := fitsHalf(p.Data); err != nil {
				return nil, err
			}
		}
		f.Tensors = append(f.Tensors, weights.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Data, DType: kind})
		if name, ok := strings.CutSuffix(p.Name, ".bn.beta"); ok {
			mean, variance := x.statistics.Mean[layer], x.statistics.Variance[layer]
			f.Tensors = append(f.Tensors, weights.Tensor{Name: name + ".bn.mean", Shape: []int{len(mean)}, Data: mean, DType: weights.Float32},
				weights.Tensor{Name: name + ".bn.variance", Shape: []int{len(mean)}, Data: variance, DType: weights.Float32})
			layer++
		}
	}
	config, err := plainjson.Append(nil, x.config())
	if err != nil {
		return nil, err
	}
	f.Metadata = map[string]string{"config": string(config)}
	var out bytes.Buffer
	err = weights.Write(&out, f, weights.Float32)
	return out.Bytes(), err
}

// config says what a program must know to run the tensors.
func (x exported) config() record {
	info, c := x.e.Info(), cost.Totals(x.a, len(x.e.Info().Labels))
	r := record{member("format", childFormat), member("arch", x.a.String()), member("space", info.SpaceName), member("resolution", x.a.Resolution),
		member("classes", len(info.Labels)), member("labels", info.Labels), member("preprocessing", info.Preprocessing.Record()), member("precision", x.precision()),
		member("statistics", record{member("kind", "predicted")}), member("weights", info.Digest), member("macs", c.MACs), member("params", c.Params),
		member("epsilon", supernet.Epsilon)}
	if c := x.confidence(); c != nil {
		r = append(r, member("confidence", c))
	}
	return r
}

// confidence is how far the child's answers can be trusted, nil where the weights
// file does not say.
func (x exported) confidence() record {
	m := x.e.Confidence()
	if m == nil {
		return nil
	}
	return m.Of(x.a).Record(x.a.Head)
}

// fitsHalf refuses what would become infinite.
func fitsHalf(tensors ...[]float32) error {
	for _, t := range tensors {
		for _, v := range t {
			if !(math.Abs(float64(v)) < 65520) {
				return fault.New(CodeOverflow, "export it in float32", "a weight of the child is %v, float16 ends at 65504", v)
			}
		}
	}
	return nil
}
