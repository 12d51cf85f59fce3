package onnx

import (
	"fmt"

	"bignas/core/arch"
	"bignas/core/onnx/internal/proto"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// network adds the forward pass of supernet.Child, operator by operator, with the names of the
// shared weights.
func network(c *supernet.Folded, o Options) *graph {
	g := &graph{half: o.Half}
	x, logits := Input, Output
	if o.Preprocess != nil {
		x = g.normalise(*o.Preprocess, o.FloatPixels)
	}
	if o.Half {
		x, logits = g.node("Cast", "input.half", []string{x}, integer("to", proto.Float16)), "logits.half"
	}
	act := c.Net.Act
	x = g.activation(g.stem(x, c.Stem), act)
	for _, b := range c.Blocks {
		x = g.block(fmt.Sprintf("s%d.%d.", b.Size.Stage+1, b.Size.Index), x, b)
	}
	if c.HeadExpand.Weight != nil {
		x = g.activation(g.pointwise("head.expand", x, c.HeadExpand), act)
		x = g.node("GlobalAveragePool", "pool", []string{x})
		x = g.activation(g.pointwise("head", x, c.Head), act)
	} else {
		x = g.activation(g.pointwise("head", x, c.Head), act)
		x = g.node("GlobalAveragePool", "pool", []string{x})
	}
	x = g.node("Flatten", "features", []string{x}, integer("axis", 1))
	l := c.Classifier
	// Transposed, with transB set: OpenCV 4.6 assumes a transposed matrix where transB is
	// absent, contrary to the specification.
	in, classes := l.Shape[0], l.Shape[1]
	w := g.tensor("classifier.weight", transposed(l.Weight, in, classes), classes, in)
	g.node("Gemm", logits, []string{x, w, g.tensor("classifier.bias", l.Bias, classes)}, integer("transB", 1))
	if o.Half {
		g.node("Cast", Output, []string{logits}, integer("to", proto.Float32))
	}
	return g
}

// normalise converts pixels to the input. Channels come first, because OpenCV 4.6 multiplies by a
// vector along the second dimension instead of the last. The operations are in the order of
// preprocess.Spec, so that the bits are the same.
func (g *graph) normalise(s preprocess.Spec, float bool) string {
	inverse := make([]float32, 3)
	for c := range inverse {
		inverse[c] = 1 / s.Std[c]
	}
	x := Pixels
	if !float {
		x = g.node("Cast", "pixels.float", []string{x}, integer("to", proto.Float32))
	}
	x = g.node("Transpose", "pixels.nchw", []string{x}, integers("perm", 0, 3, 1, 2))
	x = g.node("Mul", "pixels.unit", []string{x, g.float32s("unit", []float32{1.0 / 255})})
	x = g.node("Sub", "pixels.centred", []string{x, g.float32s("mean", s.Mean[:], 1, 3, 1, 1)})
	return g.node("Mul", "pixels.normalised", []string{x, g.float32s("std.inverse", inverse, 1, 3, 1, 1)})
}

// stem is the 3x3 convolution at stride 2, padding 1.
func (g *graph) stem(x string, l supernet.FoldedLayer) string {
	out := l.Shape[3]
	w := make([]float32, len(l.Weight)) // [3, 3, 3, out] to [out, 3, 3, 3]: colours before rows
	for tap := range 9 {
		for colour := range 3 {
			for j := range out {
				w[(j*3+colour)*9+tap] = l.Weight[(tap*3+colour)*out+j]
			}
		}
	}
	return g.convolution("stem", x, w, l.Bias, []int{out, 3, 3, 3}, 2, 1)
}

// pointwise is a 1x1 convolution: [in, out] becomes [out, in, 1, 1].
func (g *graph) pointwise(name, x string, l supernet.FoldedLayer) string {
	in, out := l.Shape[0], l.Shape[1]
	return g.convolution(name, x, transposed(l.Weight, in, out), l.Bias, []int{out, in, 1, 1}, 1, 1)
}

// depthwise has a kernel for each channel: [k, k, c] becomes [c, 1, k, k].
func (g *graph) depthwise(name, x string, l supernet.FoldedLayer, stride int) string {
	k, c := l.Shape[0], l.Shape[2]
	return g.convolution(name, x, transposed(l.Weight, k*k, c), l.Bias, []int{c, 1, k, k}, stride, c)
}

func transposed(w []float32, rows, columns int) []float32 {
	t := make([]float32, len(w))
	for i := range rows {
		for j := range columns {
			t[j*rows+i] = w[i*columns+j]
		}
	}
	return t
}

// convolution adds a convolution with half a kernel of padding on each side. w has the dimensions
// dims, outputs first. bias may be nil.
func (g *graph) convolution(name, x string, w, bias []float32, dims []int, stride, groups int) string {
	inputs := []string{x, g.tensor(name+".weight", w, dims...)}
	if bias != nil {
		inputs = append(inputs, g.tensor(name+".bias", bias, len(bias)))
	}
	k := dims[2]
	p := k / 2
	return g.node("Conv", name, inputs, integers("kernel_shape", k, k), integers("strides", stride, stride),
		integers("pads", p, p, p, p), integer("group", groups))
}

func (g *graph) activation(x string, a arch.Activation) string {
	switch a {
	case arch.HardSwish:
		return g.node("HardSwish", x+".hardswish", []string{x})
	case arch.ReLU:
		return g.node("Relu", x+".relu", []string{x})
	}
	return g.swish(x)
}

// swish is x times its sigmoid; ONNX had no operator for it before opset 24.
func (g *graph) swish(x string) string {
	gate := g.node("Sigmoid", x+".sigmoid", []string{x})
	return g.node("Mul", x+".swish", []string{x, gate})
}

// hardened is a layer before relu6(x+3)/6, scaled for HardSigmoid without attributes,
// which is 0.2x+0.5, held to 0 .. 1: with others the product with a gate has the gate's
// shape in OpenCV 4.6 to 5.0 (findings/opencv-mul-hardsigmoid.sh).
func hardened(l supernet.FoldedLayer) supernet.FoldedLayer {
	scaled := func(v []float32) []float32 {
		out := make([]float32, len(v))
		for i, x := range v {
			out[i] = x * 5 / 6
		}
		return out
	}
	l.Weight, l.Bias = scaled(l.Weight), scaled(l.Bias)
	return l
}

// block is one inverted-residual block; its nodes' names start with prefix.
func (g *graph) block(prefix, x string, b supernet.FoldedBlock) string {
	e := x
	if b.Size.Expand {
		e = g.activation(g.pointwise(prefix+"expand", x, b.Expand), b.Size.Act)
	}
	d := g.activation(g.depthwise(prefix+"depthwise", e, b.Depthwise, b.Size.Stride), b.Size.Act)
	if b.Size.Squeeze > 0 {
		v := g.node("GlobalAveragePool", prefix+"se.pool", []string{d})
		v = g.pointwise(prefix+"se.reduce", v, b.SEReduce)
		if b.Size.HardGate {
			v = g.node("Relu", prefix+"se.relu", []string{v})
			v = g.node("HardSigmoid", prefix+"se.gate", []string{g.pointwise(prefix+"se.expand", v, hardened(b.SEExpand))})
		} else {
			v = g.pointwise(prefix+"se.expand", g.swish(v), b.SEExpand)
			v = g.node("Sigmoid", prefix+"se.gate", []string{v})
		}
		d = g.node("Mul", prefix+"se", []string{d, v})
	}
	y := g.pointwise(prefix+"project", d, b.Project)
	if b.Size.Shortcut == arch.NoShortcut {
		return y
	}
	if b.Size.Stride == 2 {
		x = g.node("AveragePool", prefix+"shortcut.pool", []string{x}, integers("kernel_shape", 2, 2), integers("strides", 2, 2))
	}
	if b.Size.Shortcut == arch.Project {
		x = g.pointwise(prefix+"shortcut", x, b.Shortcut)
	}
	return g.node("Add", prefix+"add", []string{y, x})
}
