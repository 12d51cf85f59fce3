package weights

import "math"

// Half returns the IEEE 754 binary16 bits nearest to f, ties to even. Beyond the
// largest half (65504, from 65520 up) it returns an infinity; subnormal halves
// and the sign of zero are kept; a NaN stays a NaN of the same sign.
func Half(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits>>16) & 0x8000
	magnitude := bits & 0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN: keep the top of the payload, stay quiet
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x477ff000: // 65520 and more, infinity
		return sign | 0x7c00
	case magnitude >= 0x38800000: // 2^-14 and more: a normal half
		rebased := magnitude - 112<<23 // exponent bias 127 to 15
		return sign | uint16((rebased+0xfff+rebased>>13&1)>>13)
	case magnitude < 0x33000000: // below 2^-25: zero. (2^-25 itself is the tie that goes to the even zero)
		return sign
	}
	// Subnormal: the value in units of 2^-24.
	shift := 126 - magnitude>>23 // 14 to 24
	mantissa := magnitude&0x7fffff | 0x800000
	unit := mantissa >> shift
	rest, middle := mantissa&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > middle || rest == middle && unit&1 == 1 {
		unit++ // may carry into the smallest normal half, which is right
	}
	return sign | uint16(unit)
}

// Single returns the value of the IEEE 754 binary16 bits h; it is exact.
func Single(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	magnitude := uint32(h & 0x7fff)
	switch {
	case magnitude >= 0x7c00: // infinity, NaN
		return math.Float32frombits(sign | 0x7f800000 | magnitude&0x3ff<<13)
	case magnitude >= 0x0400:
		return math.Float32frombits(sign | (magnitude<<13 + 112<<23))
	}
	f := float32(magnitude) * (1.0 / (1 << 24)) // exact: a power of two
	return math.Float32frombits(sign | math.Float32bits(f))
}
