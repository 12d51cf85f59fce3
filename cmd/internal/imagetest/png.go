package imagetest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

// png writes a PNG file (ISO/IEC 15948) of any colour type and depth, plain or
// interlaced, every row with another filter. Chunks go in front of the data.
func (r *raster) png(interlaced bool, chunks ...[]byte) []byte {
	kind := map[int]byte{1: 0, 2: 4, 3: 2, 4: 6}[r.channels]
	if r.palette != nil {
		kind = 3
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(r.w)), uint32(r.h))
	method := byte(0)
	passes := [][4]int{{0, 0, 1, 1}}
	if interlaced { // Adam7: where it begins and the steps
		method, passes = 1, [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	head = append(head, byte(r.depth), kind, 0, 0, method)
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	each := max(1, r.depth*r.channels/8) // bytes to the left neighbour
	for _, p := range passes {
		var above []byte
		for y, n := p[1], 0; y < r.h; y, n = y+p[3], n+1 {
			var samples []uint16
			for x := p[0]; x < r.w; x += p[2] {
				samples = append(samples, r.at(x, y)...)
			}
			if samples == nil {
				break
			}
			row := pack(nil, samples, r.depth, true)
			if above == nil {
				above = make([]byte, len(row))
			}
			z.Write(filterPNG(row, above, each, n%5))
			above = row
		}
	}
	z.Close()
	out := []byte("\x89PNG\r\n\x1a\n")
	out = append(out, pngChunk("IHDR", head)...)
	for _, c := range chunks {
		out = append(out, c...)
	}
	if r.palette != nil {
		var colours, alphas []byte
		for _, c := range r.palette {
			colours, alphas = append(colours, c[:3]...), append(alphas, c[3])
		}
		out = append(append(out, pngChunk("PLTE", colours)...), pngChunk("tRNS", alphas)...)
	}
	if r.key != nil {
		out = append(out, pngChunk("tRNS", pack(nil, r.key, 16, true))...)
	}
	return append(append(out, pngChunk("IDAT", data.Bytes())...), pngChunk("IEND", nil)...)
}

func pngChunk(id string, body []byte) []byte {
	out := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), id...)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// filterPNG subtracts the prediction of a filter (none, sub, up, average, Paeth).
func filterPNG(row, above []byte, each, filter int) []byte {
	out := []byte{byte(filter)}
	for i, v := range row {
		var a, c int
		b := int(above[i])
		if i >= each {
			a, c = int(row[i-each]), int(above[i-each])
		}
		p := a + b - c
		pa, pb, pc := max(p-a, a-p), max(p-b, b-p), max(p-c, c-p)
		paeth := c
		if pa <= pb && pa <= pc {
			paeth = a
		} else if pb <= pc {
			paeth = b
		}
		out = append(out, v-byte([5]int{0, a, b, (a + b) / 2, paeth}[filter]))
	}
	return out
}
