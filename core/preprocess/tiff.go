//go:build !js

package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"maps"
	"math/bits"
	"slices"

	"golang.org/x/image/tiff"
)

// The engine in the browser does not read TIFF, which would add 20 KB to its download for files
// that are rare on phones and on the web. There Decode says what to do instead.
func init() { codecs[TIFF] = codec{tiffConfig, tiffDecode} }

// The tags of TIFF 6.0 that say how the samples are stored. Only these are passed to
// golang.org/x/image/tiff.
const (
	tagWidth         = 256
	tagHeight        = 257
	tagBits          = 258
	tagCompression   = 259
	tagPhotometric   = 262
	tagFillOrder     = 266
	tagStripOffsets  = 273
	tagStripBytes    = 279
	tagPlanar        = 284
	tagT4Options     = 292
	tagTileOffsets   = 324
	tagTileBytes     = 325
	tagExtraSamples  = 338
	tagSampleFormat  = 339
	faxGroup3        = 3 // compressions
	faxGroup4        = 4
	whiteIsZero      = 0 // photometric interpretations
	blackIsZero      = 1
	rgb              = 2
	associatedAlpha  = 1 // kinds of a fourth sample
	unassociatedAlph = 2
)

func tiffConfig(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	d, err := readDirectory(data)
	if err != nil {
		return tiff.DecodeConfig(bytes.NewReader(data))
	}
	return image.Config{Width: int(d.first(tagWidth)), Height: int(d.first(tagHeight))}, d.supported()
}

// tiffDecode decodes a TIFF file with golang.org/x/image/tiff, and handles what that ignores:
// planes (PlanarConfiguration 2), reversed bits (FillOrder 2), fax data in which 0 is black, and
// a fourth sample that is not alpha.
func tiffDecode(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	d, err := readDirectory(data)
	if err != nil { // x/image reports it
		return tiff.Decode(bytes.NewReader(data))
	}
	if err := d.supported(); err != nil {
		return nil, err
	}
	fax := d.first(tagCompression) == faxGroup3 || d.first(tagCompression) == faxGroup4
	if d.first(tagFillOrder) == 2 && !fax { // x/image reverses those of faxes
		d.reverseBits()
	}
	samples := len(d.fields[tagBits])
	if d.first(tagPlanar) == 2 && samples > 2 {
		return d.planes(samples)
	}
	opaque := d.first(tagPhotometric) == rgb && samples == 4 && d.first(tagExtraSamples) != associatedAlpha && d.first(tagExtraSamples) != unassociatedAlph
	if opaque {
		d.fields[tagExtraSamples] = []uint32{unassociatedAlph}
	}
	im, err := tiff.Decode(bytes.NewReader(d.file()))
	switch m := im.(type) {
	case *image.Gray:
		for i := range m.Pix {
			if fax && d.first(tagPhotometric) == blackIsZero {
				m.Pix[i] = 255 - m.Pix[i]
			}
		}
	case *image.NRGBA:
		for i := 3; opaque && i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
	case *image.NRGBA64:
		for i := 6; opaque && i < len(m.Pix); i += 8 {
			m.Pix[i], m.Pix[i+1] = 255, 255
		}
	}
	return im, err
}

// directory is the first directory of a TIFF file.
type directory struct {
	data   []byte
	order  binary.ByteOrder
	fields map[uint16][]uint32
}

func readDirectory(data []byte) (*directory, error) {
	broken := errors.New("tiff: invalid directory")
	if len(data) < 8 {
		return nil, broken
	}
	d := &directory{data: data, order: binary.LittleEndian, fields: map[uint16][]uint32{}}
	if data[0] == 'M' {
		d.order = binary.BigEndian
	}
	at := int64(d.order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return nil, broken
	}
	for entry, n := at+2, d.order.Uint16(data[at:]); n > 0; entry, n = entry+12, n-1 {
		if entry+12 > int64(len(data)) {
			return nil, broken
		}
		e := data[entry : entry+12]
		tag, kind, count := d.order.Uint16(e), d.order.Uint16(e[2:]), int64(d.order.Uint32(e[4:]))
		size := int64(4)
		switch kind {
		case 1:
			size = 1
		case 3:
			size = 2
		case 4:
		default:
			continue // not an integer
		}
		values := e[8:]
		if size*count > 4 {
			if at := int64(d.order.Uint32(values)); at+size*count <= int64(len(data)) {
				values = data[at:]
			} else {
				return nil, broken
			}
		}
		if tag < tagWidth || tag > tagSampleFormat {
			continue
		}
		list := make([]uint32, count)
		for i := range list {
			switch size {
			case 1:
				list[i] = uint32(values[i])
			case 2:
				list[i] = uint32(d.order.Uint16(values[2*i:]))
			case 4:
				list[i] = d.order.Uint32(values[4*i:])
			}
		}
		d.fields[tag] = list
	}
	return d, nil
}

func (d *directory) first(tag uint16) uint32 {
	if v := d.fields[tag]; len(v) > 0 {
		return v[0]
	}
	return 0
}

// supported returns an error for what x/image ignores or refuses with a less clear message.
func (d *directory) supported() error {
	names := map[uint32]string{5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*", 32803: "raw camera data", 34892: "raw camera data"}
	if name := names[d.first(tagPhotometric)]; name != "" {
		return fmt.Errorf("unsupported colours, %s", name)
	}
	if d.first(tagCompression) == faxGroup3 && d.first(tagT4Options) != 0 {
		return errors.New("unsupported, fax compression in two dimensions or with fill bits")
	}
	if n := len(d.fields[tagBits]); n > 4 || d.first(tagPhotometric) != rgb && n > 1 {
		return fmt.Errorf("unsupported, %d samples a pixel", n)
	}
	return nil
}

// file returns the file with the current directory.
func (d *directory) file() []byte {
	out, appender := bytes.Clone(d.data), d.order.(binary.AppendByteOrder)
	tags := slices.Sorted(maps.Keys(d.fields))
	var entries []byte
	for _, tag := range tags {
		values := d.fields[tag]
		entries = appender.AppendUint32(appender.AppendUint16(appender.AppendUint16(entries, tag), 4), uint32(len(values)))
		if len(values) == 1 {
			entries = appender.AppendUint32(entries, values[0])
			continue
		}
		entries = appender.AppendUint32(entries, uint32(len(out)))
		for _, v := range values {
			out = appender.AppendUint32(out, v)
		}
	}
	d.order.PutUint32(out[4:], uint32(len(out)))
	out = append(appender.AppendUint16(out, uint16(len(tags))), entries...)
	return appender.AppendUint32(out, 0)
}

// reverseBits reverses the bits of each byte of the samples.
func (d *directory) reverseBits() {
	d.data = bytes.Clone(d.data)
	for offsets, sizes := range map[uint16]uint16{tagStripOffsets: tagStripBytes, tagTileOffsets: tagTileBytes} {
		for i, from := range d.fields[offsets] {
			if i < len(d.fields[sizes]) && int64(from) < int64(len(d.data)) {
				part := d.data[from:]
				for j := range part[:min(int64(d.fields[sizes][i]), int64(len(part)))] {
					part[j] = bits.Reverse8(part[j])
				}
			}
		}
	}
	delete(d.fields, tagFillOrder)
}

// planes decodes each plane as a grey image and combines them.
func (d *directory) planes(samples int) (image.Image, error) {
	deep := d.first(tagBits) == 16
	bounds := image.Rect(0, 0, int(d.first(tagWidth)), int(d.first(tagHeight)))
	alpha := d.first(tagExtraSamples)
	var out []byte
	var im image.Image
	for s := range samples {
		one := &directory{d.data, d.order, maps.Clone(d.fields)}
		one.fields[tagBits] = d.fields[tagBits][:1]
		one.fields[tagPhotometric] = []uint32{blackIsZero}
		delete(one.fields, tagPlanar)
		delete(one.fields, tagExtraSamples)
		for _, tag := range []uint16{tagStripOffsets, tagStripBytes, tagTileOffsets, tagTileBytes} {
			if all := d.fields[tag]; len(all) > 0 {
				n := len(all) / samples
				one.fields[tag] = all[s*n : (s+1)*n]
			}
		}
		grey, err := tiff.Decode(bytes.NewReader(one.file()))
		if err != nil {
			return nil, err
		}
		var plane []byte
		size := 1
		switch m := grey.(type) {
		case *image.Gray:
			plane = m.Pix
		case *image.Gray16:
			plane, size = m.Pix, 2
		}
		if s == 0 {
			im, out = colours(bounds, deep, alpha == associatedAlpha)
		}
		for i, v := range plane {
			out[4*size*(i/size)+s*size+i%size] = v
		}
	}
	if samples < 4 || alpha != associatedAlpha && alpha != unassociatedAlph {
		size := 1
		if deep {
			size = 2
		}
		for i := 3 * size; i < len(out); i += 4 * size {
			out[i], out[i+size-1] = 255, 255
		}
	}
	return im, nil
}

// colours returns an image of four samples a pixel, and its bytes.
func colours(bounds image.Rectangle, deep, premultiplied bool) (image.Image, []byte) {
	switch {
	case deep && premultiplied:
		m := image.NewRGBA64(bounds)
		return m, m.Pix
	case deep:
		m := image.NewNRGBA64(bounds)
		return m, m.Pix
	case premultiplied:
		m := image.NewRGBA(bounds)
		return m, m.Pix
	}
	m := image.NewNRGBA(bounds)
	return m, m.Pix
}
