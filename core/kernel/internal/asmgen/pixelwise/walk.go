package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

// lane is one vector of the walk over a flat array.
type lane struct {
	*vector.Set
	at, phase Register     // bytes into the flat arrays, and into the period
	mask      *vector.Mask // nil for a whole vector
}

func (l *lane) flat(p Register) Mem     { return Mem{Base: p, Index: l.at, Scale: 1} }
func (l *lane) periodic(p Register) Mem { return Mem{Base: p, Index: l.phase, Scale: 1} }

func (l *lane) load(p Register) VecVirtual {
	v := l.New()
	if l.mask != nil {
		l.mask.Load(l.flat(p), v)
	} else {
		VMOVUPS(l.flat(p), v)
	}
	return v
}

func (l *lane) store(v VecVirtual, p Register) {
	if l.mask != nil {
		l.mask.Store(v, l.flat(p))
	} else {
		VMOVUPS(v, l.flat(p))
	}
}

func (l *lane) affine(x VecVirtual, scale, shift Register) VecVirtual {
	z := l.Copy(l.periodic(scale))
	VFMADD213PS(l.periodic(shift), x, z)
	return z
}

// walk emits the loop over n elements, and the return: whole vectors, then the
// rest under a mask, for masked stores are slow.
func (g generator) walk(body func(l *lane)) {
	n, period := vector.Arg("n"), vector.Arg("period")
	at, phase, zero := GP64(), GP64(), GP64()
	XORQ(at, at)
	XORQ(phase, phase)
	XORQ(zero, zero)
	SUBQ(U8(g.Lanes), n)
	JL(LabelRef("rest"))
	Label("loop")
	body(&lane{Set: g.Set, at: at, phase: phase})
	ADDQ(U8(g.Bytes()), at)
	ADDQ(U8(g.Bytes()), phase)
	CMPQ(phase, period)
	CMOVQEQ(zero, phase)
	SUBQ(U8(g.Lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(g.Lanes), n)
	JEQ(LabelRef("done"))
	mask := g.MaskFirst(n)
	body(&lane{Set: g.Set, at: at, phase: phase, mask: &mask})
	Label("done")
	vector.Finish()
}
