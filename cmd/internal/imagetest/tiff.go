package imagetest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// layout is how a TIFF file stores a raster.
type layout struct {
	big         bool // byte order
	photometric int  // 0 white is zero, 1 black is zero, 2 RGB, 3 palette
	extra       int  // kind of the last of 2 or 4 samples: 0 none in particular, 1 associated alpha, 2 unassociated; -1: there is none
	planar      bool
	tile        int // side, 0: strips
	rows        int // of a strip
	compression int // 1 none, 8 deflate, 32773 PackBits
	predict     bool
	reversed    bool // FillOrder 2
	orientation int
}

// tiff writes a TIFF file (TIFF 6.0).
func (r *raster) tiff(l layout) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	out := []byte("II")
	if l.big {
		order, out = binary.BigEndian, []byte("MM")
	}
	var put binary.ByteOrder = binary.LittleEndian
	if l.big {
		put = binary.BigEndian
	}
	out = order.AppendUint32(order.AppendUint16(out, 42), 0)
	width, height := l.tile, l.tile
	if l.tile == 0 {
		width, height = r.w, l.rows
	}
	var offsets, sizes []int
	planes := 1
	if l.planar {
		planes = r.channels
	}
	for plane := range planes {
		for y0 := 0; y0 < r.h; y0 += height {
			for x0 := 0; x0 < r.w; x0 += width {
				var block []byte
				for y := y0; y < y0+height && (l.tile > 0 || y < r.h); y++ {
					var row []uint16
					for x := x0; x < x0+width; x++ {
						p := r.at(min(x, r.w-1), min(y, r.h-1)) // tiles are filled up
						if l.planar {
							p = p[plane : plane+1]
						}
						row = append(row, p...)
					}
					if l.predict {
						each := len(row) / width
						for i := len(row) - 1; i >= each; i-- {
							row[i] -= row[i-each]
							if r.depth == 8 {
								row[i] &= 255
							}
						}
					}
					line := pack(nil, row, r.depth, l.big)
					if l.compression == 32773 {
						line = packBits(line)
					}
					block = append(block, line...)
				}
				if l.compression == 8 {
					var b bytes.Buffer
					z := zlib.NewWriter(&b)
					z.Write(block)
					z.Close()
					block = b.Bytes()
				}
				if l.reversed {
					for i := range block {
						block[i] = bits.Reverse8(block[i])
					}
				}
				offsets, sizes = append(offsets, len(out)), append(sizes, len(block))
				out = append(out, block...)
				out = append(out, make([]byte, len(out)&1)...)
			}
		}
	}
	depths := slices.Repeat([]int{r.depth}, r.channels)
	fields := map[uint16][]int{256: {r.w}, 257: {r.h}, 258: depths, 259: {l.compression}, 262: {l.photometric}, 277: {r.channels}}
	if l.tile > 0 {
		fields[322], fields[323], fields[324], fields[325] = []int{l.tile}, []int{l.tile}, offsets, sizes
	} else {
		fields[273], fields[278], fields[279] = offsets, []int{l.rows}, sizes
	}
	if l.planar {
		fields[284] = []int{2}
	}
	if l.predict {
		fields[317] = []int{2}
	}
	if l.reversed {
		fields[266] = []int{2}
	}
	if l.orientation > 0 {
		fields[274] = []int{l.orientation}
	}
	if r.channels%2 == 0 && l.extra >= 0 {
		fields[338] = []int{l.extra}
	}
	if r.palette != nil {
		var colours []int
		for c := range 3 {
			for _, p := range r.palette {
				colours = append(colours, int(p[c])*257)
			}
		}
		fields[320] = colours
	}
	return finishTIFF(out, fields, order, put)
}

// finishTIFF appends the directory. Offsets and sizes are LONG, the rest is SHORT.
func finishTIFF(out []byte, fields map[uint16][]int, order binary.AppendByteOrder, put binary.ByteOrder) []byte {
	var tags []uint16
	for tag := range fields {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	var entries []byte
	for _, tag := range tags {
		long := tag == 273 || tag == 279 || tag == 324 || tag == 325
		kind, size := uint16(3), 2
		if long {
			kind, size = 4, 4
		}
		var values []byte
		for _, v := range fields[tag] {
			if long {
				values = order.AppendUint32(values, uint32(v))
			} else {
				values = order.AppendUint16(values, uint16(v))
			}
		}
		entries = order.AppendUint16(order.AppendUint16(entries, tag), kind)
		entries = order.AppendUint32(entries, uint32(len(values)/size))
		if len(values) > 4 {
			entries = order.AppendUint32(entries, uint32(len(out)))
			out = append(out, values...)
			out = append(out, make([]byte, len(out)&1)...)
		} else {
			entries = append(entries, append(values, make([]byte, 4-len(values))...)...)
		}
	}
	put.PutUint32(out[4:], uint32(len(out)))
	out = order.AppendUint16(out, uint16(len(tags)))
	return order.AppendUint32(append(out, entries...), 0)
}

// packBits is Apple's run-length compression (TIFF 6.0, section 9) of a row.
func packBits(row []byte) (out []byte) {
	for i := 0; i < len(row); {
		n := 1
		for i+n < len(row) && n < 128 && row[i+n] == row[i] {
			n++
		}
		if n > 1 {
			out = append(out, byte(257-n), row[i])
		} else {
			out = append(out, 0, row[i])
		}
		i += n
	}
	return out
}

var tifftopnm = []string{"tifftopnm", "-orientraw", "%"}

// tiff writes files of every layout.
func (g *generator) tiff() {
	for i, size := range sizes {
		for _, big := range []bool{false, true} {
			for _, compression := range []int{1, 8, 32773} {
				l := layout{big: big, rows: 1 + i*3, compression: compression, extra: -1}
				add := func(kind string, r *raster) {
					f := File{Kind: kind, Name: fmt.Sprintf("%+v, %d bits, %d samples, %d x %d", l, r.depth, r.channels, r.w, r.h), Data: r.tiff(l), Truth: r.truth(l.extra == 1)}
					if l.extra < 0 {
						f.Reference = tifftopnm
					}
					if l.photometric == 0 {
						for i := range f.Truth.Pix {
							f.Truth.Pix[i] = 255 - f.Truth.Pix[i]
						}
					}
					g.add(f)
				}
				for _, depth := range []int{1, 8, 16} {
					l.photometric = (depth + i) % 2
					l.predict = depth > 1 && compression == 8
					add("TIFF, grey", newRaster(size[0], size[1], depth, 1, g.next()))
					if depth == 1 {
						continue
					}
					l.photometric = 2
					for _, l.tile = range []int{0, 16} {
						for _, l.planar = range []bool{false, true} {
							kind := "TIFF, RGB"
							if l.planar {
								kind = "TIFF, planes"
							}
							add(kind, newRaster(size[0], size[1], depth, 3, g.next()))
							for l.extra = 0; l.extra < 3; l.extra++ {
								if r := newRaster(size[0], size[1], depth, 4, g.next()); (compression+l.extra+i)%3 == 0 {
									add(kind+", a fourth sample", r.premultiply(l.extra))
								}
							}
							l.extra = -1
						}
					}
					l.tile, l.planar = 0, false
				}
				l.photometric, l.predict = 3, false
				add("TIFF, palette", newRaster(size[0], size[1], 8, 1, g.next()).paletted(g.seed, false))
				l.photometric, l.reversed = 1, true
				add("TIFF, bits from the right", newRaster(size[0], size[1], 1, 1, g.next()))
				add("TIFF, bits from the right", newRaster(size[0], size[1], 8, 1, g.next()))
			}
		}
	}
	for o := 1; o <= 8; o++ {
		r := newRaster(20, 13, 8, 3, g.next())
		data := r.tiff(layout{photometric: 2, rows: 5, compression: 1, extra: -1, orientation: o})
		g.add(File{Kind: "TIFF, orientation", Name: fmt.Sprint(o), Data: data, Truth: turn(r.truth(false), o), Reference: tifftopnm, Orientation: o})
	}
}

// premultiply makes the fourth sample what its kind says.
func (r *raster) premultiply(extra int) *raster {
	top := uint32(1)<<r.depth - 1
	for i := 0; i < len(r.v); i += 4 {
		for c := range 3 {
			if extra == 1 {
				r.v[i+c] = uint16(uint32(r.v[i+c]) * uint32(r.v[i+3]) / top)
			}
		}
	}
	r.extra = extra
	return r
}
