package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lane is one vector of the walk over a flat array.
type lane struct {
	at, phase Register // bytes into the flat arrays, and into the period
	masked    bool     // by K1
}

func (l *lane) flat(p Register) Mem     { return Mem{Base: p, Index: l.at, Scale: 1} }
func (l *lane) periodic(p Register) Mem { return Mem{Base: p, Index: l.phase, Scale: 1} }

func (l *lane) load(p Register) VecVirtual {
	v := ZMM()
	if l.masked {
		VMOVUPS_Z(l.flat(p), K1, v)
	} else {
		VMOVUPS(l.flat(p), v)
	}
	return v
}

func (l *lane) store(v VecVirtual, p Register) {
	if l.masked {
		VMOVUPS(v, K1, l.flat(p))
	} else {
		VMOVUPS(v, l.flat(p))
	}
}

func (l *lane) affine(x VecVirtual, scale, shift Register) VecVirtual {
	z := ZMM()
	VMOVUPS(l.periodic(scale), z)
	VFMADD213PS(l.periodic(shift), x, z)
	return z
}

// walk emits the loop over n elements, and the return: whole vectors, then the
// rest under a mask, for masked stores are slow.
func walk(body func(l *lane)) {
	n, period := arg("n"), arg("period")
	at, phase, zero := GP64(), GP64(), GP64()
	XORQ(at, at)
	XORQ(phase, phase)
	XORQ(zero, zero)
	SUBQ(U8(16), n)
	JL(LabelRef("rest"))
	Label("loop")
	body(&lane{at: at, phase: phase})
	ADDQ(U8(64), at)
	ADDQ(U8(64), phase)
	CMPQ(phase, period)
	CMOVQEQ(zero, phase)
	SUBQ(U8(16), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(16), n)
	JEQ(LabelRef("done"))
	full, mask := GP32(), GP32()
	MOVL(U32(0xffff), full)
	BZHIL(n.(GP).As32(), full, mask)
	KMOVW(mask, K1)
	body(&lane{at: at, phase: phase, masked: true})
	Label("done")
	VZEROUPPER()
	RET()
}
