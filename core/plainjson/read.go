// Package plainjson reads and writes JSON (RFC 8259) without reflection, for the engine's
// messages and the headers of weights files. encoding/json would be a tenth of the engine's
// download; native programs use it.
package plainjson

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is one parsed value.
type Value struct {
	Kind  Kind
	Text  string   // of a String, without quotes and escapes; of a Number, as it is written; of a Bool, "true" or "false"
	Names []string // of an Object's members, in their order
	Items []Value  // of an Array, or the values of an Object's members
}

// deepest is the largest nesting depth.
const deepest = 64

// Parse parses one value, surrounded by white space only. As in encoding/json, bytes that are
// not UTF-8 become U+FFFD.
func Parse(data []byte) (Value, error) {
	p := parser{data: data}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	if p.space(); p.at < len(data) {
		return Value{}, p.fail("something follows the value")
	}
	return v, nil
}

type parser struct {
	data []byte
	at   int
}

func (p *parser) fail(what string) error {
	return errors.New(what + " at byte " + strconv.Itoa(p.at))
}

// space skips white space and returns the next byte, 0 at the end.
func (p *parser) space() byte {
	for ; p.at < len(p.data); p.at++ {
		switch c := p.data[p.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (p *parser) value(depth int) (Value, error) {
	if depth > deepest {
		return Value{}, p.fail("values are nested too deeply")
	}
	switch c := p.space(); {
	case c == '{' || c == '[':
		return p.composite(c, depth)
	case c == '"':
		s, err := p.text()
		return Value{Kind: String, Text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, word := range []string{"null", "true", "false"} {
		if end := p.at + len(word); end <= len(p.data) && string(p.data[p.at:end]) == word {
			p.at = end
			if word == "null" {
				return Value{}, nil
			}
			return Value{Kind: Bool, Text: word}, nil
		}
	}
	return Value{}, p.fail("a value is expected")
}

// composite reads an object or an array, which begins with open.
func (p *parser) composite(open byte, depth int) (Value, error) {
	v, end := Value{Kind: Array}, byte(']')
	if open == '{' {
		v.Kind, end = Object, '}'
	}
	p.at++
	if p.space() == end {
		p.at++
		return v, nil
	}
	for {
		if v.Kind == Object {
			if p.space() != '"' {
				return v, p.fail("the name of a member is expected")
			}
			name, err := p.text()
			if err != nil {
				return v, err
			}
			if p.space() != ':' {
				return v, p.fail("a colon is expected")
			}
			p.at++
			v.Names = append(v.Names, name)
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
		switch p.space() {
		case ',':
			p.at++
		case end:
			p.at++
			return v, nil
		default:
			return v, p.fail("a comma or an end is expected")
		}
	}
}

// number checks the grammar of RFC 8259, section 6.
func (p *parser) number() (Value, error) {
	from := p.at
	next := func() byte {
		if p.at < len(p.data) {
			return p.data[p.at]
		}
		return 0
	}
	digits := func() bool {
		start := p.at
		for c := next(); c >= '0' && c <= '9'; c = next() {
			p.at++
		}
		return p.at > start
	}
	if next() == '-' {
		p.at++
	}
	whole := p.at
	if !digits() || p.data[whole] == '0' && p.at > whole+1 {
		return Value{}, p.fail("a number is malformed")
	}
	if next() == '.' {
		p.at++
		if !digits() {
			return Value{}, p.fail("a number is malformed")
		}
	}
	if c := next(); c == 'e' || c == 'E' {
		p.at++
		if c := next(); c == '+' || c == '-' {
			p.at++
		}
		if !digits() {
			return Value{}, p.fail("a number is malformed")
		}
	}
	return Value{Kind: Number, Text: string(p.data[from:p.at])}, nil
}

// text reads a string, which begins at p.at.
func (p *parser) text() (string, error) {
	p.at++
	var out []byte
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return string(out), nil
		case c < ' ':
			return "", p.fail("a text has a control character")
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < utf8.RuneSelf:
			out = append(out, c)
			p.at++
		default:
			r, n := utf8.DecodeRune(p.data[p.at:])
			out = utf8.AppendRune(out, r)
			p.at += n
		}
	}
	return "", p.fail("a text does not end")
}

// escape reads what begins with a backslash.
func (p *parser) escape() (rune, error) {
	p.at++
	if p.at < len(p.data) {
		c := p.data[p.at]
		p.at++
		switch c {
		case '"', '\\', '/':
			return rune(c), nil
		case 'b':
			return '\b', nil
		case 'f':
			return '\f', nil
		case 'n':
			return '\n', nil
		case 'r':
			return '\r', nil
		case 't':
			return '\t', nil
		case 'u':
			r, ok := p.unit()
			if !ok {
				break
			}
			if !utf16.IsSurrogate(r) {
				return r, nil
			}
			mark := p.at
			if p.at+1 < len(p.data) && p.data[p.at] == '\\' && p.data[p.at+1] == 'u' {
				p.at += 2
				if low, ok := p.unit(); ok {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						return both, nil
					}
				}
			}
			p.at = mark // an unpaired surrogate
			return utf8.RuneError, nil
		}
	}
	return 0, p.fail("an escape is malformed")
}

// unit reads four hexadecimal digits.
func (p *parser) unit() (rune, bool) {
	if p.at+4 > len(p.data) {
		return 0, false
	}
	r := rune(0)
	for _, c := range p.data[p.at : p.at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.at += 4
	return r, true
}
