package dataset

import (
	"archive/zip"
	"encoding/binary"
	"unicode/utf8"
)

// cp437 is the upper half of code page 437, the encoding of names in zip files without the UTF-8 flag (APPNOTE.TXT 6.3, appendix D).
const cp437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"

// upper is the characters of cp437, by byte from 0x80.
var upper = []rune(cp437)

// zipName returns the name of an entry as UTF-8. Without the flag, valid UTF-8 is taken for UTF-8, which macOS and Info-ZIP write so.
// The name in Info-ZIP's extra field has precedence.
func zipName(e *zip.File) string {
	if name := unicodePath(e.Extra); name != "" {
		return name
	}
	if utf8.ValidString(e.Name) {
		return e.Name
	}
	name := make([]rune, 0, len(e.Name))
	for _, b := range []byte(e.Name) {
		if b < 0x80 {
			name = append(name, rune(b))
		} else {
			name = append(name, upper[b-0x80])
		}
	}
	return string(name)
}

// unicodePath returns the name in the Info-ZIP Unicode Path Extra Field (0x7075), or "".
func unicodePath(extra []byte) string {
	for len(extra) >= 4 {
		tag, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return ""
		}
		// A version, the checksum of the other name, and the name.
		if tag == 0x7075 && size > 5 && extra[0] == 1 && utf8.Valid(extra[5:size]) {
			return string(extra[5:size])
		}
		extra = extra[size:]
	}
	return ""
}
