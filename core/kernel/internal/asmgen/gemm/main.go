// Command gemm writes the matrix-product microkernels of core/kernel. From
// core/kernel/internal/asmgen:
//
//	go run ./gemm -set avx2 -out ../asm/avx2/gemm_amd64.s -stubs ../asm/avx2/gemm_amd64.go -pkg avx2
//
// and the same with avx512. Two families, a tile of mr rows by nv vectors of
// columns held in registers for the whole inner loop:
//
//	nn: C[mr, nv*lanes] = A B with A row-major and B packed into panels [k][nv*lanes]
//	tn: C[mr, nv*lanes] = A^T B with both row-major, for weight gradients
//
// The loop over row tiles is inside the assembly, so that a call does a whole
// column panel. The last vector is masked in every access to C, and in tn to B.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"bignas/asmgen/vector"
)

const signature = "func(tiles int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mask uint16, acc int)"

// rows lists the heights of tiles by instruction set, family and width of the panel in
// vectors. The accumulators of the highest tile leave registers for a row of B, an element
// of A and, with AVX2, the mask.
var rows = map[string]map[string]map[int][]int{
	"avx512": {
		"nn": {1: {24, 8, 4, 2, 1}, 2: {14, 8, 4, 2, 1}, 3: {9, 4, 2, 1}},
		"tn": {1: {16, 8, 4, 2, 1}, 2: {12, 8, 4, 2, 1}, 3: {8, 4, 2, 1}}},
	"avx2": {
		"nn": {1: {12, 4, 2, 1}, 2: {6, 4, 2, 1}, 3: {4, 2, 1}},
		"tn": {1: {12, 4, 2, 1}, 2: {6, 4, 2, 1}, 3: {3, 2, 1}}},
}

func main() {
	set := vector.FromFlags()
	ConstraintExpr("amd64,!noasm")
	for nv := 1; nv <= 3; nv++ {
		for _, mr := range rows[set.Name]["nn"][nv] {
			tile(set, "nn", mr, nv, innerNN)
		}
		for _, mr := range rows[set.Name]["tn"][nv] {
			tile(set, "tn", mr, nv, innerTN)
		}
	}
	Generate()
}

// state holds the registers of a tile, for the inner loops of both families.
type state struct {
	*vector.Set
	mr, nv int
	a, b   GPVirtual // cursors, advanced by the inner loop
	lda    Register
	k      Register
	mask   *vector.Mask // of the last vector, once there is one
	maskB  bool         // B's last vector needs it
	acc    [][]VecVirtual
	bs     []VecVirtual // one row of B
	splat  []VecVirtual // broadcast elements of A
}

// step adds the products of one row of B and a column of A to the accumulators.
func (s *state) step(a func(i int) Mem, b func(j int) Mem) {
	for j := range s.bs {
		if s.maskB && j == s.nv-1 {
			s.mask.Load(b(j), s.bs[j])
		} else {
			VMOVUPS(b(j), s.bs[j])
		}
	}
	for i := range s.acc {
		if s.nv == 1 && s.Wide() {
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

// innerNN emits the loop over k for A with rows lda bytes apart, unrolled by 4.
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
		return func(j int) Mem { return Mem{Base: s.b, Disp: (u*s.nv + j) * s.Bytes()} }
	}
	advance := func(u int) {
		for _, p := range bases {
			ADDQ(U8(4*u), p)
		}
		ADDQ(U32(u*s.nv*s.Bytes()), s.b)
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

// innerTN emits the loop over the k rows of A and B, both row-major.
func innerTN(s *state) {
	ldb := vector.Arg("ldb")
	s.maskB = true
	Label("loop")
	s.step(func(i int) Mem { return Mem{Base: s.a, Disp: 4 * i} }, func(j int) Mem { return Mem{Base: s.b, Disp: s.Bytes() * j} })
	ADDQ(s.lda, s.a)
	ADDQ(ldb, s.b)
	DECQ(s.k)
	JNZ(LabelRef("loop"))
}

func tile(set *vector.Set, family string, mr, nv int, inner func(*state)) {
	name := fmt.Sprintf("%s%dx%d", family, mr, nv)
	term := fmt.Sprintf("a[i*lda+q] * b[q*%d+j]", nv*set.Lanes)
	if family == "tn" {
		term = "a[q*lda+i] * b[q*ldb+j]"
	}
	vector.Text(name, signature, "stores the first columns of a panel, in its last vector as many as mask has bits; strides are in bytes.",
		fmt.Sprintf("for i < tiles*%d, j < %d:", mr, nv*set.Lanes),
		"	c[i*ldc+j] = acc*c[i*ldc+j] + sum over q < k of "+term)
	next, lda, c := vector.Arg("a"), vector.Arg("lda"), vector.Arg("c")
	s := &state{Set: set, mr: mr, nv: nv, lda: lda}
	if set.Wide() || family == "tn" { // otherwise made in store, when the registers of B are free
		m := set.MaskArg()
		s.mask = &m
	}
	tiles, err := Param("tiles").Resolve()
	if err != nil {
		panic(err)
	}
	Label("outer")
	s.k, s.b, s.a = vector.Arg("k"), vector.Arg("b"), GP64()
	MOVQ(next, s.a)
	s.registers()
	inner(s)
	s.store(c)
	if family == "tn" {
		ADDQ(U32(4*mr), next)
	} else {
		rows := GP64()
		IMUL3Q(U32(mr), lda, rows)
		ADDQ(rows, next)
	}
	DECQ(tiles.Addr)
	JNZ(LabelRef("outer"))
	vector.Finish()
}

// registers allocates the vectors and clears the accumulators.
func (s *state) registers() {
	for range s.mr {
		row := make([]VecVirtual, s.nv)
		for j := range row {
			row[j] = s.New()
			s.Zero(row[j])
		}
		s.acc = append(s.acc, row)
	}
	for range s.nv {
		s.bs = append(s.bs, s.New())
	}
	free := s.Registers - s.mr*s.nv - s.nv
	if s.mask != nil && !s.Wide() {
		free--
	}
	for range min(free, 2) {
		s.splat = append(s.splat, s.New())
	}
}

// store writes the accumulators to C, or adds them to it, and advances c past the tile.
func (s *state) store(c Register) {
	if s.mask == nil {
		m := s.MaskArg()
		s.mask = &m
	}
	ldc, add := vector.Arg("ldc"), vector.Arg("acc")
	TESTQ(add, add)
	JZ(LabelRef("store"))
	p, t := GP64(), s.bs[0]
	MOVQ(c, p)
	for i := range s.acc {
		for j := range s.bs {
			at := Mem{Base: p, Disp: s.Bytes() * j}
			if j == s.nv-1 {
				s.mask.Load(at, t)
				VADDPS(t, s.acc[i][j], s.acc[i][j])
			} else {
				VADDPS(at, s.acc[i][j], s.acc[i][j])
			}
		}
		ADDQ(ldc, p)
	}
	Label("store")
	if s.Wide() {
		s.rows(c, ldc, true)
		return
	}
	// Masked stores are slow with AVX2, and most tiles need none.
	bits := GP32()
	Load(Param("mask"), bits)
	CMPL(bits, U8(s.Full()))
	JNE(LabelRef("masked"))
	s.rows(c, ldc, false)
	JMP(LabelRef("stored"))
	Label("masked")
	s.rows(c, ldc, true)
	Label("stored")
}

// rows stores the tile, with the last vector masked if masked is set.
func (s *state) rows(c, ldc Register, masked bool) {
	for i := range s.acc {
		for j := range s.bs {
			at := Mem{Base: c, Disp: s.Bytes() * j}
			if masked && j == s.nv-1 {
				s.mask.Store(s.acc[i][j], at)
			} else {
				VMOVUPS(s.acc[i][j], at)
			}
		}
		ADDQ(ldc, c)
	}
}
