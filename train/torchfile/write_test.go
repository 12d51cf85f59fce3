package torchfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"testing"
)

// What the tests write, as Python's pickler does with protocol 2.
type (
	reduce struct {
		callee global
		args   tuple
	}
	persistent struct{ id tuple } // the identifier of a storage
	state      struct{ of, attributes any }
	dict       []pair // in this order
	ordered    dict   // a state dict: it has the attribute _metadata
)

// pickled writes one pickle.
type pickled struct {
	bytes.Buffer
	memo int
}

func pickleOf(v any) []byte {
	p := &pickled{}
	p.WriteString("\x80\x02")
	p.value(v)
	p.WriteByte('.')
	return p.Bytes()
}

func (p *pickled) number(op byte, v any) {
	p.WriteByte(op)
	order := binary.ByteOrder(binary.LittleEndian)
	if op == 'G' {
		order = binary.BigEndian
	}
	if err := binary.Write(p, order, v); err != nil {
		panic(err)
	}
}

func (p *pickled) keep() {
	if p.memo < 256 {
		p.number('q', uint8(p.memo))
	} else {
		p.number('r', uint32(p.memo))
	}
	p.memo++
}

func (p *pickled) value(v any) {
	switch v := v.(type) {
	case nil:
		p.WriteByte('N')
	case bool:
		p.WriteByte(map[bool]byte{true: 0x88, false: 0x89}[v])
	case int:
		if v == int(int32(v)) {
			p.number('J', int32(v))
		} else {
			p.number(0x8a, uint8(8))
			binary.Write(p, binary.LittleEndian, int64(v))
		}
	case *big.Int: // positive
		b := append([]byte{0}, v.Bytes()...)
		p.number(0x8a, uint8(len(b)))
		for i := range b {
			p.WriteByte(b[len(b)-1-i])
		}
	case float64:
		p.number('G', math.Float64bits(v))
	case string:
		p.number('X', uint32(len(v)))
		p.WriteString(v)
		p.keep()
	case global:
		fmt.Fprintf(p, "c%s\n%s\n", v.module, v.name)
		p.keep()
	case tuple:
		p.WriteByte('(')
		for _, x := range v {
			p.value(x)
		}
		p.WriteByte('t')
		p.keep()
	case []any:
		p.WriteByte(']')
		p.keep()
		p.WriteByte('(')
		for _, x := range v {
			p.value(x)
		}
		p.WriteByte('e')
	case dict:
		p.WriteByte('}')
		p.keep()
		p.set(v)
	case ordered:
		p.value(reduce{global{"collections", "OrderedDict"}, tuple{}})
		p.set(dict(v))
		p.value(dict{{"_metadata", dict{{"version", 1}}}})
		p.WriteByte('b')
	case reduce:
		p.value(v.callee)
		p.value(v.args)
		p.WriteByte('R')
		p.keep()
	case state:
		p.value(v.of)
		p.value(v.attributes)
		p.WriteByte('b')
	case persistent:
		p.value(v.id)
		p.WriteByte('Q')
	default:
		panic(fmt.Sprintf("no pickle of %T", v))
	}
}

func (p *pickled) set(v dict) {
	p.WriteByte('(')
	for _, x := range v {
		p.value(x.key)
		p.value(x.value)
	}
	p.WriteByte('u')
}

// written is a storage of a test.
type written struct {
	class  global
	device string
	bits   []uint64
	size   int // bytes of each
}

// checkpoint is what a test writes: storages by key, and a value that refers to them.
type checkpoint map[string]written

var rebuildTensor = global{"torch._utils", "_rebuild_tensor_v2"}

// tensor refers to a view of a storage.
func (c checkpoint) tensor(key string, offset int, shape, strides tuple) any {
	s := c[key]
	return reduce{rebuildTensor, tuple{persistent{tuple{"storage", s.class, key, s.device, len(s.bits), nil}}, offset, shape, strides, false,
		reduce{global{"collections", "OrderedDict"}, tuple{}}}}
}

// bytes are a storage as it lies in memory.
func (w written) bytes(order binary.AppendByteOrder) []byte {
	var b []byte
	for _, v := range w.bits {
		switch w.size {
		case 1:
			b = append(b, byte(v))
		case 2:
			b = order.AppendUint16(b, uint16(v))
		case 4:
			b = order.AppendUint32(b, uint32(v))
		default:
			b = order.AppendUint64(b, v)
		}
	}
	return b
}

// legacy writes the file of torch up to 1.5.
func (c checkpoint) legacy(root any) []byte {
	magic, _ := new(big.Int).SetString(magicDigits, 10)
	keys, _ := c.keys()
	var b bytes.Buffer
	for _, v := range []any{magic, protocol, dict{{"protocol_version", protocol}, {"little_endian", true}}, root, keys} {
		b.Write(pickleOf(v))
	}
	for _, k := range keys {
		s := c[k.(string)]
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s.bits))))
		b.Write(s.bytes(binary.LittleEndian))
	}
	return b.Bytes()
}

func (c checkpoint) keys() (keys []any, names []string) {
	for k := range c {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		keys = append(keys, k)
	}
	return keys, names
}

// zip writes the file of torch since 1.6; a byteorder of "" leaves that file out.
func (c checkpoint) zip(t testing.TB, root any, byteorder string) []byte {
	order := binary.AppendByteOrder(binary.LittleEndian)
	if byteorder == "big" {
		order = binary.BigEndian
	}
	parts := []part{{"data.pkl", pickleOf(root)}, {"version", []byte("3\n")}}
	if byteorder != "" {
		parts = append(parts, part{"byteorder", []byte(byteorder)})
	}
	_, names := c.keys()
	for _, k := range names {
		parts = append(parts, part{"data/" + k, c[k].bytes(order)})
	}
	return zipOf(t, zip.Store, parts)
}

type part struct {
	name string
	data []byte
}

func zipOf(t testing.TB, method uint16, parts []part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, p := range parts {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "any name/" + p.name, Method: method, Extra: []byte("FB\x02\x00" + strconv.Itoa(10+i%10))})
		if err == nil {
			_, err = w.Write(p.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
