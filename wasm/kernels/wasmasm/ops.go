package wasmasm

// Op is the code of an instruction.
type Op uint32

const vector Op = 1 << 16 // marks the instructions of SIMD and relaxed SIMD

// Instructions on 32-bit integers, which are addresses and counts.
const (
	Return    Op = 0x0f
	Select    Op = 0x1b
	Eqz       Op = 0x45
	Eq        Op = 0x46
	LtS       Op = 0x48
	GtS       Op = 0x4a
	LeS       Op = 0x4c
	GeS       Op = 0x4e
	Add       Op = 0x6a
	Sub       Op = 0x6b
	Mul       Op = 0x6c
	I32Load8U Op = 0x2d
	I32Load   Op = 0x28
	I32Store  Op = 0x36
	DivS      Op = 0x6d
	And       Op = 0x71
	Or        Op = 0x72
)

// Instructions on vectors of four floats or four integers.
const (
	V128Load        = vector | 0x00
	V128Load32Splat = vector | 0x09
	V128Store       = vector | 0x0b
	V128Store32Lane = vector | 0x5a
	V128Store64Lane = vector | 0x5b
	V128Load32Zero  = vector | 0x5c

	V128Load64Zero = vector | 0x5d

	F32x4Splat      = vector | 0x13
	I16x8ExtendLow  = vector | 0x89 // unsigned bytes
	I16x8ExtendHigh = vector | 0x8a
	I32x4ExtendLow  = vector | 0xa9 // unsigned halves
	I32x4ExtendHigh = vector | 0xaa

	F64x2Splat   = vector | 0x14
	F64x2Promote = vector | 0x5f // f64x2.promote_low_f32x4
	F32x4Demote  = vector | 0x5e // f32x4.demote_f64x2_zero
	F64x2Sqrt    = vector | 0xef
	F64x2Add     = vector | 0xf0
	F64x2Sub     = vector | 0xf1
	F64x2Mul     = vector | 0xf2
	F64x2Div     = vector | 0xf3

	I32x4Shl     = vector | 0xab
	I32x4Add     = vector | 0xae
	F32x4Add     = vector | 0xe4
	F32x4Sub     = vector | 0xe5
	F32x4Mul     = vector | 0xe6
	F32x4Div     = vector | 0xe7
	F32x4PMin    = vector | 0xea // b < a ? b : a
	F32x4PMax    = vector | 0xeb // a < b ? b : a
	I32x4Convert = vector | 0xfa // f32x4.convert_i32x4_s
	I32x4Splat   = vector | 0x11

	// a*b+c, with or without rounding the product: relaxed SIMD.
	RelaxedMultiplyAdd = vector | 0x105

	v128Const    = vector | 0x0c
	i8x16Shuffle = vector | 0x0d
)
