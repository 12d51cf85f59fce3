package main

import (
	"bytes"
	"encoding/binary"
)

// tablesMagic is how the tables begin in which the runtime finds the function of an
// address: pcHeader of runtime/symtab.go since Go 1.20, for instructions of a byte and
// pointers of eight.
var tablesMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// Offsets in pcHeader and in _func, of runtime/runtime2.go, and the lengths of parts
// of the tables.
const (
	functionsAt = 8  // how many there are
	tabAt       = 64 // where their table is

	startLineAt = 36
	pcdataAt    = 28 // how many tables a function has for its instructions
	functionLen = 44 // before those tables

	entryLen     = 8 // of the table of functions: a number and where the function is
	bucketLen    = 20
	functionSpan = 16 * bucketLen // what 64 KB of addresses take, a function on wasm
)

// step is how many functions share a number in the table from addresses to functions.
const step = 8

// shareTables makes numbers alike, in place, that are different for each function and that
// the runtime does not need on wasm:
//
//   - the line where a function begins, which only profiles show;
//   - where a goroutine may be preempted between calls, which it never is;
//   - the function from which the search for that of an address begins: it goes
//     on to the right one, and may begin up to step-1 before it.
//
// Data without such tables, or with others, stays as it is.
func shareTables(data []byte) {
	for at := 0; ; at++ {
		next := bytes.Index(data[at:], tablesMagic)
		if next < 0 {
			return
		}
		at += next
		share(data[at:])
	}
}

func share(tables []byte) {
	functions, ok := functionsOf(tables)
	if !ok {
		return
	}
	for _, f := range functions {
		clear(f[startLineAt : startLineAt+4])
		if binary.LittleEndian.Uint32(f[pcdataAt:]) > 0 {
			clear(f[functionLen : functionLen+4])
		}
	}
	buckets := bucketsOf(tables, len(functions)-1)
	for k := range len(buckets) / bucketLen {
		function := uint32(k * bucketLen / functionSpan)
		binary.LittleEndian.PutUint32(buckets[k*bucketLen:], function/step*step)
	}
}

// functionsOf returns the functions, each from its beginning, and whether the tables are those of Go for wasm.
func functionsOf(tables []byte) (functions [][]byte, ok bool) {
	word := func(at int) uint64 {
		if at+8 > len(tables) {
			return 1 << 63
		}
		return binary.LittleEndian.Uint64(tables[at:])
	}
	n, tab := word(functionsAt), word(tabAt)
	if n == 0 || n > 1<<20 || tab > uint64(len(tables)) || n*entryLen > uint64(len(tables))-tab {
		return nil, false
	}
	table := tables[tab:]
	first := binary.LittleEndian.Uint32(table)
	for k := range int(n) {
		entry := table[k*entryLen:]
		number, at := binary.LittleEndian.Uint32(entry), binary.LittleEndian.Uint32(entry[4:])
		if number != first+uint32(k) || uint64(at)+functionLen+4 > uint64(len(table)) {
			return nil, false
		}
		f := table[at:]
		if binary.LittleEndian.Uint32(f) != number {
			return nil, false
		}
		functions = append(functions, f)
	}
	return functions, true
}

// bucketsOf returns the table from addresses to functions, for all but the last, whose
// addresses end before 64 KB: the number of a function in each of its buckets, without
// differences within. It is nil where there is no such table.
func bucketsOf(tables []byte, n int) []byte {
	pattern := make([]byte, n*functionSpan)
	for k := range len(pattern) / bucketLen {
		binary.LittleEndian.PutUint32(pattern[k*bucketLen:], uint32(k*bucketLen/functionSpan))
	}
	at := bytes.Index(tables, pattern)
	if n < 2 || at < 0 {
		return nil
	}
	return tables[at : at+len(pattern)]
}
