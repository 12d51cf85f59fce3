// Package proto has the field numbers of onnx.proto
// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that the writer and the reader of
// graphs use.
package proto

// Number is a field number.
type Number int32

// Field numbers of ModelProto, OperatorSetIdProto and StringStringEntryProto.
const (
	ModelIRVersion Number = 1
	ModelProducer  Number = 2
	ModelGraph     Number = 7
	ModelOpset     Number = 8
	ModelMetadata  Number = 14
	OpsetVersion   Number = 2 // of the empty domain, which is ONNX's own
	EntryKey       Number = 1
	EntryValue     Number = 2
)

// Field numbers of GraphProto and NodeProto.
const (
	GraphNode        Number = 1
	GraphName        Number = 2
	GraphInitializer Number = 5
	GraphInput       Number = 11
	GraphOutput      Number = 12

	NodeInput     Number = 1
	NodeOutput    Number = 2
	NodeName      Number = 3
	NodeOp        Number = 4
	NodeAttribute Number = 5
)

// Field numbers of AttributeProto, TensorProto and ValueInfoProto with the
// messages in it.
const (
	AttributeName Number = 1
	AttributeInt  Number = 3
	AttributeInts Number = 8
	AttributeType Number = 20

	TensorDims Number = 1
	TensorType Number = 2
	TensorName Number = 8
	TensorRaw  Number = 9

	ValueName  Number = 1
	ValueType  Number = 2
	TypeTensor Number = 1
	ElemType   Number = 1
	ElemShape  Number = 2
	ShapeDim   Number = 1
	DimValue   Number = 1
	DimParam   Number = 2
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
