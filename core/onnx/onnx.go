// Package onnx writes a child of a supernet as an ONNX file, so that another
// runtime can run it: plain operators, batch normalisation folded in, weights in
// float32 or float16.
//
// The graph takes "input" [N, 3, R, R], images in the NCHW layout, normalised
// as the preprocessing of the weights says, or, where Options.Preprocess is given,
// "pixels" [N, R, R, 3], RGB of 0 to 255, which its first nodes normalise. It
// gives "logits" [N, classes]. N is symbolic unless Options.Batch fixes it. R is the
// child's resolution: its statistics belong to that alone. Inputs and logits are
// float32 in both number formats (but bytes are uint8), so that what calls the
// graph is the same.
//
// The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, written
// by hand: the few messages that are needed are shorter than generated code, and
// the engine, which writes them too, is to stay small.
package onnx

import (
	"sort"

	"bignas/core/onnx/internal/proto"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

const (
	// Opset is the version of the operators. 17 came with ONNX 1.12 in 2022;
	// every operator here is older, so that any runtime since reads it.
	Opset = 17
	// IRVersion is the version of the file format that goes with Opset.
	IRVersion = 8
	// Input and Output name the tensors of the graph; Pixels is the input where
	// preprocessing is part of the graph.
	Input, Pixels, Output = "input", "pixels", "logits"
	// Batch names the symbolic dimension.
	Batch = "N"
)

// Options say how a graph is written and what beside it. The zero value is a
// graph in float32 of normalised input.
type Options struct {
	// Name is that of the graph; the architecture's text where it is empty.
	Name string
	// Metadata is written as metadata_props, in the order of its keys: labels,
	// preprocessing, where the weights come from.
	Metadata map[string]string
	// Half stores and computes the network in float16. Weights beyond 65504
	// become infinite.
	Half bool
	// Preprocess, where not nil, puts the normalisation of pixels into the graph:
	// what comes after the crop and the resize, which stay the caller's.
	Preprocess *preprocess.Spec
	// FloatPixels takes the pixels as float32 instead of uint8: nothing is
	// rounded between the resize and the normalisation.
	FloatPixels bool
	// Batch, where not 0, is written instead of the symbolic N: the graph then
	// takes that many images and no other number.
	Batch int
}

// Marshal returns the bytes of the file of c. Equal children give equal bytes.
func Marshal(c *supernet.Folded, o Options) []byte {
	name := o.Name
	if name == "" {
		name = c.Net.Arch.String()
	}
	g := network(c, o)
	b := appendInt(nil, proto.ModelIRVersion, IRVersion)
	b = appendText(b, proto.ModelProducer, "bignas")
	b = appendMessage(b, proto.ModelGraph, g.marshal(name, c, o))
	b = appendMessage(b, proto.ModelOpset, appendInt(nil, proto.OpsetVersion, Opset))
	keys := make([]string, 0, len(o.Metadata))
	for k := range o.Metadata {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	for _, k := range keys {
		b = appendMessage(b, proto.ModelMetadata, appendText(appendText(nil, proto.EntryKey, k), proto.EntryValue, o.Metadata[k]))
	}
	return b
}
