package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestWriteFunction: a branch out of all blocks to where a function returns 1
// becomes returning 1, and nothing else changes.
func TestWriteFunction(t *testing.T) {
	const (
		locals = "\x01\x02\x7e"
		block  = "\x02\x40"
		loop   = "\x03\x40"
		call   = "\x10\x85\x01"
		unwind = "\x04\x40\x41\x01\x0f\x0b"
		tail   = "\x0b\x41\x01\x0b"
	)
	for name, c := range map[string][2]string{
		"at once":          {locals + block + call + "\x0d\x00" + tail, locals + block + call + unwind + tail},
		"from a loop":      {locals + block + loop + call + "\x0d\x01\x0b" + tail, locals + block + loop + call + unwind + "\x0b" + tail},
		"to the loop":      {locals + block + loop + call + "\x0d\x00\x0b" + tail, ""},
		"out of a block":   {locals + block + block + call + "\x0d\x00\x0b" + call + "\x0d\x00" + tail, locals + block + block + call + "\x0d\x00\x0b" + call + unwind + tail},
		"an earlier block": {locals + block + call + "\x0d\x00\x0b" + block + tail, ""},
		"again a loop":     {locals + loop + call + "\x0d\x00" + tail, ""},
		"without a branch": {locals + block + call + "\x0c\x00" + tail, ""},
		"another end":      {locals + block + call + "\x0d\x00\x0b\x41\x02\x0b", ""},
		"a constant":       {locals + block + "\x41\x0d\x1a\x42\x8d\x00\x1a" + tail, ""},
		"operands": {"\x00" + block + "\x0e\x01\x0d\x0d\x11\x0d\x00\x29\x03\x0d\x43\x0d\x00\x0d\x00\x44\x0d\x00\x0d\x00\x0d\x00\x0d\x00\xfc\x0a\x00\x00\xfc\x0b\x00\xfc\x03\x0d\x00" + tail,
			"\x00" + block + "\x0e\x01\x0d\x0d\x11\x0d\x00\x29\x03\x0d\x43\x0d\x00\x0d\x00\x44\x0d\x00\x0d\x00\x0d\x00\x0d\x00\xfc\x0a\x00\x00\xfc\x0b\x00\xfc\x03" + unwind + tail},
	} {
		want := c[1]
		if want == "" {
			want = c[0]
		}
		got, ok := writeFunction([]byte(c[0]))
		if !ok || string(got) != want {
			t.Errorf("%s: %x, %v; want %x", name, got, ok, want)
		}
	}
	for name, f := range map[string]string{
		"vectors":       locals + block + "\xfd\x00" + tail,
		"a table":       locals + block + "\xfc\x0c" + tail,
		"too many sets": "\xff\x01" + tail,
	} {
		if got, ok := writeFunction([]byte(f)); ok {
			t.Errorf("%s: %x", name, got)
		}
	}
}

// TestWriteCode: every function is written, and a section that ends early or late is refused.
func TestWriteCode(t *testing.T) {
	const first, second = "\x00\x02\x40\x10\x00\x0d\x00\x0b\x41\x01\x0b", "\x00\x0b"
	section := "\x02\x0b" + first + "\x02" + second
	want := "\x02\x0f" + strings.Replace(first, "\x0d\x00", string(returned), 1) + "\x02" + second
	if got, ok := writeCode([]byte(section)); !ok || !bytes.Equal(got, []byte(want)) {
		t.Errorf("%x, %v; want %x", got, ok, want)
	}
	for n := range section {
		if got, ok := writeCode([]byte(section[:n])); ok {
			t.Errorf("cut at %d: %x", n, got)
		}
	}
	if got, ok := writeCode([]byte(section + "\x00")); ok {
		t.Errorf("a byte more: %x", got)
	}
}

// TestStrip: comments and indentation go, texts stay.
func TestStrip(t *testing.T) {
	const module = "// Of a module.\n/**\n * Says more.\n */\nexport const a = 'x; // y'; // a text\n  f(b, // one\n    `https://z`); // isn't taken\nif (c) { // two\n}\n"
	const want = "export const a = 'x; // y';\nf(b,\n`https://z`); // isn't taken\nif (c) {\n}\n"
	if got := string(strip([]byte(module))); got != want {
		t.Errorf("stripped it is\n%s\nwant\n%s", got, want)
	}
}
