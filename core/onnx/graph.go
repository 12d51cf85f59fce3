package onnx

import (
	"encoding/binary"
	"math"

	"bignas/core/onnx/internal/proto"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// graph collects initializers, and nodes in the order in which they can run.
type graph struct {
	nodes, tensors []byte
	half           bool // initializers of the network are float16
}

// attribute is an integer or a list of integers.
type attribute struct {
	name string
	list bool
	ints []int
}

func integer(name string, v int) attribute     { return attribute{name, false, []int{v}} }
func integers(name string, v ...int) attribute { return attribute{name, true, v} }

// node adds an operator with one output of the same name, and returns the name.
func (g *graph) node(op, name string, inputs []string, attributes ...attribute) string {
	var b []byte
	for _, in := range inputs {
		b = appendText(b, proto.NodeInput, in)
	}
	b = appendText(b, proto.NodeOutput, name)
	b = appendText(b, proto.NodeName, name)
	b = appendText(b, proto.NodeOp, op)
	for _, a := range attributes {
		b = appendMessage(b, proto.NodeAttribute, a.marshal())
	}
	g.nodes = appendMessage(g.nodes, proto.GraphNode, b)
	return name
}

func (a attribute) marshal() []byte {
	b := appendText(nil, proto.AttributeName, a.name)
	field, kind := proto.AttributeInt, int64(proto.TypeInt)
	if a.list {
		field, kind = proto.AttributeInts, proto.TypeInts
	}
	for _, v := range a.ints {
		b = appendInt(b, field, int64(v))
	}
	return appendInt(b, proto.AttributeType, kind)
}

// tensor adds an initializer of the network, in its element type, and returns its name.
func (g *graph) tensor(name string, data []float32, dims ...int) string {
	if !g.half {
		return g.float32s(name, data, dims...)
	}
	raw := make([]byte, 0, 2*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint16(raw, weights.Half(v))
	}
	return g.raw(name, proto.Float16, raw, dims)
}

// float32s adds a float32 initializer and returns its name.
func (g *graph) float32s(name string, data []float32, dims ...int) string {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.raw(name, proto.Float32, raw, dims)
}

func (g *graph) raw(name string, kind int64, raw []byte, dims []int) string {
	var b []byte
	for _, d := range dims {
		b = appendInt(b, proto.TensorDims, int64(d))
	}
	b = appendInt(b, proto.TensorType, kind)
	b = appendText(b, proto.TensorName, name)
	g.tensors = appendMessage(g.tensors, proto.GraphInitializer, appendMessage(b, proto.TensorRaw, raw))
	return name
}

func (g *graph) marshal(name string, c *supernet.Folded, o Options) []byte {
	b := append(appendText(g.nodes, proto.GraphName, name), g.tensors...)
	r := c.Net.Stem.Size
	input := value(Input, proto.Float32, o.Batch, 3, r, r)
	switch {
	case o.Preprocess != nil && o.FloatPixels:
		input = value(Pixels, proto.Float32, o.Batch, r, r, 3)
	case o.Preprocess != nil:
		input = value(Pixels, proto.Uint8, o.Batch, r, r, 3)
	}
	b = appendMessage(b, proto.GraphInput, input)
	return appendMessage(b, proto.GraphOutput, value(Output, proto.Float32, o.Batch, c.Classes))
}

// value describes a tensor. A dimension of 0 is the symbolic batch dimension.
func value(name string, kind int64, dims ...int) []byte {
	var shape []byte
	for _, d := range dims {
		dim := appendInt(nil, proto.DimValue, int64(d))
		if d == 0 {
			dim = appendText(nil, proto.DimParam, Batch)
		}
		shape = appendMessage(shape, proto.ShapeDim, dim)
	}
	tensor := appendMessage(appendInt(nil, proto.ElemType, kind), proto.ElemShape, shape)
	return appendMessage(appendText(nil, proto.ValueName, name), proto.ValueType, appendMessage(nil, proto.TypeTensor, tensor))
}

// The two wire types of protocol buffers that are needed: a number, and bytes
// with their length (https://protobuf.dev/programming-guides/encoding).
const (
	varint    = 0
	delimited = 2
)

func appendInt(b []byte, f proto.Number, v int64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(f)<<3|varint), uint64(v))
}

func appendText(b []byte, f proto.Number, s string) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(f)<<3|delimited), uint64(len(s)))
	return append(b, s...)
}

func appendMessage(b []byte, f proto.Number, m []byte) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(f)<<3|delimited), uint64(len(m)))
	return append(b, m...)
}
