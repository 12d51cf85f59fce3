package classify

import (
	"math"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Codes of the errors of maps.
const (
	CodeBadClass = "bad_class" // a class that the weights do not have
	CodeBadLayer = "bad_layer" // a layer that the child does not have
)

// Heat is a map of the evidence for a class in the image.
type Heat struct {
	Side   int       // of the map, which covers the crop that the child sees
	Class  int       // index
	Values []float32 // [Side, Side], 0 to 1
}

// CAM is the class-activation map (Zhou et al. 2016) of the child a on the
// image: the head's activations before they are pooled, weighted with the
// classifier's row of the class, negative sums cut off, scaled so that the
// largest is 1. Of an expanded head it is what the layers behind the pool make of each
// pixel alone. A class below 0 is the most probable one.
func (e *Engine) CAM(p *Image, a arch.Arch, class int, o Options) (*Heat, error) {
	classes := len(e.info.Labels)
	if class >= classes {
		return nil, fault.New(CodeBadClass, "", "the class is %d, the weights have %d", class, classes)
	}
	h := &Heat{Class: class}
	var out []float32 // of the head, which is the last layer
	read := 0
	o.Hook = func(_ int, x []float32, side, channels int) { out, h.Side, read = x, side, channels }
	r, err := e.Classify(p, a, o)
	if err != nil {
		return nil, err
	}
	if class < 0 {
		h.Class = r.Top[0].Index
	}
	w := e.bundle.Net.Classifier.Data
	largest, act := float32(0), supernet.Act(a.Network().Act)
	for pixel := range h.Side * h.Side {
		sum := float32(0)
		features := out[pixel*read : (pixel+1)*read]
		if a.Space.HeadExpansion > 0 {
			behind := make([]float32, a.Head)
			e.bundle.Net.Head.Weight.Times(behind, features)
			kernel.Activate(behind, behind, act)
			features = behind
		}
		for k, v := range features {
			sum += v * w[k*classes+h.Class]
		}
		h.Values = append(h.Values, max(sum, 0))
		largest = max(largest, sum)
	}
	for i := range h.Values {
		if largest > 0 {
			h.Values[i] /= largest
		}
	}
	return h, nil
}

// FeatureMaps are the output channels of one layer, as images.
type FeatureMaps struct {
	Side, Channels int
	Pixels         []byte // [Channels, Side, Side], the least value of a channel 0 and its largest 255
}

// maxMaps is the largest number of channels in FeatureMaps: the first ones, which all wider
// children share.
const maxMaps = 64

// FeatureMaps returns the output of a layer of the child for the image. Stage -1 is the
// stem, the number of stages the head.
func (e *Engine) FeatureMaps(p *Image, a arch.Arch, stage, layer int, o Options) (*FeatureMaps, error) {
	at := 0
	switch {
	case stage == len(a.Stages):
		for _, st := range a.Stages {
			at += st.Depth
		}
		at++
	case stage < -1 || stage > len(a.Stages):
		return nil, fault.New(CodeBadLayer, "", "the stage is %d, allowed is -1 (the stem) to %d (the head)", stage, len(a.Stages))
	case stage >= 0:
		if layer < 0 || layer >= a.Stages[stage].Depth {
			return nil, fault.New(CodeBadLayer, "", "the layer is %d, stage %d of this child has %d", layer, stage, a.Stages[stage].Depth)
		}
		for _, st := range a.Stages[:stage] {
			at += st.Depth
		}
		at += 1 + layer
	}
	m := &FeatureMaps{}
	o.Hook = func(i int, out []float32, side, channels int) {
		if i == at {
			*m = scaled(out, side, channels)
		}
	}
	if _, err := e.Classify(p, a, o); err != nil {
		return nil, err
	}
	return m, nil
}

// scaled converts maps [side, side, channels] to images.
func scaled(x []float32, side, channels int) FeatureMaps {
	m := FeatureMaps{Side: side, Channels: min(channels, maxMaps)}
	m.Pixels = make([]byte, m.Channels*side*side)
	for c := range m.Channels {
		least, largest := float32(math.Inf(1)), float32(math.Inf(-1))
		for i := c; i < len(x); i += channels {
			least, largest = min(least, x[i]), max(largest, x[i])
		}
		scale := float32(0)
		if largest > least {
			scale = 255 / (largest - least)
		}
		for pixel := range side * side {
			m.Pixels[c*side*side+pixel] = byte((x[pixel*channels+c]-least)*scale + 0.5)
		}
	}
	return m
}
