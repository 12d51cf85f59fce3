package export

import (
	"encoding/json"
	"fmt"
	"strconv"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/plainjson"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// Format is the format of a config.json of this package.
const Format = "bignas-child-1"

// Config is what a program needs to know to run an exported child: the content of config.json and, in parts, the
// metadata of an ONNX file.
type Config struct {
	Format        string          `json:"format"` // "bignas-child-1"
	File          string          `json:"file,omitempty"`
	Name          string          `json:"name,omitempty"` // in the family of the weights: "S"
	Arch          string          `json:"arch"`
	Space         string          `json:"space"`
	Resolution    int             `json:"resolution"`
	Classes       int             `json:"classes"`
	Labels        []string        `json:"labels"`
	Preprocessing preprocess.Spec `json:"preprocessing"`
	Precision     string          `json:"precision"` // "float32" or "float16"
	Statistics    Statistics      `json:"statistics"`
	Weights       string          `json:"weights"` // digest of the supernet
	MACs          int64           `json:"macs"`
	Params        int64           `json:"params"`
	Epsilon       float64         `json:"epsilon"` // of the batch normalisations
	// Confidence is how far answers can be trusted, and how that is computed (confidence.Scale.Record); absent
	// where the weights file has no model of it.
	Confidence json.RawMessage `json:"confidence,omitempty"`
	// Layout describes the tensors of each kind, and what is computed, in words.
	Layout     map[string]string `json:"layout,omitempty"`
	Activation string            `json:"activation,omitempty"` // of the stem and the head: "swish" or "hardswish"
	Blocks     []Block           `json:"blocks,omitempty"`     // in the order of computation
	Tensors    []TensorInfo      `json:"tensors,omitempty"`    // in network order
	Layers     []cost.Layer      `json:"layers,omitempty"`     // in the order of computation
}

// Statistics is the origin of the BN statistics of a child.
type Statistics struct {
	Kind   string `json:"kind"`             // "calibrated" or "predicted"
	Images int    `json:"images,omitempty"` // training images that they were calibrated on
	Data   string `json:"data,omitempty"`   // of that data set
}

// String describes the statistics.
func (s Statistics) String() string {
	if s.Kind == "calibrated" {
		return fmt.Sprintf("calibrated on %d training images of %s", s.Images, s.Data)
	}
	return "predicted from the architecture by the weights file"
}

// Block is what its tensors do not say of an inverted-residual block.
type Block struct {
	Name       string `json:"name"` // prefix of its tensors: "s2.0."
	Stride     int    `json:"stride"`
	Activation string `json:"activation"`       // after expand and depthwise: "swish", "hardswish" or "relu"
	Inside     string `json:"inside,omitempty"` // of squeeze-and-excitation: "swish" or "relu"
	Gate       string `json:"gate,omitempty"`   // of squeeze-and-excitation: "sigmoid" or "hardsigmoid"
	Shortcut   string `json:"shortcut"`         // "none", "identity" or "project"
}

// TensorInfo is one tensor of config.json.
type TensorInfo struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`          // "F32" or "F16"
	File  string `json:"file,omitempty"` // of a folder of numpy files
}

// layout is the same for all children.
var layout = map[string]string{
	"images":        "NHWC: [image, row, column, channel], float32, normalised by preprocessing",
	"stem.conv":     "[row, column, in, out]: 3x3, stride 2, padding 1, then BN and activation",
	"expand":        "[in, out]: 1x1 convolution, then BN and the block's activation; missing where the expansion is 1",
	"depthwise":     "[row, column, channel]: depthwise convolution, padding half a kernel, the block's stride, then BN and the block's activation",
	"se":            "squeeze-and-excitation on the mean over pixels: reduce [in, out] with bias and inside, expand [in, out] with bias and gate; its result multiplies the channels",
	"project":       "[in, out]: 1x1 convolution, then BN, no activation",
	"shortcut":      "[in, out]: 1x1 convolution without BN on the block's input, of a block whose shortcut is project; identity adds the input itself; either is average-pooled 2x2 before where the stride is 2",
	"head.expand":   "[in, out], in some spaces: 1x1 convolution, then BN and activation, then the mean over pixels, on which head.conv works without BN",
	"head.conv":     "[in, out]: 1x1 convolution, then BN and activation, then the mean over pixels",
	"activation":    "swish: x * sigmoid(x); hardsigmoid: min(max(x + 3, 0), 6) / 6; hardswish: x * hardsigmoid(x)",
	"classifier":    "[in, out] with bias: logits",
	"bn":            "y = (x - mean) / sqrt(variance + epsilon) * gamma + beta",
	"preprocessing": "centre square of crop times the short side, resized to resolution (Catmull-Rom, widened when it shrinks), (value / 255 - mean) / std",
}

func newConfig(e *classify.Engine, a arch.Arch, from Statistics) Config {
	info := e.Info()
	r := cost.ForClasses(a, len(info.Labels))
	c := Config{Format: Format, Arch: a.String(), Space: info.SpaceName, Resolution: a.Resolution, Classes: len(info.Labels), Labels: info.Labels,
		Preprocessing: info.Preprocessing, Precision: "float32", Statistics: from, Weights: info.Digest, MACs: r.MACs, Params: r.Params,
		Epsilon: supernet.Epsilon, Layers: r.Layers}
	for name, text := range info.Family {
		if text == c.Arch {
			c.Name = name
		}
	}
	if m := e.Confidence(); m != nil && from.Kind == "predicted" {
		c.Confidence, _ = plainjson.Append(nil, m.Of(a).Record(a.Head)) // finite numbers
	}
	return c
}

// activations are the names in config.json.
var activations = map[kernel.Act]string{kernel.Swish: "swish", kernel.HardSwish: "hardswish", kernel.ReLU: "relu", kernel.Sigmoid: "sigmoid", kernel.HardSigmoid: "hardsigmoid"}

// blocks describes the blocks of a network.
func blocks(n arch.Network) (all []Block) {
	for i := range n.Blocks {
		b := &n.Blocks[i]
		v := Block{Name: fmt.Sprintf("s%d.%d.", b.Stage+1, b.Index), Stride: b.Stride, Activation: activations[supernet.Act(b.Act)]}
		if b.Squeeze > 0 {
			inside, gate := supernet.GateActs(b)
			v.Inside, v.Gate = activations[inside], activations[gate]
		}
		v.Shortcut = [...]string{arch.NoShortcut: "none", arch.Identity: "identity", arch.Project: "project"}[b.Shortcut]
		all = append(all, v)
	}
	return all
}

// of returns the config for tensors of these types.
func (c Config) of(net arch.Network, all []tensor, half bool, file func(name string) string) Config {
	c.Layout, c.Activation, c.Blocks = layout, activations[supernet.Act(net.Act)], blocks(net)
	if half {
		c.Precision = "float16"
	}
	for _, t := range all {
		c.Tensors = append(c.Tensors, TensorInfo{t.Name, t.Shape, t.DType.String(), file(t.Name)})
	}
	return c
}

// JSON formats the config as config.json.
func (c Config) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(c, "", " ")
	return append(text, '\n'), err
}

// ReadConfig reads a config.json of this package.
func ReadConfig(text []byte) (Config, error) {
	var c Config
	if err := json.Unmarshal(text, &c); err != nil {
		return c, c.bad("its config is not valid JSON: %v", err)
	}
	if c.Format != Format {
		return c, c.bad("the format of its config is %q, this program reads %q", c.Format, Format)
	}
	return c, nil
}

func (c Config) bad(format string, args ...any) error {
	return fault.New(CodeChild, "export it again", "the written child cannot be read: %s", fmt.Sprintf(format, args...))
}

// metadata returns the config as texts, without what is in the graph.
func (c Config) metadata() (map[string]string, error) {
	m := map[string]string{"format": c.Format, "arch": c.Arch, "space": c.Space, "resolution": strconv.Itoa(c.Resolution), "precision": c.Precision,
		"statistics": c.Statistics.String(), "weights": c.Weights, "macs": strconv.FormatInt(c.MACs, 10), "params": strconv.FormatInt(c.Params, 10)}
	if c.Name != "" {
		m["name"] = c.Name
	}
	if c.Confidence != nil {
		m["confidence"] = string(c.Confidence)
	}
	for key, v := range map[string]any{"labels": c.Labels, "preprocessing": c.Preprocessing} {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		m[key] = string(text)
	}
	return m, nil
}
