package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

var errWebP = errors.New("webp: invalid format")

// webpFile is the content of a WebP file (RFC 9649). golang.org/x/image/webp uses the same
// decoders, but refuses animations and files that announce an alpha channel and do not have one,
// and treats VP8's limited range as the full range of JFIF.
type webpFile struct {
	canvas   image.Point
	frame    image.Rectangle // the only one, or the first of an animation
	alpha    []byte          // chunk of a lossy frame, nil if it is opaque
	data     []byte          // VP8 or VP8L
	lossless bool
	opaque   bool // lossless, but its alpha channel is to be ignored
}

func webpConfig(r io.Reader) (image.Config, error) {
	f, err := parseWebP(r)
	return image.Config{ColorModel: color.NRGBAModel, Width: f.canvas.X, Height: f.canvas.Y}, err
}

func parseWebP(r io.Reader) (f webpFile, err error) {
	data, err := io.ReadAll(r)
	if err != nil || len(data) < 12 {
		return f, io.ErrUnexpectedEOF
	}
	for data = data[12:]; len(data) >= 8; {
		id, size, body := string(data[:4]), binary.LittleEndian.Uint32(data[4:]), data[8:]
		if uint64(size) > uint64(len(body)) {
			break
		}
		data, body = body[size:], body[:size]
		if size&1 != 0 && len(data) > 0 {
			data = data[1:]
		}
		switch {
		case id == "VP8X" && size >= 10:
			f.canvas = image.Pt(1+uint24(body[4:]), 1+uint24(body[7:]))
			f.frame = image.Rectangle{Max: f.canvas}
		case id == "ANMF" && size >= 16: // then the chunks of the frame
			at := image.Pt(2*uint24(body), 2*uint24(body[3:]))
			f.frame = image.Rectangle{at, at.Add(image.Pt(1+uint24(body[6:]), 1+uint24(body[9:])))}
			if !f.frame.In(image.Rectangle{Max: f.canvas}) {
				return f, errWebP
			}
			data = body[16:]
		case id == "ALPH":
			f.alpha = body
		case id == "VP8 " || id == "VP8L":
			return f, f.bitstream(body, id[3] == 'L')
		}
	}
	return f, io.ErrUnexpectedEOF
}

// bitstream reads the header of a frame's data.
func (f *webpFile) bitstream(data []byte, lossless bool) error {
	f.data, f.lossless = data, lossless
	var size image.Point
	if lossless {
		if len(data) < 5 {
			return io.ErrUnexpectedEOF
		}
		bits := binary.LittleEndian.Uint32(data[1:])
		size, f.opaque = image.Pt(int(1+bits&0x3fff), int(1+bits>>14&0x3fff)), bits>>28&1 == 0
	} else {
		if len(data) < 10 {
			return io.ErrUnexpectedEOF
		}
		if data[0]&1 != 0 || uint24(data[3:]) != 0x2a019d { // not a key frame, or no signature
			return errWebP
		}
		size = image.Pt(int(binary.LittleEndian.Uint16(data[6:])&0x3fff), int(binary.LittleEndian.Uint16(data[8:])&0x3fff))
	}
	if f.frame.Empty() {
		f.canvas, f.frame = size, image.Rectangle{Max: size}
	}
	if size != f.frame.Size() {
		return errWebP
	}
	return nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func webpDecode(r io.Reader) (image.Image, error) {
	f, err := parseWebP(r)
	if err != nil {
		return nil, err
	}
	if f.lossless {
		im, err := vp8l.Decode(bytes.NewReader(f.data))
		if err != nil {
			return nil, err
		}
		m := im.(*image.NRGBA)
		for i := 3; f.opaque && i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
		m.Rect = m.Rect.Add(f.frame.Min)
		return m, nil
	}
	if overflows(f.data) {
		return nil, errors.New("unsupported loop filter")
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(f.data), len(f.data))
	if _, err = d.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	m, err := d.DecodeFrame()
	if err != nil {
		return nil, err
	}
	m.Rect = m.Rect.Add(f.frame.Min) // of even coordinates
	out := &limited{YCbCr: m}
	if f.alpha != nil {
		out.alpha, err = webpAlpha(f.alpha, f.frame.Dx(), f.frame.Dy())
	}
	return out, err
}

// webpAlpha decodes an ALPH chunk of w x h pixels.
func webpAlpha(chunk []byte, w, h int) ([]byte, error) {
	if len(chunk) == 0 || chunk[0]&3 > 1 {
		return nil, errWebP
	}
	a := chunk[1:]
	if chunk[0]&3 == 1 { // the green of a lossless image without its header
		head := []byte{0x2f, 0, 0, 0, 0}
		binary.LittleEndian.PutUint32(head[1:], uint32(w-1)|uint32(h-1)<<14)
		im, err := vp8l.Decode(io.MultiReader(bytes.NewReader(head), bytes.NewReader(a)))
		if err != nil {
			return nil, err
		}
		pix := im.(*image.NRGBA).Pix
		a = pix[:w*h]
		for i := range a { // in place: each byte is read before it is overwritten
			a[i] = pix[4*i+1]
		}
	}
	if len(a) < w*h {
		return nil, io.ErrUnexpectedEOF
	}
	a = bytes.Clone(a[:w*h])
	filter := chunk[0] >> 2 & 3
	for i := 1; i < len(a) && filter > 0; i++ {
		x, y := i%w, i/w
		switch {
		case y == 0 || x > 0 && filter == 1:
			a[i] += a[i-1]
		case x == 0 || filter == 2:
			a[i] += a[i-w]
		default:
			a[i] += uint8(min(max(int(a[i-1])+int(a[i-w])-int(a[i-w-1]), 0), 255))
		}
	}
	return a, nil
}
