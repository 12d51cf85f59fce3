package dataset

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A reader of the part of MATLAB's file format (MAT-File Level 5, MathWorks "MAT-File Format", chapter 1) that the devkit's
// meta.mat uses: the array of structures "synsets" with the fields ILSVRC2012_ID, WNID and words.

// synset is one class of the devkit.
type synset struct {
	id          int
	wnid, words string
}

// The data types and array classes that are supported.
const (
	matInt8, matUint8, matInt16, matUint16, matInt32, matUint32 = 1, 2, 3, 4, 5, 6
	matDouble, matMatrix, matCompressed, matUTF8                = 9, 14, 15, 16

	matStruct, matChar = 2, 4
	maxMatFile         = 64 << 20 // bytes after decompression; the devkit's has less than a million
)

var errMat = errors.New("it is not a MATLAB file of version 5 to 7 with the structures synsets")

// readSynsets returns the 1,000 classes of images. The devkit also lists 860 that group them, with higher numbers.
func readSynsets(data []byte) (all []synset, err error) {
	defer func() {
		if recover() != nil { // an index out of range
			all, err = nil, errMat
		}
	}()
	if len(data) < 136 || data[126] != 'I' || data[127] != 'M' {
		return nil, errMat
	}
	for rest := data[128:]; len(rest) >= 8; {
		kind, body, after := matElement(rest)
		rest = after
		if kind == matCompressed {
			z, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				return nil, errMat
			}
			inflated, err := io.ReadAll(io.LimitReader(z, maxMatFile))
			if err != nil {
				return nil, fmt.Errorf("it is damaged: %w", err)
			}
			kind, body, _ = matElement(inflated)
		}
		if kind == matMatrix {
			if all = synsetsIn(body); all != nil {
				return all, nil
			}
		}
	}
	return nil, errMat
}

// matElement splits the first data element from rest. Small ones have kind and size in four bytes and the data in the next four;
// others are padded to eight bytes, except for compressed ones.
func matElement(rest []byte) (kind int, body, after []byte) {
	head := binary.LittleEndian.Uint32(rest)
	if size := head >> 16; size != 0 {
		return int(head & 0xffff), rest[4 : 4+size], rest[8:]
	}
	kind, size := int(head), int(binary.LittleEndian.Uint32(rest[4:]))
	end := 8 + size
	if kind != matCompressed {
		end = (end + 7) &^ 7
	}
	return kind, rest[8 : 8+size], rest[min(end, len(rest)):]
}

// matHeader reads the header of an array.
func matHeader(body []byte) (class, count int, name string, rest []byte) {
	_, flags, rest := matElement(body)
	_, size, rest := matElement(rest)
	_, text, rest := matElement(rest)
	count = 1
	for ; len(size) >= 4; size = size[4:] {
		count *= int(binary.LittleEndian.Uint32(size))
	}
	return int(flags[0]), count, string(text), rest
}

// synsetsIn reads an array of structures, element by element, field by field. It returns nil for another array.
func synsetsIn(body []byte) []synset {
	class, count, name, rest := matHeader(body)
	if class != matStruct || name != "synsets" || count < 1 || count > 1<<20 {
		return nil
	}
	_, width, rest := matElement(rest)
	_, text, rest := matElement(rest)
	each := int(binary.LittleEndian.Uint32(width))
	if each < 1 || len(text) < each {
		return nil
	}
	var fields []string
	for ; len(text) >= each; text = text[each:] {
		field, _, _ := bytes.Cut(text[:each], []byte{0})
		fields = append(fields, string(field))
	}
	var all []synset
	for range count {
		var s synset
		for _, field := range fields {
			var value []byte
			_, value, rest = matElement(rest)
			switch field {
			case "ILSVRC2012_ID":
				s.id = matNumber(value)
			case "WNID":
				s.wnid = matText(value)
			case "words":
				s.words = matText(value)
			}
		}
		all = append(all, s)
	}
	return all
}

// matNumber returns the first element of a numeric array, which is stored in the smallest type for its values.
func matNumber(body []byte) int {
	_, _, _, rest := matHeader(body)
	kind, v, _ := matElement(rest)
	switch kind {
	case matInt8, matUint8:
		return int(v[0])
	case matInt16, matUint16:
		return int(binary.LittleEndian.Uint16(v))
	case matInt32, matUint32:
		return int(binary.LittleEndian.Uint32(v))
	case matDouble:
		return int(math.Float64frombits(binary.LittleEndian.Uint64(v)))
	}
	return 0
}

// matText returns a character array, of bytes or 16-bit characters.
func matText(body []byte) string {
	class, count, _, rest := matHeader(body)
	if class != matChar || count == 0 {
		return ""
	}
	kind, v, _ := matElement(rest)
	if kind != matUint16 {
		return string(v)
	}
	var text []rune
	for ; len(v) >= 2; v = v[2:] {
		text = append(text, rune(binary.LittleEndian.Uint16(v)))
	}
	return string(text)
}
