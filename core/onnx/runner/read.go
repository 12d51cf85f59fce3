// Package runner reads the files that package onnx writes and runs them, slowly, operator by
// operator as https://onnx.ai/onnx/operators defines them. It shares no code with the kernels,
// so that it is an independent check of what was written. It supports only the operators that
// package onnx writes.
package runner

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"bignas/core/fault"
	"bignas/core/onnx/internal/proto"
	"bignas/core/weights"
)

// CodeGraph is the code of all errors of this package, which are *fault.Error.
const CodeGraph = "bad_onnx"

// Kind is the element type of a tensor.
type Kind int

// The element types, by their numbers in onnx.proto.
const (
	Float32 Kind = proto.Float32
	Uint8   Kind = proto.Uint8
	Float16 Kind = proto.Float16
)

func (k Kind) size() int {
	switch k {
	case Float32:
		return 4
	case Float16:
		return 2
	case Uint8:
		return 1
	}
	return 0
}

// Tensor is a dense row-major array. Data has the values, whatever their Kind is.
type Tensor struct {
	Kind Kind
	Dims []int
	Data []float32
}

// most is the largest number of values of a tensor, so that no file takes all memory.
const most = 1 << 28

// NewTensor allocates zeros. It returns false where dimensions are negative or the tensor is too
// big.
func NewTensor(kind Kind, dims ...int) (Tensor, bool) {
	n := 1
	for _, d := range dims {
		if d < 0 || d > most || n*d > most {
			return Tensor{}, false
		}
		n *= d
	}
	return Tensor{kind, append([]int{}, dims...), make([]float32, n)}, true
}

// Node is an operator with its inputs, its one output and its integer attributes by name.
type Node struct {
	Op, Output string
	Inputs     []string
	Attributes map[string][]int
}

// Value describes an input or output of the graph. Dimensions of -1 are symbolic.
type Value struct {
	Name string
	Kind Kind
	Dims []int
}

// Graph is the content of a file.
type Graph struct {
	IRVersion, Opset int
	Name             string
	Metadata         map[string]string
	Nodes            []Node
	Tensors          map[string]Tensor // initializers by name
	Inputs, Outputs  []Value
}

func bad(format string, args ...any) error {
	return fault.New(CodeGraph, "give a file that export wrote", "the ONNX file cannot be read: %s", fmt.Sprintf(format, args...))
}

// Read parses an ONNX file.
func Read(data []byte) (*Graph, error) {
	p := &parser{}
	file := p.decode(data)
	g := p.decode(file.one(p, proto.ModelGraph))
	r := &Graph{IRVersion: file.number(proto.ModelIRVersion), Name: g.text(proto.GraphName), Metadata: map[string]string{}, Tensors: map[string]Tensor{}}
	r.Opset = p.decode(file.one(p, proto.ModelOpset)).number(proto.OpsetVersion)
	for _, b := range file.bytes[proto.ModelMetadata] {
		entry := p.decode(b)
		r.Metadata[entry.text(proto.EntryKey)] = entry.text(proto.EntryValue)
	}
	for _, b := range g.bytes[proto.GraphNode] {
		r.Nodes = append(r.Nodes, p.node(b))
	}
	for _, b := range g.bytes[proto.GraphInitializer] {
		f := p.decode(b)
		name := f.text(proto.TensorName)
		if _, twice := r.Tensors[name]; twice {
			p.fail("the tensor %q is there twice", name)
		}
		r.Tensors[name] = p.tensor(name, f)
	}
	r.Inputs, r.Outputs = p.values(g.bytes[proto.GraphInput]), p.values(g.bytes[proto.GraphOutput])
	if len(r.Inputs) != 1 || len(r.Outputs) != 1 {
		p.fail("it has %d inputs and %d outputs, expected one of each", len(r.Inputs), len(r.Outputs))
	}
	if p.err != nil {
		return nil, p.err
	}
	return r, nil
}

// parser keeps the first error, after which all reads return nothing.
type parser struct{ err error }

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = bad(format, args...)
	}
}

// fields is a decoded message: the contents by field number.
type fields struct {
	ints  map[proto.Number][]int
	bytes map[proto.Number][][]byte
}

func (p *parser) decode(b []byte) fields {
	f := fields{map[proto.Number][]int{}, map[proto.Number][][]byte{}}
	for len(b) > 0 && p.err == nil {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			p.fail("%v", protowire.ParseError(n))
			break
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(b)
			f.ints[proto.Number(number)] = append(f.ints[proto.Number(number)], int(int64(v)))
		case protowire.BytesType:
			var v []byte
			v, n = protowire.ConsumeBytes(b)
			f.bytes[proto.Number(number)] = append(f.bytes[proto.Number(number)], v)
		default:
			p.fail("field %d has the wire type %d", number, kind)
			return f
		}
		if n < 0 {
			p.fail("%v", protowire.ParseError(n))
			break
		}
		b = b[n:]
	}
	return f
}

// one returns the content of a field that occurs once.
func (f fields) one(p *parser, n proto.Number) []byte {
	if len(f.bytes[n]) != 1 {
		p.fail("field %d is there %d times, expected once", n, len(f.bytes[n]))
		return nil
	}
	return f.bytes[n][0]
}

func (f fields) text(n proto.Number) string {
	if len(f.bytes[n]) != 1 {
		return ""
	}
	return string(f.bytes[n][0])
}

func (f fields) number(n proto.Number) int {
	if len(f.ints[n]) != 1 {
		return 0
	}
	return f.ints[n][0]
}

func (p *parser) node(b []byte) Node {
	f := p.decode(b)
	o := Node{Op: f.text(proto.NodeOp), Output: f.text(proto.NodeOutput), Attributes: map[string][]int{}}
	for _, b := range f.bytes[proto.NodeInput] {
		o.Inputs = append(o.Inputs, string(b))
	}
	for _, b := range f.bytes[proto.NodeAttribute] {
		a := p.decode(b)
		field := proto.AttributeInts
		switch kind := a.number(proto.AttributeType); kind {
		case proto.TypeInt:
			field = proto.AttributeInt
		case proto.TypeInts:
		default:
			p.fail("%s: attribute of type %d", o.Output, kind)
		}
		o.Attributes[a.text(proto.AttributeName)] = a.ints[field]
	}
	return o
}

func (p *parser) tensor(name string, f fields) Tensor {
	kind := Kind(f.number(proto.TensorType))
	t, ok := Tensor{}, false
	raw := f.one(p, proto.TensorRaw)
	if kind == Float32 || kind == Float16 {
		n := 1
		for _, d := range f.ints[proto.TensorDims] {
			if n *= d; n < 0 || n > len(raw) {
				break
			}
		}
		if n*kind.size() == len(raw) { // before memory of that size is allocated
			t, ok = NewTensor(kind, f.ints[proto.TensorDims]...)
		}
	}
	if !ok || len(t.Data)*kind.size() != len(raw) {
		p.fail("the tensor %q %v of type %d has %d bytes", name, f.ints[proto.TensorDims], kind, len(raw))
		return Tensor{}
	}
	for i := range t.Data {
		if kind == Float16 {
			t.Data[i] = weights.Single(binary.LittleEndian.Uint16(raw[2*i:]))
		} else {
			t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
	return t
}

func (p *parser) values(list [][]byte) (all []Value) {
	for _, b := range list {
		v := p.decode(b)
		tensor := p.decode(p.decode(v.one(p, proto.ValueType)).one(p, proto.TypeTensor))
		x := Value{Name: v.text(proto.ValueName), Kind: Kind(tensor.number(proto.ElemType))}
		for _, d := range p.decode(tensor.one(p, proto.ElemShape)).bytes[proto.ShapeDim] {
			f := p.decode(d)
			n := f.number(proto.DimValue)
			if f.text(proto.DimParam) != "" {
				n = -1
			}
			x.Dims = append(x.Dims, n)
		}
		if x.Kind.size() == 0 {
			p.fail("%s is of type %d", x.Name, x.Kind)
		}
		all = append(all, x)
	}
	return all
}
