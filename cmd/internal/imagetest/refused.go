package imagetest

import "bytes"

// Refused are files of kinds that are read nowhere here. No tool is needed to make them.
func Refused() []File {
	var files []File
	add := func(kind string, data []byte) { files = append(files, File{Kind: kind, Data: data}) }
	one := [2]int{1, 1}
	for name, sampling := range map[string][][2]int{
		"JPEG 4:4:1":                            {{1, 4}, one, one},
		"JPEG 3:1:1":                            {{3, 1}, one, one},
		"JPEG, chroma finer than luma":          {one, {2, 2}, {2, 2}},
		"JPEG, the two of chroma not the same":  {{2, 2}, {2, 1}, one},
		"JPEG, CMYK with a colour not as fine":  {{2, 2}, one, one, one},
		"JPEG, samples that do not divide":      {{3, 2}, {2, 2}, {2, 2}},
		"JPEG, chroma of sampling factors of 4": {{4, 4}, one, one},
	} {
		adobe := -1
		if len(sampling) == 4 {
			adobe = 0
		}
		add(name, flatJPEG(33, 17, sampling, adobe, "\x01\x02\x03\x04", 1))
	}
	add("JPEG, CMYK without Adobe's marker", flatJPEG(9, 9, [][2]int{one, one, one, one}, -1, "\x01\x02\x03\x04", 1))
	jpeg := flatJPEG(9, 9, [][2]int{one, one, one}, -1, "\x01\x02\x03", 1)
	frame := 2 + 2 + 67
	add("JPEG, arithmetic coding", replaced(jpeg, frame+1, 0xc9))
	add("JPEG, lossless", replaced(jpeg, frame+1, 0xc3))
	add("JPEG, 12 bits", replaced(jpeg, frame+4, 12))

	for depth, compression := range map[int]byte{8: 1, 4: 2} {
		r := newRaster(9, 5, depth, 1, 1).paletted(1, false)
		add("BMP, run lengths", replaced(r.bmp(false), 30, compression))
	}
	bmp16 := bmp(Paint(9, 5, 1, false), 24, false, false)
	add("BMP, 16 bits", replaced(bmp16, 28, 16))
	add("BMP, 16 bits and bit fields", replaced(replaced(bmp16, 28, 16), 30, 3))

	strips := layout{photometric: 2, rows: 4, compression: 1, extra: -1}
	for photometric, samples := range map[int]int{5: 4, 6: 3, 8: 3} {
		l := strips
		l.photometric = photometric
		add("TIFF, CMYK, YCbCr or L*a*b*", newRaster(9, 9, 8, samples, 1).tiff(l))
	}
	l := strips
	l.compression = 7
	add("TIFF, JPEG inside", newRaster(9, 9, 8, 3, 1).tiff(l))
	l = strips
	l.photometric, l.extra = 1, 2
	add("TIFF, grey and alpha", newRaster(9, 9, 8, 2, 1).tiff(l))
	l.extra = -1
	add("TIFF, 4 bits", newRaster(9, 9, 4, 1, 1).tiff(l))
	add("BigTIFF", []byte("II\x2b\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"))

	for seed := range uint64(4) {
		add("WebP, filter levels beyond a signed byte", riff(chunk("VP8 ", Frame(40, 30, seed, true))))
	}
	return files
}

func replaced(data []byte, at int, with byte) []byte {
	data = bytes.Clone(data)
	data[at] = with
	return data
}
