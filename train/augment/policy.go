package augment

import (
	"math"
	"math/rand/v2"
)

// operation is one of the operations of AutoAugment (arXiv 1805.09501, table 6).
type operation uint8

const (
	doNothing operation = iota
	doShearX
	doShearY
	doTranslateX
	doTranslateY
	doRotate
	doBrightness
	doColor
	doContrast
	doSharpness
	doPosterize
	doSolarize
	doAutoContrast
	doEqualize
	doInvert
)

// randOperations is the operations of RandAugment (arXiv 1909.13719, section 3), which are drawn
// uniformly with repetition.
var randOperations = []operation{doNothing, doAutoContrast, doEqualize, doRotate, doSolarize, doColor, doPosterize, doContrast,
	doBrightness, doSharpness, doShearX, doShearY, doTranslateX, doTranslateY}

// choice is an operation of a sub-policy with its probability and, where it has one, its magnitude, 0
// to 9.
type choice struct {
	op          operation
	probability float64
	magnitude   int
}

// imagenetPolicy is AutoAugment's policy for ImageNet (arXiv 1805.09501, appendix, table 9): 25
// sub-policies of two operations.
var imagenetPolicy = [25][2]choice{
	{{doPosterize, 0.4, 8}, {doRotate, 0.6, 9}},
	{{doSolarize, 0.6, 5}, {doAutoContrast, 0.6, 0}},
	{{doEqualize, 0.8, 0}, {doEqualize, 0.6, 0}},
	{{doPosterize, 0.6, 7}, {doPosterize, 0.6, 6}},
	{{doEqualize, 0.4, 0}, {doSolarize, 0.2, 4}},
	{{doEqualize, 0.4, 0}, {doRotate, 0.8, 8}},
	{{doSolarize, 0.6, 3}, {doEqualize, 0.6, 0}},
	{{doPosterize, 0.8, 5}, {doEqualize, 1.0, 0}},
	{{doRotate, 0.2, 3}, {doSolarize, 0.6, 8}},
	{{doEqualize, 0.6, 0}, {doPosterize, 0.4, 6}},
	{{doRotate, 0.8, 8}, {doColor, 0.4, 0}},
	{{doRotate, 0.4, 9}, {doEqualize, 0.6, 0}},
	{{doEqualize, 0.0, 0}, {doEqualize, 0.8, 0}},
	{{doInvert, 0.6, 0}, {doEqualize, 1.0, 0}},
	{{doColor, 0.6, 4}, {doContrast, 1.0, 8}},
	{{doRotate, 0.8, 8}, {doColor, 1.0, 2}},
	{{doColor, 0.8, 8}, {doSolarize, 0.8, 7}},
	{{doSharpness, 0.4, 7}, {doInvert, 0.6, 0}},
	{{doShearX, 0.6, 5}, {doEqualize, 1.0, 0}},
	{{doColor, 0.4, 0}, {doEqualize, 0.6, 0}},
	{{doEqualize, 0.4, 0}, {doSolarize, 0.2, 4}},
	{{doSolarize, 0.6, 5}, {doAutoContrast, 0.6, 0}},
	{{doInvert, 0.6, 0}, {doEqualize, 1.0, 0}},
	{{doColor, 0.6, 4}, {doContrast, 1.0, 8}},
	{{doEqualize, 0.8, 0}, {doEqualize, 0.6, 0}},
}

// policy applies the policy of the configuration to pix [side, side, 3].
func (p *painter) policy(pix []uint8, side int, seed, stream uint64) {
	switch p.config.Policy {
	case RandAugment:
		r := p.part(partPolicy, seed, stream)
		for range p.config.Ops {
			p.operate(pix, side, randOperations[r.IntN(len(randOperations))], p.config.Magnitude/maxMagnitude, r)
		}
	case AutoAugment:
		r := p.part(partPolicy, seed, stream)
		for _, c := range imagenetPolicy[r.IntN(len(imagenetPolicy))] {
			if r.Float64() < c.probability {
				p.operate(pix, side, c.op, float64(c.magnitude)/9, r)
			}
		}
	}
}

// operate does one operation with a strength of 0 to 1. The ranges are those of AutoAugment's table 6
// as torchvision's AutoAugment and RandAugment interpret them; enhancements and geometric operations
// go in either direction.
func (p *painter) operate(pix []uint8, side int, op operation, strength float64, r *rand.Rand) {
	sign := 1.0
	if op >= doShearX && op <= doSharpness && r.IntN(2) == 0 {
		sign = -1
	}
	factor := float32(1 + sign*0.9*strength)
	middle := float64(side) / 2
	switch op {
	case doShearX:
		p.warp(pix, side, [6]float64{1, sign * 0.3 * strength, 0, 0, 1, 0})
	case doShearY:
		p.warp(pix, side, [6]float64{1, 0, 0, sign * 0.3 * strength, 1, 0})
	case doTranslateX:
		p.warp(pix, side, [6]float64{1, 0, math.Trunc(sign * 150 / 331 * strength * float64(side)), 0, 1, 0})
	case doTranslateY:
		p.warp(pix, side, [6]float64{1, 0, 0, 0, 1, math.Trunc(sign * 150 / 331 * strength * float64(side))})
	case doRotate:
		sin, cos := math.Sincos(sign * strength * 30 * math.Pi / 180)
		p.warp(pix, side, [6]float64{cos, sin, middle - cos*middle - sin*middle, -sin, cos, middle + sin*middle - cos*middle})
	case doBrightness:
		mapAll(pix, table(func(v int) float32 { return factor * float32(v) }))
	case doContrast:
		mean := float32(int(255*meanGreyBytes(pix) + 0.5))
		mapAll(pix, table(func(v int) float32 { return mean + factor*(float32(v)-mean) }))
	case doColor:
		saturate(pix, factor)
	case doSharpness:
		p.sharpen(pix, side, factor)
	case doPosterize:
		drop := uint(math.RoundToEven(4 * strength))
		mapAll(pix, table(func(v int) float32 { return float32(v >> drop << drop) }))
	case doSolarize:
		from := 255 * (1 - strength)
		mapAll(pix, table(func(v int) float32 {
			if float64(v) >= from {
				v = 255 - v
			}
			return float32(v)
		}))
	case doInvert:
		mapAll(pix, table(func(v int) float32 { return float32(255 - v) }))
	case doAutoContrast:
		mapEach(pix, stretched(pix))
	case doEqualize:
		mapEach(pix, equalised(pix))
	}
}
