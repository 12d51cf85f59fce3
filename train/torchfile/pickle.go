package torchfile

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// The most memory that reading one file may ask for besides the file, and the
// longest integer in digits or bytes. A state dict of 1,500 tensors with
// the optimiser's needs 2 MB.
const (
	mostMemory = 40 << 20
	longestInt = 100
)

// unpickler is a stack machine for Python's pickles, protocols 1 to 5
// (Lib/pickletools.py describes the instructions). It calls nothing: classes and functions stay
// names, and the result of calling one is an opaque object. It reads data from at on and panics
// with an error of refuse.
type unpickler struct {
	data  []byte
	at    int
	left  int // bytes of memory that may still be asked for
	stack []any
	marks []int // lengths of the stack
	memo  []any

	persistent func(id tuple) any // makes what lies outside the pickle
}

// absent marks the places of the memo where nothing was put.
type absent struct{}

// load reads one pickle and advances at to its end.
func (u *unpickler) load() any {
	u.stack, u.marks, u.memo = u.stack[:0], u.marks[:0], u.memo[:0]
	for {
		u.spend(2) // bounds the time, too
		op := u.take(1)[0]
		if op == '.' {
			return u.pop()
		}
		if !u.scalar(op) && !u.container(op) {
			panic(refuse("its pickle has the instruction 0x%02x at byte %d, which no pickle of protocol 1 to 5 of torch.save has", op, u.at-1))
		}
	}
}

// spend accounts for memory before it is allocated.
func (u *unpickler) spend(n int) {
	if u.left -= n; u.left < 0 {
		panic(refuse("what it describes besides its tensors needs more than %d MB", mostMemory>>20))
	}
}

// take returns the next n bytes of the file.
func (u *unpickler) take(n int) []byte {
	if n < 0 || n > len(u.data)-u.at {
		panic(refuse("it ends within a pickle, at byte %d", len(u.data)))
	}
	u.at += n
	return u.data[u.at-n : u.at : u.at]
}

// counted reads a number of width bytes, and returns as many bytes as it says.
func (u *unpickler) counted(width int) []byte {
	var wide [8]byte
	copy(wide[:], u.take(width))
	n := binary.LittleEndian.Uint64(wide[:])
	if n > uint64(len(u.data)) {
		n = uint64(len(u.data)) // too many all the same
	}
	return u.take(int(n))
}

// line returns the text up to the end of the line.
func (u *unpickler) line() string {
	n := bytes.IndexByte(u.data[u.at:min(len(u.data), u.at+4096)], '\n')
	if n < 0 {
		panic(refuse("its pickle has a line without an end at byte %d", u.at))
	}
	return u.text(u.take(n + 1)[:n])
}

func (u *unpickler) text(b []byte) string {
	u.spend(len(b) + 32)
	return string(b)
}

// extend appends to s and accounts for the memory; append alone would leave behind five times
// the memory of a long slice.
func extend[T any](u *unpickler, size int, s []T, v ...T) []T {
	if need := len(s) + len(v); need > cap(s) {
		n := max(need, 2*cap(s), 4)
		u.spend(n * size)
		s = append(make([]T, 0, n), s...)
	}
	return append(s, v...)
}

const anySize, pairSize = 16, 32 // bytes

func (u *unpickler) push(v any) {
	u.stack = extend(u, anySize, u.stack, v)
}

// floor returns where the values since the last mark begin.
func (u *unpickler) floor() int {
	if len(u.marks) == 0 {
		return 0
	}
	return u.marks[len(u.marks)-1]
}

func (u *unpickler) pop() any {
	n := len(u.stack) - 1
	if n < u.floor() {
		panic(refuse("its pickle takes more values than it has, at byte %d", u.at))
	}
	v := u.stack[n]
	u.stack = u.stack[:n]
	return v
}

// top returns the last value and leaves it on the stack.
func (u *unpickler) top() any {
	v := u.pop()
	u.stack = append(u.stack, v)
	return v
}

// since removes the last mark and the values after it, and returns these; they are valid until
// the next push.
func (u *unpickler) since() []any {
	if len(u.marks) == 0 {
		panic(refuse("its pickle has no mark for the instruction before byte %d", u.at))
	}
	from := u.floor()
	u.marks = u.marks[:len(u.marks)-1]
	items := u.stack[from:]
	u.stack = u.stack[:from]
	return items
}

// scalar runs the instructions that push at most one value and take none.
func (u *unpickler) scalar(op byte) bool {
	switch op {
	case 0x80: // PROTO
		if v := u.take(1)[0]; v > 5 {
			panic(refuse("its pickle has protocol %d, and 5 is the last that is known", v))
		}
	case 0x95: // FRAME
		u.take(8)
	case 'N':
		u.push(nil)
	case 0x88:
		u.push(true)
	case 0x89:
		u.push(false)
	case 'K':
		u.push(int64(u.take(1)[0]))
	case 'M':
		u.push(int64(binary.LittleEndian.Uint16(u.take(2))))
	case 'J':
		u.push(int64(int32(binary.LittleEndian.Uint32(u.take(4)))))
	case 0x8a: // LONG1
		u.push(long(u.counted(1)))
	case 0x8b: // LONG4
		u.push(long(u.counted(4)))
	case 'I', 'L':
		u.push(decimal(u.line()))
	case 'G':
		u.push(math.Float64frombits(binary.BigEndian.Uint64(u.take(8))))
	case 'F':
		f, err := strconv.ParseFloat(u.line(), 64)
		if err != nil {
			panic(refuse("its pickle has %v", err))
		}
		u.push(f)
	case 'U', 0x8c: // SHORT_BINSTRING, SHORT_BINUNICODE
		u.push(u.text(u.counted(1)))
	case 'T', 'X': // BINSTRING, BINUNICODE
		u.push(u.text(u.counted(4)))
	case 0x8d: // BINUNICODE8
		u.push(u.text(u.counted(8)))
	case 'C': // SHORT_BINBYTES
		u.push(u.bytes(u.counted(1)))
	case 'B': // BINBYTES
		u.push(u.bytes(u.counted(4)))
	case 0x8e, 0x96: // BINBYTES8, BYTEARRAY8
		u.push(u.bytes(u.counted(8)))
	case 'c': // GLOBAL
		module := u.line()
		u.global(module, u.line())
	case 'h':
		u.get(uint64(u.take(1)[0]))
	case 'j':
		u.get(uint64(binary.LittleEndian.Uint32(u.take(4))))
	case 'g':
		u.get(key(u.line()))
	case 'q':
		u.put(uint64(u.take(1)[0]))
	case 'r':
		u.put(uint64(binary.LittleEndian.Uint32(u.take(4))))
	case 'p':
		u.put(key(u.line()))
	case 0x94: // MEMOIZE
		u.put(uint64(len(u.memo)))
	default:
		return false
	}
	return true
}

func (u *unpickler) bytes(b []byte) raw {
	u.spend(32)
	return raw(b)
}

func (u *unpickler) global(module, name string) {
	u.spend(48)
	u.push(global{module, name})
}

// put keeps the top for get. Keys count up; Python 2 begins with 1.
func (u *unpickler) put(k uint64) {
	v := u.top()
	if k > uint64(len(u.memo))+1 {
		panic(refuse("its pickle keeps value %d after %d others", k, len(u.memo)))
	}
	for uint64(len(u.memo)) <= k {
		u.memo = extend(u, anySize, u.memo, any(absent{}))
	}
	u.memo[k] = v
}

func (u *unpickler) get(k uint64) {
	if k >= uint64(len(u.memo)) || u.memo[k] == any(absent{}) {
		panic(refuse("its pickle takes value %d, which it has not kept", k))
	}
	u.push(u.memo[k])
}

func key(line string) uint64 {
	k, err := strconv.ParseUint(line, 10, 32)
	if err != nil {
		panic(refuse("its pickle has %v", err))
	}
	return k
}

// decimal parses the integer of a line; 00 and 01 are the booleans of protocol 1.
func decimal(line string) any {
	switch line {
	case "00":
		return false
	case "01":
		return true
	}
	line = strings.TrimSuffix(line, "L")
	if n, err := strconv.ParseInt(line, 10, 64); err == nil {
		return n
	}
	n, ok := new(big.Int), len(line) <= longestInt
	if ok {
		_, ok = n.SetString(line, 10)
	}
	if !ok {
		panic(refuse("its pickle has the integer %q", line))
	}
	return n
}

// long reads an integer in two's complement, least significant byte first.
func long(b []byte) any {
	if len(b) > longestInt {
		panic(refuse("its pickle has an integer of %d bytes", len(b)))
	}
	n := new(big.Int)
	for i := len(b) - 1; i >= 0; i-- {
		n.Or(n.Lsh(n, 8), big.NewInt(int64(b[i])))
	}
	if len(b) > 0 && b[len(b)-1] > 0x7f {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}
