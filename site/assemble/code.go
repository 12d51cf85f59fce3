package main

import (
	"bytes"
	"encoding/binary"
)

// Instructions (WebAssembly Core Specification, 5.4) that are looked for or that
// open and close blocks.
const (
	opBlock    = 0x02
	opLoop     = 0x03
	opIf       = 0x04
	opEnd      = 0x0b
	opBranchIf = 0x0d
	opReturn   = 0x0f
	opI32Const = 0x41
	noResult   = 0x40
)

// unwound is what a function of Go returns while its goroutine stops: to there
// leads a conditional branch after every call, out of all blocks.
var (
	unwound  = []byte{opEnd, opI32Const, 1, opEnd}
	returned = []byte{opIf, noResult, opI32Const, 1, opReturn, opEnd}
)

// writeCode returns the code section with every branch to where a function
// returns 1 replaced by returning 1. That is two instructions longer, and the same
// after every call, where the depth of the branch never is: compressed it is shorter.
func writeCode(section []byte) (out []byte, ok bool) {
	r := reader{data: section}
	n := r.unsigned()
	out = binary.AppendUvarint(nil, n)
	for ; n > 0 && !r.bad; n-- {
		function, ok := writeFunction(r.take(r.unsigned()))
		if !ok {
			return nil, false
		}
		out = binary.AppendUvarint(out, uint64(len(function)))
		out = append(out, function...)
	}
	return out, !r.bad && len(r.data) == 0
}

// writeFunction does that with one function. It returns it as it is if the end of
// its last outermost block is not followed by returning 1.
func writeFunction(function []byte) (out []byte, ok bool) {
	if !bytes.HasSuffix(function, unwound) {
		return function, true
	}
	r := reader{data: function}
	for groups := r.unsigned(); groups > 0 && !r.bad; groups-- { // of locals
		r.unsigned()
		r.byte()
	}
	var branches [][2]int // where they begin and end
	depth, outermost := 0, 0
	for len(r.data) > len(unwound)-1 && !r.bad {
		begin := len(function) - len(r.data)
		op, label := r.instruction()
		switch op {
		case opBlock, opLoop, opIf:
			if depth++; depth == 1 {
				branches, outermost = branches[:0], int(op)
			}
		case opEnd:
			depth--
		case opBranchIf:
			if label+1 == uint64(depth) {
				branches = append(branches, [2]int{begin, len(function) - len(r.data)})
			}
		}
	}
	if r.bad {
		return nil, false
	}
	if depth != 0 || outermost != opBlock || len(r.data) != len(unwound)-1 {
		return function, true
	}
	from := 0
	for _, b := range branches {
		out = append(append(out, function[from:b[0]]...), returned...)
		from = b[1]
	}
	return append(out, function[from:]...), true
}

// instruction reads one, and returns its first byte and its first number, such as the
// label of a branch. An instruction that Go's compiler does not use makes the reader bad.
func (r *reader) instruction() (op byte, number uint64) {
	op = r.byte()
	switch {
	case op == opBlock, op == opLoop, op == opIf, op == 0x3f, op == 0x40: // a type; memory.size, memory.grow
		r.byte()
	case op == 0x0c, op == opBranchIf, op == 0x10, 0x20 <= op && op <= 0x24: // branches, call, variables
		number = r.unsigned()
	case op == 0x0e: // br_table
		for n := r.unsigned(); n > 0 && !r.bad; n-- {
			r.unsigned()
		}
		r.unsigned()
	case op == 0x11, 0x28 <= op && op <= 0x3e: // call_indirect, loads, stores
		r.unsigned()
		r.unsigned()
	case op == opI32Const, op == 0x42:
		r.signed()
	case op == 0x43: // f32.const
		r.take(4)
	case op == 0x44: // f64.const
		r.take(8)
	case op == 0xfc:
		switch number = r.unsigned(); {
		case number == 10: // memory.copy
			r.take(2)
		case number == 11: // memory.fill
			r.byte()
		case number > 7: // up to there: saturating conversions
			r.bad = true
		}
	case op <= 0x01, op == 0x05, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b, 0x45 <= op && op <= 0xc4: // without operands
	default:
		r.bad = true
	}
	return op, number
}
