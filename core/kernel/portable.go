package kernel

import "math"

// portable is tuned plain Go, for wasm, arm64 and processors without AVX2 and FMA. It gives
// the bits of the reference loops, which do the rest.
var portable = &operators{name: "portable", inference: inference{
	activate:     activatePortable,
	globalPool:   globalPoolPortable,
	channelScale: channelScalePortable,
	im2col3x3s2:  im2colPortable,
	avgPool2x2:   avgPool2x2Portable,
	pack:         packPortable,
	depthwiseAct: depthwiseActPortable,
}}

func activatePortable(y, x []float32, act Act) {
	parallelWork(8*len(x), len(x), func(lo, hi int) { activatePortableSerial(y[lo:hi], x[lo:hi], act) })
}

func activatePortableSerial(y, x []float32, act Act) {
	y = y[:len(x)]
	switch act {
	case Swish, Sigmoid:
		logisticPortable(y, x, act == Swish)
	default:
		if len(x) > 0 && &y[0] != &x[0] {
			copy(y, x)
		}
	}
}

// logisticPortable is logistic inlined by hand: the compiler does not inline it, and in wasm a
// call costs as much as the arithmetic.
func logisticPortable(y, x []float32, swish bool) {
	y = y[:len(x)]
	for i, f := range x {
		v := float64(f)
		if v < logisticFloor {
			v = logisticFloor
		} else if v > logisticCeiling {
			v = logisticCeiling
		}
		n := float64(v*-log2E) + roundMagic
		r := -v - float64((n-roundMagic)*math.Ln2)
		r2 := float64(r * r)
		p := float64(float64(exp1*r)+exp0) + float64(float64(float64(exp3*r)+exp2)*r2)
		p += float64(float64(float64(float64(exp5*r)+exp4)+float64(exp6*r2)) * float64(r2*r2))
		s := 1 / (1 + math.Float64frombits(math.Float64bits(p)+math.Float64bits(n)<<52))
		if swish {
			if f > logisticFloor {
				v = float64(f)
			}
			s *= v
		}
		y[i] = float32(s)
	}
}

func globalPoolPortable(y, x []float32, n, hw, c int) {
	parallelWork(n*hw*c, n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			s := y[i*c : i*c+c]
			clear(s)
			for r := x[i*hw*c : (i+1)*hw*c]; len(r) >= c; r = r[c:] {
				for j, v := range r[:c] {
					s[j] += v
				}
			}
			for j := range s {
				s[j] /= float32(hw)
			}
		}
	})
}

func channelScalePortable(y, x, s []float32, n, hw, c int) {
	parallelWork(n*hw*c, n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			f := s[i*c : i*c+c]
			for p := i * hw; p < (i+1)*hw; p++ {
				o := y[p*c : p*c+c]
				for j, v := range x[p*c : p*c+c] {
					o[j] = v * f[j]
				}
			}
		}
	})
}
