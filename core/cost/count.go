package cost

import (
	"fmt"

	"bignas/core/arch"
)

// counter sums the layers of one network and, unless bare, lists them.
type counter struct {
	total        Report
	bare         bool  // sums only: no list, no names
	stage, index int   // of the block being counted
	keep         int64 // values of the block's input that its shortcut keeps alive
}

// layer returns a layer of the current block with the sizes and channels of v and macs
// multiply-accumulates.
func (c *counter) layer(kind Kind, name string, v arch.Conv, macs, params int64) Layer {
	in, out := area(v.Size)*int64(v.In), area(v.OutSize)*int64(v.Out)
	return Layer{
		Name: name, Kind: kind, Stage: c.stage, Block: c.index,
		In: v.In, Out: v.Out, Kernel: v.Kernel, Size: v.Size, OutSize: v.OutSize,
		MACs: macs, Params: params, Activations: out, Live: in + out + c.keep,
	}
}

// add counts a layer.
func (c *counter) add(l Layer) {
	t := &c.total
	t.MACs += l.MACs
	t.Params += l.Params
	t.Activations += l.Activations
	t.PeakActivations = max(t.PeakActivations, l.Live)
	if !c.bare {
		t.Layers = append(t.Layers, l)
	}
}

// conv counts a dense convolution, with the gamma and beta of a batch
// normalisation if it has one.
func (c *counter) conv(kind Kind, name string, v arch.Conv, bn bool) {
	weights := int64(v.Kernel*v.Kernel) * int64(v.In) * int64(v.Out)
	params := weights
	if bn {
		params += 2 * int64(v.Out)
	}
	c.add(c.layer(kind, name, v, weights*area(v.OutSize), params))
}

// block counts an inverted-residual block in the order in which it runs.
func (c *counter) block(b arch.Block) {
	c.stage, c.index, c.keep = b.Stage, b.Index, 0
	name := func(part string) string {
		if c.bare {
			return ""
		}
		return fmt.Sprintf("s%d.%d.%s", b.Stage+1, b.Index, part)
	}
	input := area(b.Size) * int64(b.In)

	if b.Expand { // its input is the block's, so that nothing more is kept
		c.conv(Expand, name("expand"), arch.Conv{In: b.In, Out: b.Mid, Kernel: 1, Stride: 1, Size: b.Size, OutSize: b.Size}, true)
		if b.Shortcut != arch.NoShortcut {
			c.keep = input
		}
	}
	weights := int64(b.Kernel*b.Kernel) * int64(b.Mid)
	c.add(c.layer(Depthwise, name("depthwise"), arch.Conv{In: b.Mid, Out: b.Mid, Kernel: b.Kernel, Stride: b.Stride, Size: b.Size, OutSize: b.OutSize},
		weights*area(b.OutSize), weights+2*int64(b.Mid)))
	if b.Shortcut != arch.NoShortcut {
		c.keep = input
	}
	if b.Squeeze > 0 {
		c.squeeze(name("se"), b)
	}
	c.conv(Project, name("project"), arch.Conv{In: b.Mid, Out: b.Out, Kernel: 1, Stride: 1, Size: b.OutSize, OutSize: b.OutSize}, true)
	if b.Shortcut == arch.Project { // pooled first, so that it runs on the output's pixels
		c.keep = area(b.OutSize) * int64(b.Out) // the block's output, to which it is added
		c.conv(Shortcut, name("shortcut"), arch.Conv{In: b.In, Out: b.Out, Kernel: 1, Stride: 1, Size: b.OutSize, OutSize: b.OutSize}, false)
	}
	c.keep = 0
}

// squeeze counts squeeze-and-excitation: two linear layers with biases between
// the expanded channels and the squeeze width. It scales the map in place.
func (c *counter) squeeze(name string, b arch.Block) {
	mid, q := int64(b.Mid), int64(b.Squeeze)
	l := c.layer(SE, name, arch.Conv{In: b.Mid, Out: b.Mid, Kernel: 1, Stride: 1, Size: b.OutSize, OutSize: b.OutSize},
		2*mid*q, 2*mid*q+q+mid)
	l.Mid, l.Activations = b.Squeeze, q+mid
	l.Live = area(b.OutSize)*mid + q + mid + c.keep
	c.add(l)
}

func area(side int) int64 { return int64(side) * int64(side) }
