// Package vector abstracts over the instruction set that a generator writes for: AVX-512,
// with 32 ZMM registers and opmasks, or AVX2, with 16 YMM registers and vectors as masks.
package vector

import (
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Set is an instruction set.
type Set struct {
	Name      string
	Lanes     int // floats in a vector
	Registers int // vectors there are
	constants map[uint32]Mem
	tails     *Mem
}

// Sets lists the names of the supported instruction sets.
var Sets = []string{"avx512", "avx2"}

// FromFlags parses the command line and returns the instruction set that -set names.
func FromFlags() *Set {
	name := flag.String("set", "avx512", "instruction set: avx512 or avx2")
	flag.Parse()
	switch *name {
	case "avx512":
		return &Set{Name: *name, Lanes: 16, Registers: 32}
	case "avx2":
		return &Set{Name: *name, Lanes: 8, Registers: 16, constants: map[uint32]Mem{}}
	}
	fmt.Fprintf(os.Stderr, "-set %s: want one of %v\n", *name, Sets)
	os.Exit(2)
	return nil
}

// Wide reports whether the set is AVX-512.
func (s *Set) Wide() bool { return s.Lanes == 16 }

// Bytes returns the size of a vector in bytes.
func (s *Set) Bytes() int { return 4 * s.Lanes }

// Full returns the mask that selects all lanes, one bit for each.
func (s *Set) Full() int { return 1<<s.Lanes - 1 }

// New returns a new virtual vector register.
func (s *Set) New() VecVirtual {
	if s.Wide() {
		return ZMM()
	}
	return YMM()
}

// Zero sets all lanes of v to zero.
func (s *Set) Zero(v VecVirtual) {
	if s.Wide() {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// Constant returns an operand with f in every lane: a register with AVX-512, memory with
// AVX2, which has too few registers.
func (s *Set) Constant(f float64) Op { return s.Bits(math.Float32bits(float32(f))) }

// Bits is Constant for an arbitrary bit pattern.
func (s *Set) Bits(b uint32) Op {
	if s.Wide() {
		r, v := GP32(), ZMM()
		MOVL(U32(b), r)
		VPBROADCASTD(r, v)
		return v
	}
	m, ok := s.constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("all%08x", b), attr.RODATA|attr.NOPTR)
		for i := range s.Lanes {
			DATA(4*i, U32(b))
		}
		s.constants[b] = m
	}
	return m
}

// Copy returns a new register with the value of c.
func (s *Set) Copy(c Op) VecVirtual {
	v := s.New()
	VMOVUPS(c, v)
	return v
}

// Mask selects the leading lanes of the last vector of a row.
type Mask struct {
	set *Set
	reg Register
}

// MaskIn returns the mask that is already in register r.
func (s *Set) MaskIn(r Register) Mask { return Mask{s, r} }

// MaskOf makes a mask from bits, one for each lane, and clobbers bits.
func (s *Set) MaskOf(bits GPVirtual) Mask {
	if s.Wide() {
		KMOVW(bits.As32(), K1)
		return Mask{s, K1}
	}
	POPCNTL(bits.As32(), bits.As32())
	return s.MaskFirst(bits)
}

// MaskFirst returns the mask of the first n lanes, n at most Lanes, and clobbers n.
func (s *Set) MaskFirst(n GPVirtual) Mask {
	if s.Wide() {
		full := GP32()
		MOVL(U32(s.Full()), full)
		BZHIL(n.As32(), full, n.As32())
		KMOVW(n.As32(), K1)
		return Mask{s, K1}
	}
	m := Mask{s, YMM()}
	s.tail(n)
	VMOVUPS(Mem{Base: n.As64()}, m.reg)
	return m
}

// tail replaces n by the address of a vector mask with n lanes set. All of these masks
// overlap in one table, Lanes words of ones followed by as many of zeros.
func (s *Set) tail(n GPVirtual) {
	if s.tails == nil {
		m := GLOBL("tails", attr.RODATA|attr.NOPTR)
		for i := range 2 * s.Lanes {
			v := U32(0)
			if i < s.Lanes {
				v = math.MaxUint32
			}
			DATA(4*i, v)
		}
		s.tails = &m
	}
	p := GP64()
	LEAQ(s.tails.Offset(s.Bytes()), p)
	SHLQ(U8(2), n.As64())
	SUBQ(n.As64(), p)
	MOVQ(p, n.As64())
}

// TailArg returns the address of the vector mask for the parameter mask. AVX2 only.
func (s *Set) TailArg() GPVirtual {
	n := GP64()
	Load(Param("mask"), n.As32())
	POPCNTL(n.As32(), n.As32())
	s.tail(n)
	return n
}

// Load reads the selected lanes and sets the others to zero.
func (m Mask) Load(from Mem, v VecVirtual) {
	if m.set.Wide() {
		VMOVUPS_Z(from, m.reg, v)
	} else {
		VMASKMOVPS(from, m.reg, v)
	}
}

// Store writes the selected lanes and leaves the others in memory unchanged.
func (m Mask) Store(v VecVirtual, to Mem) {
	if m.set.Wide() {
		VMOVUPS(v, m.reg, to)
	} else {
		VMASKMOVPS(v, m.reg, to)
	}
}

// Clear sets the lanes that are not selected to zero.
func (m Mask) Clear(v VecVirtual) {
	if m.set.Wide() {
		VMOVAPS_Z(v, m.reg, v)
	} else {
		VANDPS(m.reg, v, v)
	}
}

// Arg loads a parameter into a new register.
func Arg(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// MaskArg makes a mask from the parameter mask, a uint16.
func (s *Set) MaskArg() Mask {
	bits := GP64()
	Load(Param("mask"), bits.As32())
	return s.MaskOf(bits)
}

// Text begins a function. Its doc comment says what it does and shows the loop that it
// replaces.
func Text(name, signature, does string, loop ...string) {
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	doc := []string{name + " " + does}
	for i, line := range loop {
		if i == 0 {
			doc = append(doc, "")
		}
		doc = append(doc, "\t"+line)
	}
	Doc(doc...)
}

// Finish returns from the function.
func Finish() {
	VZEROUPPER()
	RET()
}
