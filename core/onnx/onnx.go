// Package onnx writes a child of a supernet as an ONNX file for other runtimes: plain operators,
// batch normalisation folded in, weights in float32 or float16.
//
// The input of the graph is "input" [N, 3, R, R], images in the NCHW layout, normalised by the
// preprocessing of the weights, or, with Options.Preprocess, "pixels" [N, R, R, 3], RGB of 0 to
// 255, which its first nodes normalise. The output is "logits" [N, classes]. N is symbolic unless
// Options.Batch is set. R is the child's resolution, the only one for which its statistics are
// valid. Inputs and logits are float32 for weights of both types (pixels are uint8), so that
// callers need not differ.
//
// The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, written
// by hand: the few messages that are needed are shorter than generated code, which would make
// the engine bigger.
package onnx

import (
	"sort"

	"bignas/core/onnx/internal/proto"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

const (
	// Opset is the version of the operators: 17, of ONNX 1.12 in 2022. All operators used are
	// older, so that any runtime since reads the file.
	Opset = 17
	// IRVersion is the version of the file format that goes with Opset.
	IRVersion = 8
	// Input and Output name the tensors of the graph; Pixels is the input where
	// preprocessing is part of the graph.
	Input, Pixels, Output = "input", "pixels", "logits"
	// Batch names the symbolic dimension.
	Batch = "N"
)

// Options says how a graph is written. The zero value is for a float32 graph with normalised
// input.
type Options struct {
	// Name is that of the graph; the architecture's text where it is empty.
	Name string
	// Metadata is written as metadata_props, in the order of its keys: labels,
	// preprocessing, where the weights come from.
	Metadata map[string]string
	// Half stores and computes the network in float16. Weights beyond 65504 become infinite.
	Half bool
	// Preprocess, where not nil, adds the normalisation of pixels to the graph. The caller
	// crops and resizes.
	Preprocess *preprocess.Spec
	// FloatPixels makes the pixels float32 instead of uint8, so that nothing is rounded
	// between resizing and normalisation.
	FloatPixels bool
	// Batch, where not 0, replaces the symbolic N: the graph then takes exactly that many
	// images.
	Batch int
}

// Marshal returns the file of c. Equal children have equal files.
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
