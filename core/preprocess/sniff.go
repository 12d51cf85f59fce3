package preprocess

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"bignas/core/fault"
)

// Format is the kind of an image file.
type Format string

// The formats that Decode reads.
const (
	JPEG Format = "JPEG"
	PNG  Format = "PNG"
	GIF  Format = "GIF"
	WebP Format = "WebP"
	BMP  Format = "BMP"
	TIFF Format = "TIFF"
)

const (
	hintSaveAs = "save it as JPEG, PNG or WebP"
	hintPlain  = "open it in an image program and save it as an ordinary JPEG or PNG"
	hintImage  = "choose an image: JPEG, PNG, WebP, GIF or BMP"
)

// foreign is the signatures of files that are not decoded: what they are, whether they are
// images, and what to do. Offsets and bytes are those of the magic of file(1).
var foreign = []struct {
	offset int
	magic  string
	name   string
	img    bool
}{
	{0, "%PDF", "a PDF document", false},
	{0, "\x00\x00\x00\x0cJXL ", "a JPEG XL image", true},
	{0, "\xff\x0a", "a JPEG XL image", true},
	{0, "\x00\x00\x00\x0cjP  ", "a JPEG 2000 image", true},
	{0, "II\x2b\x00", "a BigTIFF image", true},
	{0, "MM\x00\x2b", "a BigTIFF image", true},
	{0, "8BPS", "a Photoshop document", true},
	{0, "\x00\x00\x01\x00", "an icon (ICO)", true},
	{0, "gimp xcf", "a GIMP image (XCF)", true},
	{0, "PK\x03\x04", "a ZIP archive or an office document", false},
	{0, "\x1f\x8b", "a gzip archive", false},
	{0, "RIFF", "a sound or a film (RIFF)", false},
	{0, "OggS", "a sound or a film (Ogg)", false},
	{0, "ID3", "a sound (MP3)", false},
	{0, "\x1aE\xdf\xa3", "a film (Matroska or WebM)", false},
	{0, "\x7fELF", "a program", false},
	{0, "\x00asm", "a program (WebAssembly)", false},
}

// Sniff detects the format of a file from its first bytes. The error is a *fault.Error that says
// what the file is instead, and what to do.
func Sniff(data []byte) (Format, error) {
	has := func(at int, magic string) bool {
		return len(data) >= at+len(magic) && string(data[at:at+len(magic)]) == magic
	}
	switch {
	case len(data) == 0:
		return "", fault.New(CodeEmpty, "choose another file", "the file is empty")
	case has(0, "\xff\xd8\xff"):
		return JPEG, nil
	case has(0, "\x89PNG\r\n\x1a\n"):
		return PNG, nil
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return GIF, nil
	case has(0, "RIFF") && has(8, "WEBP"):
		return WebP, nil
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return TIFF, nil
	case has(0, "BM") && has(6, "\x00\x00\x00\x00"): // the reserved words, because many texts begin with "BM"
		return BMP, nil
	case has(4, "ftyp"):
		return "", boxed(data)
	}
	for _, f := range foreign {
		if has(f.offset, f.magic) {
			if f.img {
				return "", fault.New(CodeUnsupported, hintSaveAs, "the file is %s, which cannot be read here", f.name)
			}
			return "", fault.New(CodeNotImage, hintImage, "the file is %s, not an image", f.name)
		}
	}
	return "", textual(data)
}

// boxed names a file of the ISO base media family (ISO/IEC 14496-12, "ftyp").
func boxed(data []byte) error {
	end := min(len(data), 64)
	brands := string(data[8:end])
	switch {
	case strings.Contains(brands, "avif"), strings.Contains(brands, "avis"):
		return fault.New(CodeUnsupported, hintSaveAs, "the file is an AVIF image, which cannot be read here")
	case strings.Contains(brands, "heic"), strings.Contains(brands, "heix"), strings.Contains(brands, "hevc"),
		strings.Contains(brands, "heim"), strings.Contains(brands, "heis"), strings.Contains(brands, "mif1"),
		strings.Contains(brands, "msf1"):
		return fault.New(CodeUnsupported, hintSaveAs, "the file is a HEIC image (an iPhone photo), which cannot be read here")
	}
	return fault.New(CodeNotImage, hintImage, "the file is a film (MP4 or MOV), not an image")
}

// textual detects SVG, web pages and plain text.
func textual(data []byte) error {
	head := data[:min(len(data), 4096)]
	isText := !bytes.ContainsRune(head, 0)
	for i := 0; i < len(head) && isText; {
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 && i < len(head)-utf8.UTFMax || r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			isText = false
		}
		i += n
	}
	lower := bytes.ToLower(head)
	switch {
	case isText && bytes.Contains(lower, []byte("<svg")):
		return fault.New(CodeUnsupported, hintSaveAs, "the file is an SVG drawing, which cannot be read here")
	case isText && bytes.Contains(lower, []byte("<html")):
		return fault.New(CodeNotImage, hintImage, "the file is a web page, not an image")
	case isText:
		return fault.New(CodeNotImage, hintImage, "the file is text, not an image")
	}
	return fault.New(CodeNotImage, hintImage, "the file is of an unknown kind, not an image")
}
