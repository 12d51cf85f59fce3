package preprocess

import (
	"bytes"
	"encoding/binary"

	"bignas/core/fault"
)

const (
	// maxSide is the longest side, in pixels, that JPEG and GIF can have. Without it, a PNG of
	// one column could have as many rows as pixels are allowed, each of which costs time.
	maxSide = 65535
	// maxPasses is the largest number of values in the scans of a JPEG for each pixel that is
	// allowed. The ten scans of a progressive JPEG by libjpeg have 8 (4:2:0) to 14 (4:4:4).
	maxPasses = 16
)

// bound refuses, before decoding, a file that would take very long to decode although it does
// not have too many pixels.
func bound(data []byte, f Format, w, h, maxPixels int) error {
	if side := max(w, h); side > maxSide {
		return fault.New(CodeTooBig, "cut a piece out of it first", "a side of the image has %d pixels, more than the limit of %d", side, maxSide)
	}
	if f != JPEG {
		return nil
	}
	if scans, values := jpegWork(data); values > int64(maxPixels)*maxPasses {
		return fault.New(CodeTooBig, "save it again as a JPEG that is not progressive, or make it smaller first",
			"the %d scans of the JPEG go over %d million values, more than the limit of %d million", scans, values/1e6, int64(maxPixels)*maxPasses/1e6)
	}
	return nil
}

// jpegWork walks the markers of a JPEG and counts its scans and the values that a decoder
// processes in them: 64 for each block of each component of a scan, however few bytes encode
// them (ITU T.81, B.2.2, B.2.3 and G.1.2.2).
func jpegWork(data []byte) (scans int, values int64) {
	var frame []byte // behind the precision: height, width, the number of components, three bytes for each
	for {
		at := bytes.IndexByte(data, 0xff)
		if at < 0 || at+4 > len(data) {
			return scans, values
		}
		marker := data[at+1]
		if marker == 0xff { // a fill byte
			data = data[at+1:]
			continue
		}
		if data = data[at+2:]; marker == 0 || marker >= 0xd0 && marker <= 0xd8 { // a value of the scan, or a marker without a length
			continue
		}
		size := int(binary.BigEndian.Uint16(data))
		if marker == 0xd9 || size < 2 || size > len(data) { // the end
			return scans, values
		}
		body := data[2:size]
		data = data[size:]
		switch {
		case marker >= 0xc0 && marker <= 0xc2 && len(body) >= 9 && len(body) >= 6+3*int(body[5]):
			frame = body[1:]
		case marker == 0xda && frame != nil && len(body) > 0 && len(body) >= 1+2*int(body[0]):
			scans++
			for i := range int(body[0]) {
				values += 64 * frameBlocks(frame, body[1+2*i])
			}
		}
	}
}

// frameBlocks returns the number of blocks of a component in a frame, rounded up to whole units
// of the first component's sampling, as decoders process them.
func frameBlocks(frame []byte, component byte) int64 {
	n := int(frame[4])
	across, down := int(frame[6]>>4), int(frame[6]&15)
	if n == 1 {
		across, down = 1, 1
	}
	if across == 0 || down == 0 {
		return 0
	}
	h, w := int(binary.BigEndian.Uint16(frame)), int(binary.BigEndian.Uint16(frame[2:]))
	units := int64((w+8*across-1)/(8*across)) * int64((h+8*down-1)/(8*down))
	for i := range n {
		if c := frame[5+3*i:]; c[0] == component && n > 1 {
			return units * int64(c[1]>>4) * int64(c[1]&15)
		}
	}
	return units
}
