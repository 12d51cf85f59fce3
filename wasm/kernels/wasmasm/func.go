package wasmasm

import (
	"encoding/binary"
	"math"
)

// Local is a parameter or a local variable of one function.
type Local uint32

// Func is a function under construction. Its methods append instructions, which
// take their operands from the stack in the order in which they were pushed.
type Func struct {
	name             string
	signature, index int
	params           int
	locals           []Type
	code             []byte
}

// body is the function's entry of the code section.
func (f *Func) body() []byte {
	var runs []byte
	n := 0
	for from := 0; from < len(f.locals); {
		to := from
		for to < len(f.locals) && f.locals[to] == f.locals[from] {
			to++
		}
		runs = append(unsigned(runs, uint64(to-from)), byte(f.locals[from]))
		n++
		from = to
	}
	b := append(unsigned(nil, uint64(n)), runs...)
	return append(append(b, f.code...), 0x0b)
}

// Local adds a local variable, which starts as zero.
func (f *Func) Local(t Type) Local {
	f.locals = append(f.locals, t)
	return Local(f.params + len(f.locals) - 1)
}

// Locals adds n local variables.
func (f *Func) Locals(t Type, n int) []Local {
	all := make([]Local, n)
	for i := range all {
		all[i] = f.Local(t)
	}
	return all
}

// Do appends instructions without immediate operands.
func (f *Func) Do(ops ...Op) {
	for _, op := range ops {
		if op >= vector {
			f.code = unsigned(append(f.code, 0xfd), uint64(op-vector))
		} else {
			f.code = append(f.code, byte(op))
		}
	}
}

func (f *Func) with(op byte, operand uint64) { f.code = unsigned(append(f.code, op), operand) }

// Get pushes local variables.
func (f *Func) Get(locals ...Local) {
	for _, l := range locals {
		f.with(0x20, uint64(l))
	}
}

// Set pops into a local variable.
func (f *Func) Set(l Local) { f.with(0x21, uint64(l)) }

// Tee stores the top of the stack in a local variable and leaves it there.
func (f *Func) Tee(l Local) { f.with(0x22, uint64(l)) }

// Const pushes a 32-bit integer.
func (f *Func) Const(v int) { f.code = signed(append(f.code, 0x41), int64(int32(v))) }

// Splat pushes a vector of four equal floats.
func (f *Func) Splat(v float32) {
	f.Do(v128Const)
	for range 4 {
		f.code = binary.LittleEndian.AppendUint32(f.code, math.Float32bits(v))
	}
}

// Load pops an address and pushes what lies offset bytes after it.
func (f *Func) Load(op Op, offset int) {
	f.Do(op)
	align := byte(2) // floats are aligned to 4 bytes, to the power 2
	if op == I32Load8U {
		align = 0
	}
	f.code = unsigned(append(f.code, align), uint64(offset))
}

// Store pops a value and an address below it and stores the value, or with
// V128Store64Lane and V128Store32Lane its first two floats or the first one.
func (f *Func) Store(op Op, offset int) {
	f.Load(op, offset)
	if op == V128Store64Lane || op == V128Store32Lane {
		f.code = append(f.code, 0)
	}
}

// Upper pops two vectors and pushes the upper half of the second one, twice the
// same when both are.
func (f *Func) Upper() {
	f.Do(i8x16Shuffle)
	for range 2 {
		f.code = append(f.code, 24, 25, 26, 27, 28, 29, 30, 31)
	}
}

// Call calls another function of the module.
func (f *Func) Call(g *Func) { f.with(0x10, uint64(g.index)) }

// Block appends a block: a branch to it leaves it.
func (f *Func) Block(body func()) { f.nested(0x02, body) }

// Loop appends a loop: a branch to it starts it again.
func (f *Func) Loop(body func()) { f.nested(0x03, body) }

// If pops a condition; body runs where it is not zero.
func (f *Func) If(body func()) { f.nested(0x04, body) }

// IfElse pops a condition and runs one of the two.
func (f *Func) IfElse(then, otherwise func()) {
	f.nested(0x04, func() {
		then()
		f.code = append(f.code, 0x05)
		otherwise()
	})
}

func (f *Func) nested(op byte, body func()) {
	f.code = append(f.code, op, 0x40)
	body()
	f.code = append(f.code, 0x0b)
}

// Branch jumps to the depth-th enclosing block or loop, 0 the innermost.
func (f *Func) Branch(depth int) { f.with(0x0c, uint64(depth)) }

// BranchIf pops a condition and jumps where it is not zero.
func (f *Func) BranchIf(depth int) { f.with(0x0d, uint64(depth)) }
