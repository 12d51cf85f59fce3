// Package cost counts what an architecture costs, without any weights: multiply-accumulates,
// parameters, bytes and activations, layer by layer.
//
// The counting rule is the one of the mobile-network literature. MACs are those
// of convolutions (dense, depthwise, pointwise, and the 1x1 convolutions on
// shortcuts), of squeeze-and-excitation and of the classifier; batch
// normalisation, pooling, activations and residual additions are not counted,
// as they fold into a convolution or touch each value once. EfficientNet-B0 at
// 224 is 386 M by this rule (published: 0.39 B). Parameters include the gamma
// and beta of every batch normalisation and the biases of
// squeeze-and-excitation and of the classifier.
//
// A count takes microseconds, so that a slider can ask for one on each move.
package cost

import "bignas/core/arch"

// ImageNetClasses is the number of classes that published counts assume.
const ImageNetClasses = 1000

// Kind is the kind of a layer.
type Kind string

// The kinds of layers that cost something.
const (
	Stem       Kind = "stem"       // dense KxK convolution and BN
	Expand     Kind = "expand"     // 1x1 convolution to the expanded channels and BN
	Depthwise  Kind = "depthwise"  // KxK depthwise convolution and BN
	SE         Kind = "se"         // squeeze-and-excitation: two linear layers on pooled channels
	Project    Kind = "project"    // 1x1 convolution to the block's output channels and BN
	Shortcut   Kind = "shortcut"   // 1x1 convolution on the block's shortcut, without BN
	HeadExpand Kind = "headExpand" // 1x1 convolution before the pool and BN (AttentiveNAS)
	Head       Kind = "head"       // last 1x1 convolution; with BN where it precedes the pool
	Classifier Kind = "classifier" // linear layer with bias
)

// Layer is the cost of one layer for one image.
type Layer struct {
	Name        string `json:"name"`            // the prefix of its tensors, e.g. "s3.0.depthwise"
	Kind        Kind   `json:"kind"`            //
	Stage       int    `json:"stage"`           // from 0; -1 outside the stages
	Block       int    `json:"block"`           // in the stage, from 0; -1 outside the stages
	In          int    `json:"in"`              // channels
	Out         int    `json:"out"`             // channels
	Mid         int    `json:"mid,omitempty"`   // squeeze width of SE
	Kernel      int    `json:"kernel"`          // pixels on a side
	Size        int    `json:"size"`            // input pixels on a side
	OutSize     int    `json:"outSize"`         // output pixels on a side
	MACs        int64  `json:"macs"`            //
	Params      int64  `json:"params"`          //
	Activations int64  `json:"activations"`     // values that it writes
	Live        int64  `json:"liveActivations"` // values in memory while it runs: its input, its output and what a shortcut keeps
}

// Report is the cost of one architecture for one image.
type Report struct {
	Arch    string `json:"arch"`
	Classes int    `json:"classes"`
	MACs    int64  `json:"macs"`
	Params  int64  `json:"params"`
	Bytes   int64  `json:"bytes"`   // of the parameters in half precision
	Bytes32 int64  `json:"bytes32"` // of the parameters in single precision
	// Activations is the number of values that all layers write.
	Activations int64 `json:"activations"`
	// PeakActivations is the largest Live of a layer: the memory, in values, of a forward
	// pass that runs one layer after the other and frees activations after their last use.
	PeakActivations int64   `json:"peakActivations"`
	Layers          []Layer `json:"layers"` // in the order of computation; a shortcut's convolution after its block's project
}

// Of counts a with a classifier of ImageNet's 1000 classes, as published numbers do. The
// architecture must be valid (arch.Space.Validate).
func Of(a arch.Arch) Report { return ForClasses(a, ImageNetClasses) }

// ForClasses counts a with a classifier of the given number of classes. The architecture must
// be valid.
func ForClasses(a arch.Arch, classes int) Report {
	r := count(a, classes, false)
	r.Arch = a.String()
	return r
}

// Totals is ForClasses without the layers and the architecture's text, in a
// tenth of the time: a search asks for thousands.
func Totals(a arch.Arch, classes int) Report { return count(a, classes, true) }

func count(a arch.Arch, classes int, bare bool) Report {
	if classes < 1 {
		panic("cost: the number of classes is not positive")
	}
	n := a.Network()
	c := counter{stage: -1, index: -1, bare: bare}
	c.conv(Stem, "stem", n.Stem, true)
	for _, b := range n.Blocks {
		c.block(b)
	}
	c.stage, c.index = -1, -1
	if n.HeadExpand.Out > 0 {
		c.conv(HeadExpand, "head.expand", n.HeadExpand, true)
	}
	c.conv(Head, "head", n.Head, n.HeadExpand.Out == 0)
	weights := int64(n.Head.Out) * int64(classes)
	c.add(c.layer(Classifier, "classifier", arch.Conv{In: n.Head.Out, Out: classes, Kernel: 1, Stride: 1, Size: 1, OutSize: 1},
		weights, weights+int64(classes))) // with biases
	r := c.total
	r.Classes, r.Bytes, r.Bytes32 = classes, 2*r.Params, 4*r.Params
	return r
}
