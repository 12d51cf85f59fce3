// Command gemm writes the AVX-512 matrix-product microkernels of core/kernel.
// From core/kernel/internal/asmgen:
//
//	go run ./gemm -out ../../gemm_avx512_amd64.s -stubs ../../gemm_avx512_amd64.go -pkg kernel
//
// Two families, a tile of mr rows by nv vectors of 16 columns held in
// registers for the whole inner loop:
//
//	nn: C[mr, nv*16] = A B with A row-major and B packed into panels [k][nv*16]
//	tn: C[mr, nv*16] = A^T B with both row-major, for weight gradients
//
// The loop over row tiles is inside the assembly, so that a call does a whole
// column panel. The last vector is masked in every access to C, and in tn to B.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const signature = "func(tiles int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mask uint16, acc int)"

func main() {
	ConstraintExpr("amd64,!noasm")
	nn := map[int][]int{1: {24, 8, 4, 2, 1}, 2: {14, 8, 4, 2, 1}, 3: {9, 4, 2, 1}, 4: {6, 4, 2, 1}}
	tn := map[int][]int{1: {16, 8, 4, 2, 1}, 2: {12, 8, 4, 2, 1}, 3: {8, 4, 2, 1}, 4: {6, 4, 2, 1}}
	for nv := 1; nv <= 4; nv++ {
		for _, mr := range nn[nv] {
			tile("nn", mr, nv, innerNN)
		}
		for _, mr := range tn[nv] {
			tile("tn", mr, nv, innerTN)
		}
	}
	Generate()
}

// state is what the inner loops of both families share.
type state struct {
	mr, nv   int
	a, b     GPVirtual // cursors, advanced by the inner loop
	lda      Register
	k        Register
	mask     Register
	acc      [][]VecVirtual
	bs       []VecVirtual // one row of B
	splat    []VecVirtual // broadcast elements of A
	tailMask bool         // B's last vector needs the mask
}

// step multiplies one row of B into the accumulators.
func (s *state) step(a func(i int) Mem, b func(j int) Mem) {
	for j := range s.bs {
		if s.tailMask && j == s.nv-1 {
			VMOVUPS_Z(b(j), s.mask, s.bs[j])
		} else {
			VMOVUPS(b(j), s.bs[j])
		}
	}
	for i := range s.acc {
		if s.nv == 1 {
			VFMADD231PS_BCST(a(i), s.bs[0], s.acc[i][0])
			continue
		}
		r := s.splat[i%len(s.splat)]
		VBROADCASTSS(a(i), r)
		for j := range s.bs {
			VFMADD231PS(s.bs[j], r, s.acc[i][j])
		}
	}
}

// innerNN walks k with rows of A at stride lda, unrolled by 4.
func innerNN(s *state) {
	bases := []GPVirtual{s.a}
	for r := 3; r < s.mr; r += 3 {
		p := GP64()
		LEAQ(Mem{Base: bases[len(bases)-1], Index: s.lda, Scale: 2}, p)
		ADDQ(s.lda, p)
		bases = append(bases, p)
	}
	a := func(u int) func(int) Mem {
		return func(i int) Mem {
			m := Mem{Base: bases[i/3], Disp: 4 * u}
			if i%3 > 0 {
				m.Index, m.Scale = s.lda, uint8(i%3)
			}
			return m
		}
	}
	b := func(u int) func(int) Mem {
		return func(j int) Mem { return Mem{Base: s.b, Disp: u*s.nv*64 + j*64} }
	}
	advance := func(u int) {
		for _, p := range bases {
			ADDQ(U8(4*u), p)
		}
		ADDQ(U32(u*s.nv*64), s.b)
	}
	const unroll = 4
	SUBQ(U8(unroll), s.k)
	JLT(LabelRef("tail"))
	Label("loop")
	for u := range unroll {
		s.step(a(u), b(u))
	}
	advance(unroll)
	SUBQ(U8(unroll), s.k)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(U8(unroll), s.k)
	JZ(LabelRef("done"))
	Label("single")
	s.step(a(0), b(0))
	advance(1)
	DECQ(s.k)
	JNZ(LabelRef("single"))
	Label("done")
}

// innerTN walks k rows of A and of B, both row-major.
func innerTN(s *state) {
	ldb := Load(Param("ldb"), GP64())
	s.tailMask = true
	Label("loop")
	s.step(func(i int) Mem { return Mem{Base: s.a, Disp: 4 * i} }, func(j int) Mem { return Mem{Base: s.b, Disp: 64 * j} })
	ADDQ(s.lda, s.a)
	ADDQ(ldb, s.b)
	DECQ(s.k)
	JNZ(LabelRef("loop"))
}

func tile(family string, mr, nv int, inner func(*state)) {
	TEXT(fmt.Sprintf("%s%dx%d", family, mr, nv), NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%dx%d computes tiles of %d rows by %d columns; strides are in bytes, acc != 0 adds to C.", family, mr, nv, mr, nv*16))
	next := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	c := Load(Param("c"), GP64())
	m := GP32()
	Load(Param("mask"), m.As16())
	KMOVW(m, K1)
	tiles, err := Param("tiles").Resolve()
	if err != nil {
		panic(err)
	}
	Label("outer")
	k := Load(Param("k"), GP64())
	b := GP64()
	Load(Param("b"), b)
	a := GP64()
	MOVQ(next, a)
	s := &state{mr: mr, nv: nv, a: a, b: b, lda: lda, k: k, mask: K1}
	for range mr {
		row := make([]VecVirtual, nv)
		for j := range row {
			row[j] = ZMM()
			VPXORD(row[j], row[j], row[j])
		}
		s.acc = append(s.acc, row)
	}
	for range nv {
		s.bs = append(s.bs, ZMM())
	}
	if nv > 1 {
		s.splat = append(s.splat, ZMM())
		if mr*nv+nv+2 <= 32 {
			s.splat = append(s.splat, ZMM())
		}
	}
	inner(s)
	store(s, c)
	if family == "tn" {
		ADDQ(U32(4*mr), next)
	} else {
		rows := GP64()
		IMUL3Q(U32(mr), lda, rows)
		ADDQ(rows, next)
	}
	DECQ(tiles.Addr)
	JNZ(LabelRef("outer"))
	VZEROUPPER()
	RET()
}

// store writes the accumulators to C, or adds them, and advances c past the tile.
func store(s *state, c Register) {
	ldc := Load(Param("ldc"), GP64())
	add := Load(Param("acc"), GP64())
	TESTQ(add, add)
	JZ(LabelRef("store"))
	p, t := GP64(), s.bs[0]
	MOVQ(c, p)
	for i := range s.acc {
		for j := range s.bs {
			at := Mem{Base: p, Disp: 64 * j}
			if j == s.nv-1 {
				VMOVUPS_Z(at, s.mask, t)
				VADDPS(t, s.acc[i][j], s.acc[i][j])
			} else {
				VADDPS(at, s.acc[i][j], s.acc[i][j])
			}
		}
		ADDQ(ldc, p)
	}
	Label("store")
	for i := range s.acc {
		for j := range s.bs {
			at := Mem{Base: c, Disp: 64 * j}
			if j == s.nv-1 {
				VMOVUPS(s.acc[i][j], s.mask, at)
			} else {
				VMOVUPS(s.acc[i][j], at)
			}
		}
		ADDQ(ldc, c)
	}
}
