package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"bignas/core/supernet"
)

// Field numbers of the messages of onnx.proto.
const (
	modelIRVersion protowire.Number = 1
	modelProducer  protowire.Number = 2
	modelGraph     protowire.Number = 7
	modelOpset     protowire.Number = 8
	modelMetadata  protowire.Number = 14
	opsetVersion   protowire.Number = 2 // its domain, empty, is ONNX's own
	entryKey       protowire.Number = 1
	entryValue     protowire.Number = 2

	graphNode        protowire.Number = 1
	graphName        protowire.Number = 2
	graphInitializer protowire.Number = 5
	graphInput       protowire.Number = 11
	graphOutput      protowire.Number = 12

	nodeInput     protowire.Number = 1
	nodeOutput    protowire.Number = 2
	nodeName      protowire.Number = 3
	nodeOp        protowire.Number = 4
	nodeAttribute protowire.Number = 5

	attributeName protowire.Number = 1
	attributeInt  protowire.Number = 3
	attributeInts protowire.Number = 8
	attributeType protowire.Number = 20

	tensorDims protowire.Number = 1
	tensorType protowire.Number = 2
	tensorName protowire.Number = 8
	tensorRaw  protowire.Number = 9

	valueName  protowire.Number = 1
	valueType  protowire.Number = 2
	typeTensor protowire.Number = 1
	elemType   protowire.Number = 1
	elemShape  protowire.Number = 2
	shapeDim   protowire.Number = 1
	dimValue   protowire.Number = 1
	dimParam   protowire.Number = 2
)

// Values of enumerations of onnx.proto.
const (
	typeInt  = 2 // AttributeProto.AttributeType
	typeInts = 7
	float32s = 1 // TensorProto.DataType
)

// graph collects nodes, in the order in which they can run, and initializers.
type graph struct{ nodes, tensors []byte }

// attribute is an integer or a list of them.
type attribute struct {
	name string
	list bool
	ints []int
}

func integer(name string, v int) attribute     { return attribute{name, false, []int{v}} }
func integers(name string, v ...int) attribute { return attribute{name, true, v} }

// node adds an operator whose one result has the node's name, and returns that.
func (g *graph) node(op, name string, inputs []string, attributes ...attribute) string {
	var b []byte
	for _, in := range inputs {
		b = appendText(b, nodeInput, in)
	}
	b = appendText(b, nodeOutput, name)
	b = appendText(b, nodeName, name)
	b = appendText(b, nodeOp, op)
	for _, a := range attributes {
		b = appendMessage(b, nodeAttribute, a.marshal())
	}
	g.nodes = appendMessage(g.nodes, graphNode, b)
	return name
}

func (a attribute) marshal() []byte {
	b := appendText(nil, attributeName, a.name)
	field, kind := attributeInt, int64(typeInt)
	if a.list {
		field, kind = attributeInts, typeInts
	}
	for _, v := range a.ints {
		b = appendInt(b, field, int64(v))
	}
	return appendInt(b, attributeType, kind)
}

// tensor adds an initializer and returns its name.
func (g *graph) tensor(name string, data []float32, dims ...int) string {
	var b []byte
	for _, d := range dims {
		b = appendInt(b, tensorDims, int64(d))
	}
	b = appendInt(b, tensorType, float32s)
	b = appendText(b, tensorName, name)
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.tensors = appendMessage(g.tensors, graphInitializer, appendMessage(b, tensorRaw, raw))
	return name
}

func (g *graph) marshal(name string, c *supernet.Folded) []byte {
	b := append(appendText(g.nodes, graphName, name), g.tensors...)
	r := c.Net.Stem.Size
	b = appendMessage(b, graphInput, value(Input, 3, r, r))
	return appendMessage(b, graphOutput, value(Output, c.Classes))
}

// value describes a float32 tensor whose first dimension is the batch.
func value(name string, dims ...int) []byte {
	shape := appendMessage(nil, shapeDim, appendText(nil, dimParam, Batch))
	for _, d := range dims {
		shape = appendMessage(shape, shapeDim, appendInt(nil, dimValue, int64(d)))
	}
	tensor := appendMessage(appendInt(nil, elemType, float32s), elemShape, shape)
	return appendMessage(appendText(nil, valueName, name), valueType, appendMessage(nil, typeTensor, tensor))
}
