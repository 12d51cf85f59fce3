package imagetest

import (
	"encoding/binary"
	"math/rand/v2"
)

// flatJPEG is a baseline JPEG (ITU T.81) whose 8 x 8 blocks are each of one value, of
// any number of components and any sampling factors, which no encoder at hand writes.
// adobe is the transform of Adobe's marker (0 none, 1 YCbCr, 2 YCCK), or -1 for no marker.
func flatJPEG(w, h int, sampling [][2]int, adobe int, ids string, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 5))
	b := []byte{0xff, 0xd8}
	if adobe >= 0 {
		b = append(append(b, 0xff, 0xee, 0, 14), "Adobe\x00\x64\x00\x00\x00\x00"...)
		b = append(b, byte(adobe))
	}
	b = append(b, 0xff, 0xdb, 0, 67, 0)
	for range 64 {
		b = append(b, 1) // quantisers
	}
	n := len(sampling)
	b = append(b, 0xff, 0xc0, 0, byte(8+3*n), 8)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, uint16(h)), uint16(w))
	b = append(b, byte(n))
	across, down := 1, 1
	for c, s := range sampling {
		b = append(b, ids[c], byte(s[0]<<4|s[1]), 0)
		across, down = max(across, s[0]), max(down, s[1])
	}
	if n == 1 {
		across, down, sampling = 1, 1, [][2]int{{1, 1}}
	}
	b = append(b, 0xff, 0xc4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // DC: the categories 0 to 11 in 4 bits each
	for category := range byte(12) {
		b = append(b, category)
	}
	b = append(b, 0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00) // AC: "end of block"
	b = append(b, 0xff, 0xda, 0, byte(6+2*n), byte(n))
	for c := range n {
		b = append(b, ids[c], 0)
	}
	b = append(b, 0, 63, 0)
	bits, count := uint64(0), 0
	put := func(v, size int) {
		bits, count = bits<<size|uint64(v), count+size
		for ; count >= 8; count -= 8 {
			v := byte(bits >> (count - 8))
			if b = append(b, v); v == 0xff {
				b = append(b, 0)
			}
		}
	}
	before := make([]int, n)
	for range ((w + 8*across - 1) / (8 * across)) * ((h + 8*down - 1) / (8 * down)) {
		for c, s := range sampling {
			for range s[0] * s[1] {
				dc := 8 * (r.IntN(256) - 128)
				d := dc - before[c]
				before[c] = dc
				category := 0
				for m := max(d, -d); m > 0; m >>= 1 {
					category++
				}
				put(category, 4)
				if d < 0 {
					d += 1<<category - 1
				}
				put(d, category)
				put(0, 1)
			}
		}
	}
	put(0x7f, 7)
	return append(b, 0xff, 0xd9)
}

// withOrientation puts an EXIF block into a JPEG file.
func withOrientation(jpeg []byte, orientation int) []byte {
	block := append([]byte("Exif\x00\x00"), exif(orientation)...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(block)+2)>>8), byte(len(block)+2))
	return append(append(out, block...), jpeg[2:]...)
}

// exif is a TIFF block of one entry.
func exif(orientation int) []byte {
	return append([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), byte(orientation), 0, 0, 0, 0, 0, 0)
}
