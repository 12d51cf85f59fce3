package plainjson

import (
	"errors"
	"math"
	"sort"
	"strconv"
	"unicode/utf8"
)

// Record is an object with its members in order.
type Record []Field

// List is an array of values that are not all of one type.
type List []any

// Append appends v as JSON, with the same bytes as encoding/json for valid UTF-8. v is nil, a
// bool, int, int64, uint64, float64, float32, string, []int, []int64, []float64,
// []string, map[string]string (sorted), Record or List; any other type panics. The
// only error is a number that is not finite.
func Append(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case uint64:
		return strconv.AppendUint(b, v, 10), nil
	case float64:
		return appendFloat(b, v, 64)
	case float32:
		return appendFloat(b, float64(v), 32)
	case string:
		return appendText(b, v), nil
	case []int:
		return appendList(b, v)
	case []int64:
		return appendList(b, v)
	case []float64:
		return appendList(b, v)
	case []string:
		return appendList(b, v)
	case map[string]string:
		r := make(Record, 0, len(v))
		for k, text := range v {
			r = append(r, Field{k, text})
		}
		sort.Slice(r, func(i, j int) bool { return r[i].Name < r[j].Name })
		return Append(b, r)
	case Record:
		b = append(b, '{')
		for i, f := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, f.Name), ':')
			var err error
			if b, err = Append(b, f.Value); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case List:
		return appendList(b, v)
	}
	panic("plainjson: Append does not know this type")
}

func appendList[T any](b []byte, v []T) ([]byte, error) {
	b = append(b, '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = Append(b, x); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendFloat writes the shortest decimal that parses to the same number, in the form of
// encoding/json and JavaScript, with an exponent only for very small and very large numbers.
func appendFloat(b []byte, v float64, bits int) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, errors.New("a number is not finite")
	}
	format := byte('f')
	if size := math.Abs(v); size != 0 && (bits == 64 && (size < 1e-6 || size >= 1e21) || bits == 32 && (float32(size) < 1e-6 || float32(size) >= 1e21)) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, v, format, -1, bits)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // e-09 is e-9
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b, nil
}

func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s { // bytes that are not UTF-8 are U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r < ' ' || r == '<' || r == '>' || r == '&':
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&15])
		case r == '\u2028' || r == '\u2029':
			b = append(b, `\u202`...)
			b = append(b, hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
