package imagetest

import (
	"encoding/binary"
	"math/rand/v2"
)

// Frame returns a key frame of VP8 whose header says anything that RFC 6386 allows
// (segments, filters, quantisers, partitions, profiles, scaling) and whose modes and
// coefficients come from random bytes, which the arithmetic decoder decodes to symbols of its
// model. Most of these no encoder writes; all are valid. Filter
// levels stay within a signed byte unless wild is set (see findings).
func Frame(w, h int, seed uint64, wild bool) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	coin := func(n int) bool { return r.IntN(n) == 0 }
	e := &boolEncoder{size: 255, left: 24}
	e.flag(coin(2)) // colour space
	e.flag(coin(4)) // no clamping needed
	segmented := coin(2) && !wild
	e.flag(segmented)
	relative := false
	level, segments := r.IntN(64), [4]int{}
	if segmented {
		mapped, data := !coin(4), !coin(4)
		e.flag(mapped)
		e.flag(data)
		if data {
			absolute := coin(2)
			relative = !absolute
			e.flag(absolute)
			for range segments {
				if absolute {
					e.signed(r.IntN(128), 7)
				} else {
					e.signed(r.IntN(255)-127, 7)
				}
			}
			for i := range segments {
				if segments[i] = r.IntN(64); relative {
					segments[i] = r.IntN(127) - 63
				}
				e.signed(segments[i], 6)
			}
		}
		for i := 0; mapped && i < 3; i++ {
			if e.flag(coin(2)); e.last {
				e.uint(r.Uint32N(256), 8)
			}
		}
	}
	e.flag(coin(3)) // the simple filter
	if coin(4) {
		level = 0
	}
	if wild {
		level = 2 + r.IntN(62)
	}
	e.uint(uint32(level), 6)
	e.uint(r.Uint32N(8), 3) // sharpness
	if e.flag(wild || coin(2)); e.last {
		if e.flag(wild || coin(2)); e.last {
			for i := range 8 {
				d := r.IntN(127) - 63
				if wild && i%4 == 0 {
					d = 63
				} else if i%4 == 0 { // of intra frames and their 4x4 mode: the others are for video
					d /= 64 // keeps every sum small
					if !relative {
						d = r.IntN(61) - 30
					}
				}
				e.signed(d, 6)
			}
		}
	}
	partitions := r.IntN(4)
	e.uint(uint32(partitions), 2)
	q := r.Uint32N(128)
	if coin(2) {
		q = r.Uint32N(12)
	}
	e.uint(q, 7)
	for range 5 {
		d := 0
		if coin(3) {
			d = r.IntN(31) - 15
		}
		e.signed(d, 4)
	}
	e.flag(false) // entropy is kept
	blocks := (w + 15) / 16 * ((h + 15) / 16)
	for range 6000 + 120*blocks {
		e.uint(r.Uint32N(256), 8)
	}
	e.uint(0, 32)

	tag := uint32(len(e.out))<<5 | 1<<4 | r.Uint32N(4)<<1
	out := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9d, 0x01, 0x2a}
	out = binary.LittleEndian.AppendUint16(out, uint16(w)|uint16(r.IntN(4))<<14)
	out = binary.LittleEndian.AppendUint16(out, uint16(h)|uint16(r.IntN(4))<<14)
	out = append(out, e.out...)
	size := 1300*blocks + 200
	for range 1<<partitions - 1 {
		out = append(out, byte(size), byte(size>>8), byte(size>>16))
	}
	for range 1 << partitions {
		out = append(out, byte(r.IntN(255))) // no encoder's output begins with 255
		for range size - 1 {
			out = append(out, byte(r.Uint32()))
		}
	}
	return out
}

// boolEncoder writes bits that are each as likely 0 as 1 (RFC 6386, section 7.3).
type boolEncoder struct {
	out        []byte
	size, base uint32
	left       int  // shifts until a byte is out
	last       bool // the last flag
}

func (e *boolEncoder) flag(b bool) {
	e.last = b
	split := 1 + (e.size-1)>>1
	if b {
		if e.base += split; e.base < split {
			e.carry()
		}
		e.size -= split
	} else {
		e.size = split
	}
	for ; e.size < 128; e.size <<= 1 {
		if e.base>>31 != 0 {
			e.carry()
		}
		e.base <<= 1
		if e.left--; e.left == 0 {
			e.out = append(e.out, byte(e.base>>24))
			e.base, e.left = e.base&(1<<24-1), 8
		}
	}
}

func (e *boolEncoder) carry() {
	for i := len(e.out) - 1; i >= 0; i-- {
		if e.out[i]++; e.out[i] != 0 {
			return
		}
	}
}

func (e *boolEncoder) uint(v uint32, n int) {
	for n--; n >= 0; n-- {
		e.flag(v>>n&1 != 0)
	}
}

// signed writes a number that is left out if it is 0.
func (e *boolEncoder) signed(v, n int) {
	if e.flag(v != 0); v != 0 {
		e.uint(uint32(max(v, -v)), n)
		e.flag(v < 0)
	}
}
