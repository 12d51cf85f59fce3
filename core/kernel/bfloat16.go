package kernel

import "math"

// BFloat16 is a bfloat16: the upper half of the bits of a float32.
type BFloat16 uint16

// nanBFloat16 is what every NaN is rounded to.
const nanBFloat16 BFloat16 = 0x7fc0

// What a training step keeps may be in bfloat16, half the memory. The operators below read it
// and write it. Each is defined by others: it computes what they compute on the widened values,
// and what it writes as bfloat16 is rounded to nearest, ties to even. What they sum are the
// rounded values. They run on the calling goroutine, for Bands.

// Round rounds x to bfloat16, to nearest, ties to even. Subnormal numbers are rounded like
// others, infinities stay, and any NaN becomes the same one.
func Round[T Float](y []BFloat16, x []T) {
	if v, ok := any(x).([]float32); ok && active.round != nil {
		active.round(y, v)
		return
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] = rounded(float32(v))
	}
}

func rounded(v float32) BFloat16 {
	if v != v {
		return nanBFloat16
	}
	b := math.Float32bits(v)
	return BFloat16((b + 0x7fff + b>>16&1) >> 16)
}

func (b BFloat16) float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// Widen computes y = x, which is exact.
func Widen[T Float](y []T, x []BFloat16) {
	if v, ok := any(y).([]float32); ok && active.widen != nil {
		active.widen(v, x)
		return
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] = T(v.float32())
	}
}

// widened calls f with x widened, in borrowed memory.
func widened[T Float](x []BFloat16, f func(wide []T)) {
	if g, ok := any(f).(func(wide []float32)); ok {
		p := borrow(len(x))
		defer scratch.Put(p)
		Widen(*p, x)
		g(*p)
		return
	}
	wide := make([]T, len(x))
	Widen(wide, x)
	f(wide)
}

// AddRounded rounds x [m, c] to y and adds y to a part.
func (s *Moments[T]) AddRounded(part int, y []BFloat16, x []T, m int) {
	p := &s.parts[part]
	v, ok := any(x).([]float32)
	if !ok || active.roundMoments == nil || m == 0 {
		Round(y, x[:m*s.c])
		widened(y[:m*s.c], func(wide []T) { s.Add(part, wide, m) })
		return
	}
	if p.origin == nil {
		Round(y, x[:s.c])
		p.origin = make([]T, s.c)
		Widen(p.origin, y[:s.c])
	}
	p.rows += m
	active.roundMoments(p.sum, p.square, y, v, m, s.c, float32s(p.origin))
}

// ScaleShiftActRounded computes y = act(x*scale + shift) of a band [m, c].
func ScaleShiftActRounded[T Float](y []T, x []BFloat16, m, c int, scale, shift []T, act Act) {
	if v, ok := any(y).([]float32); ok && active.scaleShiftActRounded != nil && act == Swish {
		active.scaleShiftActRounded(v, x, m, c, float32s(scale), float32s(shift))
		return
	}
	Widen(y, x[:m*c])
	ScaleShiftAct(y, y, m, c, scale, shift, act, nil)
}

// ActSlopeRounded is ActSlope of a band x in bfloat16.
func ActSlopeRounded[T Float](y, slope []T, x []BFloat16, m, c int, scale, shift []T, act Act) {
	if v, ok := any(y).([]float32); ok && active.actSlopeRounded != nil && act == Swish {
		active.actSlopeRounded(v, float32s(slope), x, m, c, float32s(scale), float32s(shift))
		return
	}
	widened(x[:m*c], func(wide []T) { ActSlope(y, slope, wide, m, c, scale, shift, act) })
}

// AddGradRounded is AddGrad of a band whose dz and x are in bfloat16. The sums are of the
// rounded dz.
func AddGradRounded[T Float](s *GradSums, part int, dz []BFloat16, dy, slope []T, x []BFloat16, m int, mean []T) {
	n := m * s.c
	if v, ok := any(dy).([]float32); ok && active.addGradRounded != nil {
		active.addGradRounded(s.d[part], s.dx[part], dz, v, float32s(slope), x, m, s.c, float32s(mean))
		return
	}
	widened(dz[:n], func(d []T) {
		for i, v := range dy[:n] {
			d[i] = v * slope[i]
		}
		Round(dz, d)
		Widen(d, dz[:n])
		widened(x[:n], func(wide []T) { AddGrad(s, part, d, d, nil, wide, m, mean) })
	})
}

// CombineRounded is Combine of a band whose dz and x are in bfloat16.
func CombineRounded[T Float](dx []T, dz, x []BFloat16, m, c int, k, a, b []T) {
	if v, ok := any(dx).([]float32); ok && active.combineRounded != nil {
		active.combineRounded(v, dz, x, m, c, float32s(k), float32s(a), float32s(b))
		return
	}
	Widen(dx, dz[:m*c])
	widened(x[:m*c], func(wide []T) { Combine(dx, dx, wide, m, c, k, a, b) })
}
