package preprocess

import (
	"bytes"
	"encoding/binary"
)

// Orientation returns the EXIF orientation (1 to 8) of an image file, or 1 if it has none, for
// callers that decode images with other libraries.
func Orientation(data []byte) int {
	f, err := Sniff(data)
	if err != nil {
		return 1
	}
	return orientation(data, f)
}

// orientation returns the EXIF orientation (1 to 8) of a file, or 1 if it has none or a damaged
// one: an image is never refused for its EXIF.
//
// EXIF 2.32 (CIPA DC-008) section 4.6.4: tag 0x0112 of the first directory of a TIFF block. That
// block is an APP1 segment of a JPEG, the eXIf chunk of a PNG, the EXIF chunk of a WebP, or the
// TIFF file itself. (A library that reads all of EXIF would add 330 KB to the engine.)
func orientation(data []byte, f Format) int {
	var block []byte
	switch f {
	case JPEG:
		block = exifInJPEG(data)
	case PNG:
		block = exifInPNG(data)
	case WebP:
		block = exifInWebP(data)
	case TIFF:
		block = data
	}
	return orientationInTIFF(block)
}

var exifPrefix = []byte("Exif\x00\x00")

// exifInJPEG walks the segments up to the start of the scan.
func exifInJPEG(data []byte) []byte {
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xff {
			return nil
		}
		marker := data[at+1]
		if marker == 0xff { // fill byte
			at++
			continue
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 { // markers without a length
			at += 2
			continue
		}
		if marker == 0xda || marker == 0xd9 { // scan, end
			return nil
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(data) {
			return nil
		}
		if body := data[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, exifPrefix) {
			return body[len(exifPrefix):]
		}
		at = end
	}
	return nil
}

// exifInPNG walks the chunks.
func exifInPNG(data []byte) []byte {
	for at := 8; at+12 <= len(data); {
		size := int64(binary.BigEndian.Uint32(data[at:]))
		end := int64(at) + 12 + size
		if end > int64(len(data)) {
			return nil
		}
		switch string(data[at+4 : at+8]) {
		case "eXIf":
			return data[at+8 : end-4]
		case "IEND":
			return nil
		}
		at = int(end)
	}
	return nil
}

// exifInWebP walks the RIFF chunks, which are padded to even sizes.
func exifInWebP(data []byte) []byte {
	for at := 12; at+8 <= len(data); {
		size := int64(binary.LittleEndian.Uint32(data[at+4:]))
		end := int64(at) + 8 + size
		if end > int64(len(data)) {
			return nil
		}
		if string(data[at:at+4]) == "EXIF" {
			return bytes.TrimPrefix(data[at+8:end], exifPrefix)
		}
		at = int(end + size&1)
	}
	return nil
}

// orientationInTIFF reads tag 0x0112 of the first image file directory.
func orientationInTIFF(block []byte) int {
	const upright, tag, short, long = 1, 0x0112, 3, 4
	if len(block) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	if block[0] == 'M' {
		order = binary.BigEndian
	}
	if string(block[:2]) != "II" && string(block[:2]) != "MM" || order.Uint16(block[2:]) != 42 {
		return upright
	}
	at := int64(order.Uint32(block[4:]))
	if at+2 > int64(len(block)) {
		return upright
	}
	count := int64(order.Uint16(block[at:]))
	for entry := at + 2; count > 0 && entry+12 <= int64(len(block)); entry, count = entry+12, count-1 {
		if order.Uint16(block[entry:]) != tag {
			continue
		}
		var value uint32
		switch order.Uint16(block[entry+2:]) {
		case short:
			value = uint32(order.Uint16(block[entry+8:]))
		case long:
			value = order.Uint32(block[entry+8:])
		}
		if value >= 1 && value <= 8 {
			return int(value)
		}
		return upright
	}
	return upright
}
