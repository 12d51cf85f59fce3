// Package onnx writes a child of a supernet as an ONNX model, so that another
// runtime can run it: plain operators in float32, batch normalisation folded in.
//
// The graph takes "input" [N, 3, R, R], pictures in the NCHW layout, normalised
// as the preprocessing of the weights says, and gives "logits" [N, classes]. N is
// symbolic. R is the child's resolution: its statistics belong to that alone.
//
// The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, written
// with protowire: the few messages that are needed are shorter than generated code.
package onnx

import (
	"io"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"bignas/core/supernet"
)

const (
	// Opset is the version of the operators. 17 came with ONNX 1.12 in 2022;
	// every operator here is older, so that any runtime since reads it.
	Opset = 17
	// IRVersion is the version of the file format that goes with Opset.
	IRVersion = 8
	// Input and Output name the tensors of the graph.
	Input, Output = "input", "logits"
	// Batch names the symbolic dimension.
	Batch = "N"
)

// Options are what is written beside the graph.
type Options struct {
	// Name is that of the graph; the architecture's text where it is empty.
	Name string
	// Metadata is written as metadata_props, in the order of its keys: labels,
	// preprocessing, where the weights come from.
	Metadata map[string]string
}

// Marshal returns the bytes of the model of c. Equal children give equal bytes.
func Marshal(c *supernet.Folded, o Options) []byte {
	name := o.Name
	if name == "" {
		name = c.Net.Arch.String()
	}
	g := network(c)
	b := appendInt(nil, modelIRVersion, IRVersion)
	b = appendText(b, modelProducer, "bignas")
	b = appendMessage(b, modelGraph, g.marshal(name, c))
	b = appendMessage(b, modelOpset, appendInt(nil, opsetVersion, Opset))
	for _, k := range slices.Sorted(maps.Keys(o.Metadata)) {
		b = appendMessage(b, modelMetadata, appendText(appendText(nil, entryKey, k), entryValue, o.Metadata[k]))
	}
	return b
}

// Write writes Marshal's bytes. The only errors are w's.
func Write(w io.Writer, c *supernet.Folded, o Options) error {
	_, err := w.Write(Marshal(c, o))
	return err
}

func appendInt(b []byte, f protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, f, protowire.VarintType), uint64(v))
}

func appendText(b []byte, f protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, f, protowire.BytesType), s)
}

func appendMessage(b []byte, f protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, f, protowire.BytesType), m)
}
