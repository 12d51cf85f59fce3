// Package proto has the numbers of onnx.proto
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that the writer and
// the reader of graphs use.
package proto

import "google.golang.org/protobuf/encoding/protowire"

// Field numbers of ModelProto, OperatorSetIdProto and StringStringEntryProto.
const (
	ModelIRVersion protowire.Number = 1
	ModelProducer  protowire.Number = 2
	ModelGraph     protowire.Number = 7
	ModelOpset     protowire.Number = 8
	ModelMetadata  protowire.Number = 14
	OpsetVersion   protowire.Number = 2 // its domain, empty, is ONNX's own
	EntryKey       protowire.Number = 1
	EntryValue     protowire.Number = 2
)

// Field numbers of GraphProto and NodeProto.
const (
	GraphNode        protowire.Number = 1
	GraphName        protowire.Number = 2
	GraphInitializer protowire.Number = 5
	GraphInput       protowire.Number = 11
	GraphOutput      protowire.Number = 12

	NodeInput     protowire.Number = 1
	NodeOutput    protowire.Number = 2
	NodeName      protowire.Number = 3
	NodeOp        protowire.Number = 4
	NodeAttribute protowire.Number = 5
)

// Field numbers of AttributeProto, TensorProto and ValueInfoProto with the
// messages in it.
const (
	AttributeName protowire.Number = 1
	AttributeInt  protowire.Number = 3
	AttributeInts protowire.Number = 8
	AttributeType protowire.Number = 20

	TensorDims protowire.Number = 1
	TensorType protowire.Number = 2
	TensorName protowire.Number = 8
	TensorRaw  protowire.Number = 9

	ValueName  protowire.Number = 1
	ValueType  protowire.Number = 2
	TypeTensor protowire.Number = 1
	ElemType   protowire.Number = 1
	ElemShape  protowire.Number = 2
	ShapeDim   protowire.Number = 1
	DimValue   protowire.Number = 1
	DimParam   protowire.Number = 2
)

// Values of AttributeProto.AttributeType.
const (
	TypeInt  = 2
	TypeInts = 7
)

// Values of TensorProto.DataType.
const (
	Float32 = 1
	Uint8   = 2
	Float16 = 10
)
