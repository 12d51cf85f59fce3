package preprocess

import "image"

// limited is a VP8 frame: BT.601 with a luma of 16 to 235 and a chroma of 16 to 240, where
// image.YCbCr has the full range of JFIF. The methods of YCbCr that convert colours are wrong
// for it; reader is used instead.
type limited struct {
	*image.YCbCr
	alpha []uint8 // a byte a pixel; nil if all are opaque
}

// reader returns a function that writes a row as RGB triples over white. Chroma is interpolated,
// 9:3:3:1 of the nearest four samples, and converted in the fixed-point arithmetic of libwebp,
// so that the bytes are those of dwebp.
func (m *limited) reader() func(row []uint8, y int) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	cb, cr := make([]int, (w+1)/2), make([]int, (w+1)/2)
	return func(row []uint8, y int) {
		near := y / 2
		far := min(max(near-1+y&1*2, 0), (h-1)/2)
		near, far = near*m.CStride, far*m.CStride
		for i := range cb {
			cb[i] = 3*int(m.Cb[near+i]) + int(m.Cb[far+i])
			cr[i] = 3*int(m.Cr[near+i]) + int(m.Cr[far+i])
		}
		for x := range w {
			i := x / 2
			j := min(max(i-1+x&1*2, 0), len(cb)-1)
			luma := 19077 * int(m.Y[y*m.YStride+x]) >> 8
			u, v := (3*cb[i]+cb[j]+8)>>4, (3*cr[i]+cr[j]+8)>>4
			p := row[3*x : 3*x+3]
			p[0] = clip(luma + 26149*v>>8 - 14234)
			p[1] = clip(luma - 6419*u>>8 - 13320*v>>8 + 8708)
			p[2] = clip(luma + 33050*u>>8 - 17685)
			if m.alpha != nil {
				a := uint32(m.alpha[y*w+x])
				for c := range p {
					p[c] = overWhite(p[c], a)
				}
			}
		}
	}
}

// clip rounds a value with 6 fractional bits down to a byte.
func clip(v int) uint8 { return uint8(min(max(v>>6, 0), 255)) }

// overflows reports whether a level of a VP8 frame's loop filter (RFC 6386, sections 9.3 and
// 9.6: a segment's level plus the changes for intra frames and for their 4x4 mode) overflows a
// signed byte, in which golang.org/x/image/vp8 v0.47 adds them. It would then filter with a
// wrong level. No encoder in use writes such levels.
func overflows(frame []byte) bool {
	b := &bools{data: frame[10:], size: 255}
	b.value = uint32(b.next())<<8 | uint32(b.next())
	b.uint(2)
	var segments [4]int
	absolute := false
	if b.uint(1) != 0 {
		mapped := b.uint(1) != 0
		if b.uint(1) != 0 {
			absolute = b.uint(1) != 0
			for range segments {
				b.signed(7)
			}
			for i := range segments {
				segments[i] = b.signed(6)
			}
		}
		for i := 0; mapped && i < 3; i++ {
			if b.uint(1) != 0 {
				b.uint(8)
			}
		}
	}
	b.uint(1)
	level := b.uint(6)
	b.uint(3)
	if b.uint(1) == 0 || b.uint(1) == 0 || level == 0 {
		return false
	}
	var delta [8]int
	for i := range delta {
		delta[i] = b.signed(6)
	}
	for _, s := range segments {
		if !absolute {
			s += level
		}
		frame := s + delta[0]
		if mode := frame + delta[4]; min(frame, mode) < -128 || max(frame, mode) > 127 {
			return true
		}
	}
	return false
}

// bools decodes the bits of a VP8 header, each as likely 0 as 1 (RFC 6386, section 7.3).
type bools struct {
	data        []byte
	value, size uint32
	shifted     int
}

func (b *bools) next() (v byte) {
	if len(b.data) > 0 {
		v, b.data = b.data[0], b.data[1:]
	}
	return v
}

func (b *bools) uint(n int) (v int) {
	for range n {
		split := 1 + (b.size-1)>>1
		v <<= 1
		if b.value >= split<<8 {
			v |= 1
			b.size, b.value = b.size-split, b.value-split<<8
		} else {
			b.size = split
		}
		for b.size < 128 {
			b.size, b.value = b.size<<1, b.value<<1
			if b.shifted++; b.shifted&7 == 0 {
				b.value |= uint32(b.next())
			}
		}
	}
	return v
}

// signed reads an optional number: a bit that says whether it is there, n bits, and its sign.
func (b *bools) signed(n int) int {
	if b.uint(1) == 0 {
		return 0
	}
	v := b.uint(n)
	if b.uint(1) != 0 {
		return -v
	}
	return v
}
