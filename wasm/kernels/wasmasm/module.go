// Package wasmasm encodes WebAssembly modules that import one memory and export
// functions: what SIMD kernels need, in the binary format of the WebAssembly
// core specification, chapter 5.
package wasmasm

import "bytes"

// Type is the type of a parameter, a result or a local.
type Type byte

// The value types.
const (
	I32  Type = 0x7f
	F32  Type = 0x7d
	F64  Type = 0x7c
	V128 Type = 0x7b
)

// Module is a module under construction. The zero value with a memory's name is
// ready to use.
type Module struct {
	MemoryModule, MemoryName string // what the memory is imported as

	types [][]byte
	funcs []*Func
}

// Func adds a function and returns it with its parameters. A function with an
// empty name is not exported.
func (m *Module) Func(name string, params []Type, results ...Type) (*Func, []Local) {
	signature := []byte{0x60}
	for _, list := range [][]Type{params, results} {
		signature = unsigned(signature, uint64(len(list)))
		for _, t := range list {
			signature = append(signature, byte(t))
		}
	}
	at := 0
	for at < len(m.types) && !bytes.Equal(m.types[at], signature) {
		at++
	}
	if at == len(m.types) {
		m.types = append(m.types, signature)
	}
	f := &Func{name: name, signature: at, index: len(m.funcs), params: len(params)}
	m.funcs = append(m.funcs, f)
	locals := make([]Local, len(params))
	for i := range locals {
		locals[i] = Local(i)
	}
	return f, locals
}

// Bytes encodes the module.
func (m *Module) Bytes() []byte {
	types := unsigned(nil, uint64(len(m.types)))
	for _, t := range m.types {
		types = append(types, t...)
	}
	imports := text(text([]byte{1}, m.MemoryModule), m.MemoryName)
	imports = append(imports, 2, 0, 0) // a memory, of no maximum, of at least no pages

	functions := unsigned(nil, uint64(len(m.funcs)))
	code := unsigned(nil, uint64(len(m.funcs)))
	var exports []byte
	exported := 0
	for _, f := range m.funcs {
		functions = unsigned(functions, uint64(f.signature))
		body := f.body()
		code = append(unsigned(code, uint64(len(body))), body...)
		if f.name != "" {
			exported++
			exports = unsigned(append(text(exports, f.name), 0), uint64(f.index))
		}
	}
	exports = append(unsigned(nil, uint64(exported)), exports...)

	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id   byte
		body []byte
	}{{1, types}, {2, imports}, {3, functions}, {7, exports}, {10, code}} {
		out = append(unsigned(append(out, s.id), uint64(len(s.body))), s.body...)
	}
	return out
}

// text appends a name with its length.
func text(b []byte, s string) []byte { return append(unsigned(b, uint64(len(s))), s...) }

// unsigned appends v in LEB128.
func unsigned(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// signed appends v in signed LEB128.
func signed(b []byte, v int64) []byte {
	for v < -0x40 || v >= 0x40 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}
