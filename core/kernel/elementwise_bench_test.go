package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkElementwise reports every array read or written once a pass.
func BenchmarkElementwise(b *testing.B) {
	for _, s := range []struct{ n, side, c int }{{64, 48, 24}, {64, 24, 144}, {64, 6, 480}, {64, 3, 816}} {
		hw := s.side * s.side
		m, c := s.n*hw, s.c
		x, y, z := filled(m*c), filled(m*c), filled(m*c)
		r, g := filled(c), filled(c)
		sn, gn := filled(s.n*c), filled(s.n*c)
		for _, op := range []struct {
			name   string
			passes int
			f      func()
		}{
			{"moments", 1, func() { NewMoments[float32](1, c).Add(0, x, m) }},
			{"affine", 2, func() { ScaleShiftAct(y, x, m, c, r, g, None, nil) }},
			{"swish", 2, func() { ScaleShiftAct(y, x, m, c, r, g, Swish, nil) }},
			{"residual", 3, func() { ScaleShiftAct(y, x, m, c, r, g, None, z) }},
			{"slope", 3, func() { ActSlope(y, z, x, m, c, r, g, Swish) }},
			{"gradient sums", 4, func() { AddGrad(NewGradSums(1, c), 0, y, y, z, x, m, r) }},
			{"combine", 3, func() { Combine(y, y, x, m, c, r, g, r) }},
			{"add", 3, func() { Add(y, x) }},
			{"channel scale", 2, func() { ChannelScale(y, x, sn, s.n, hw, c) }},
			{"channel reduce", 2, func() { ChannelScaleReduce(sn, y, x, s.n, hw, c) }},
			{"channel grad", 2, func() { ChannelScaleGrad(y, x, sn, gn, s.n, hw, c) }},
			{"pool", 1, func() { GlobalPool(sn, x, s.n, hw, c) }},
			{"pool grad", 1, func() { GlobalPoolGrad(y, sn, s.n, hw, c) }},
			{"average 2x2", 1, func() { AvgPool2x2(y, x, s.n, s.side&^1, s.side&^1, c) }},
			{"average 2x2 grad", 2, func() { AvgPool2x2Grad(x, y, s.n, s.side&^1, s.side&^1, c, true) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", op.name, m, c), func(b *testing.B) {
				b.SetBytes(int64(4 * m * c * op.passes))
				for b.Loop() {
					op.f()
				}
			})
		}
	}
	x := filled(64 * 96 * 96 * 3)
	cols := filled(64 * 48 * 48 * 27)
	b.Run("im2col", func(b *testing.B) {
		b.SetBytes(int64(4 * (len(x) + len(cols))))
		for b.Loop() {
			Im2col3x3s2(cols, x, 64, 96, 96, 3)
		}
	})
}
