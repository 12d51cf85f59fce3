package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// sections is a module of these: a kind and a body, and so on.
func sections(parts ...string) []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	for i := 0; i < len(parts); i += 2 {
		out = append(out, parts[i]...)
		out = binary.AppendUvarint(out, uint64(len(parts[i+1])))
		out = append(out, parts[i+1]...)
	}
	return out
}

// data is a segment at 100, with the bytes of the address written as given.
func data(at, bytes string) string {
	return "\x00\x41" + at + "\x0b" + string(rune(len(bytes))) + bytes
}

// TestPack: near data is one segment, in the order of addresses, with zeros
// between; what is far from it stays apart, what is for people goes, and the rest stays as it is.
func TestPack(t *testing.T) {
	const a100, a112, a10000, a200000 = "\xe4\x00", "\xf0\x00", "\x90\xce\x00", "\xc0\x9a\x0c"
	got, err := pack(sections("\x01", "types", "\x00", "\x04name", "\x0b", "\x04"+data(a112, "def")+data(a200000, "h")+data(a10000, "g")+data(a100, "abc")))
	if err != nil {
		t.Fatal(err)
	}
	want := sections("\x01", "types", "\x0b", "\x03"+data(a100, "abc\x00\x00\x00\x00\x00\x00\x00\x00\x00def")+data(a10000, "g")+data(a200000, "h"))
	if !bytes.Equal(got, want) {
		t.Errorf("packed:\n%q, want\n%q", got, want)
	}
	again, err := pack(got)
	if err != nil || !bytes.Equal(again, got) {
		t.Errorf("packed twice: %q, %v", again, err)
	}
}

// TestPackOther: a module that Go's linker would not write is refused, wherever it ends.
func TestPackOther(t *testing.T) {
	whole := sections("\x0b", "\x01"+data("\x10", "abcdef"))
	if _, err := pack(whole); err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{
		"over each other": sections("\x0b", "\x02"+data("\x10", "abc")+data("\x12", "d")),
		"passive":         sections("\x0b", "\x01\x01\x03abc"),
		"at a global":     sections("\x0b", "\x01\x00\x23\x00\x0b\x01a"),
		"more":            sections("\x0b", "\x01"+data("\x10", "abc")+"d"),
		"no number":       sections("\x0b", "\x01\x00\x41"+strings.Repeat("\x80", 10)+"\x00\x0b\x00"),
	}
	for n := range whole {
		if n != 8 { // a module without sections is one
			bad[fmt.Sprint("cut at ", n)] = whole[:n]
		}
	}
	for name, module := range bad {
		if out, err := pack(module); err == nil || !strings.Contains(err.Error(), "pack.go") {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

// TestAppendSigned: numbers are read as they were written.
func TestAppendSigned(t *testing.T) {
	for shift := range 64 {
		for _, v := range []int64{1<<shift - 1, 1 << shift, -1 << shift, -1<<shift - 1} {
			b := appendSigned(nil, v)
			r := reader{data: b}
			if got := r.signed(); got != v || r.bad || len(r.data) > 0 {
				t.Errorf("%d is written %x, read %d", v, b, got)
			}
		}
	}
}
