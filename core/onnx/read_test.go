package onnx

import (
	"encoding/binary"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// fields is a decoded message: what was written under each field number.
type fields struct {
	ints  map[protowire.Number][]int
	bytes map[protowire.Number][][]byte
}

func decode(t *testing.T, b []byte) fields {
	t.Helper()
	f := fields{map[protowire.Number][]int{}, map[protowire.Number][][]byte{}}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			v, m := protowire.ConsumeVarint(b)
			n = m
			f.ints[number] = append(f.ints[number], int(v))
		case protowire.BytesType:
			v, m := protowire.ConsumeBytes(b)
			n = m
			f.bytes[number] = append(f.bytes[number], v)
		default:
			t.Fatalf("field %d has the wire type %d", number, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
	}
	return f
}

func (f fields) text(n protowire.Number) string {
	if len(f.bytes[n]) != 1 {
		return ""
	}
	return string(f.bytes[n][0])
}

func (f fields) texts(n protowire.Number) (s []string) {
	for _, b := range f.bytes[n] {
		s = append(s, string(b))
	}
	return s
}

// array is a dense tensor of the reader, in float64.
type array struct {
	dims []int
	data []float64
}

func newArray(dims ...int) array {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return array{dims, make([]float64, n)}
}

// operation is a node: inputs, its one output, attributes by name.
type operation struct {
	op, out    string
	inputs     []string
	attributes map[string][]int
}

// model is a file as read back. Dimensions -1 are symbolic.
type model struct {
	irVersion, opset int
	name             string
	metadata         map[string]string
	nodes            []operation
	tensors          map[string]array
	inputs, outputs  map[string][]int
}

func read(t *testing.T, b []byte) model {
	t.Helper()
	file := decode(t, b)
	g := decode(t, file.bytes[modelGraph][0])
	m := model{irVersion: file.ints[modelIRVersion][0], name: g.text(graphName), metadata: map[string]string{}, tensors: map[string]array{}}
	m.opset = decode(t, file.bytes[modelOpset][0]).ints[opsetVersion][0]
	for _, e := range file.bytes[modelMetadata] {
		entry := decode(t, e)
		m.metadata[entry.text(entryKey)] = entry.text(entryValue)
	}
	for _, b := range g.bytes[graphNode] {
		f := decode(t, b)
		o := operation{op: f.text(nodeOp), out: f.text(nodeOutput), inputs: f.texts(nodeInput), attributes: map[string][]int{}}
		for _, b := range f.bytes[nodeAttribute] {
			a := decode(t, b)
			switch kind := a.ints[attributeType][0]; kind {
			case typeInt:
				o.attributes[a.text(attributeName)] = a.ints[attributeInt]
			case typeInts:
				o.attributes[a.text(attributeName)] = a.ints[attributeInts]
			default:
				t.Fatalf("%s: attribute of type %d", o.out, kind)
			}
		}
		m.nodes = append(m.nodes, o)
	}
	for _, b := range g.bytes[graphInitializer] {
		f := decode(t, b)
		name, x, raw := f.text(tensorName), newArray(f.ints[tensorDims]...), f.bytes[tensorRaw][0]
		if _, twice := m.tensors[name]; twice || f.ints[tensorType][0] != float32s || len(raw) != 4*len(x.data) {
			t.Fatalf("tensor %q %v: type %v, %d bytes, or there twice", name, x.dims, f.ints[tensorType], len(raw))
		}
		for i := range x.data {
			x.data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
		m.tensors[name] = x
	}
	m.inputs, m.outputs = values(t, g.bytes[graphInput]), values(t, g.bytes[graphOutput])
	return m
}

func values(t *testing.T, list [][]byte) map[string][]int {
	all := map[string][]int{}
	for _, b := range list {
		v := decode(t, b)
		tensor := decode(t, decode(t, v.bytes[valueType][0]).bytes[typeTensor][0])
		if tensor.ints[elemType][0] != float32s {
			t.Errorf("%s is not float32", v.text(valueName))
		}
		dims := []int{}
		for _, d := range decode(t, tensor.bytes[elemShape][0]).bytes[shapeDim] {
			if f := decode(t, d); f.text(dimParam) == Batch {
				dims = append(dims, -1)
			} else {
				dims = append(dims, f.ints[dimValue][0])
			}
		}
		all[v.text(valueName)] = dims
	}
	return all
}
