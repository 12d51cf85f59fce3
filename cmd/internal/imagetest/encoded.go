package imagetest

import "fmt"

// jpeg writes files with libjpeg-turbo. Go repeats the samples of chroma where djpeg
// interpolates them unless told not to: each is compared both ways.
func (g *generator) jpeg() {
	for i, sampling := range []string{"1x1", "2x1", "1x2", "2x2", "4x1", "4x2"} {
		for j, size := range append(sizes, [2]int{64, 48}) {
			for k, more := range [][]string{{}, {"-progressive"}, {"-restart", "1"}, {"-optimize"}} {
				quality := fmt.Sprint(100 - 9*((i+j+k)%9))
				command := append(append([]string{"cjpeg", "-sample", sampling, "-quality", quality}, more...), "%")
				data := g.encode(pnm(Paint(size[0], size[1], g.next(), false)), command...)
				name := fmt.Sprint(command[1:], " ", size[0], " x ", size[1])
				g.add(File{Kind: "JPEG " + ratio(sampling) + ", chroma repeated", Name: name, Data: data, Reference: []string{"djpeg", "-nosmooth", "-pnm", "%"}})
				if sampling != "1x1" {
					g.add(File{Kind: "JPEG " + ratio(sampling) + ", chroma interpolated", Name: name, Data: data, Reference: []string{"djpeg", "-pnm", "%"}})
				}
			}
		}
	}
	reference := []string{"djpeg", "-nosmooth", "-pnm", "%"}
	for _, size := range sizes {
		for _, how := range []string{"-grayscale", "-rgb"} {
			for _, more := range []string{"-baseline", "-progressive"} {
				kind := map[string]string{"-grayscale": "JPEG, grey", "-rgb": "JPEG, RGB"}[how]
				data := g.encode(pnm(Paint(size[0], size[1], g.next(), false)), "cjpeg", how, more, "-quality", "90", "%")
				g.add(File{Kind: kind, Name: fmt.Sprint(more, " ", size), Data: data, Reference: reference})
			}
		}
	}
	for o := 1; o <= 8; o++ {
		data := withOrientation(g.encode(pnm(Paint(40, 23, g.next(), false)), "cjpeg", "-sample", "1x1", "%"), o)
		g.add(File{Kind: "JPEG, orientation", Name: fmt.Sprint(o), Data: data, Reference: reference, Orientation: o})
	}
}

func ratio(sampling string) string {
	return map[string]string{"1x1": "4:4:4", "2x1": "4:2:2", "1x2": "4:4:0", "2x2": "4:2:0", "4x1": "4:1:1", "4x2": "4:1:0"}[sampling]
}

// flat writes JPEG files of blocks, of every colour space and of sampling factors in
// which not only chroma is smaller.
func (g *generator) flat() {
	full, half := [2]int{1, 1}, [2]int{2, 2}
	for _, size := range sizes {
		for _, c := range []struct {
			kind     string
			sampling [][2]int
			adobe    int
			ids      string
		}{
			{"JPEG, grey", [][2]int{half}, -1, "\x01"}, // one component: its factors do not matter
			{"JPEG, blocks of YCbCr", [][2]int{full, full, full}, -1, "\x01\x02\x03"},
			{"JPEG, blocks of YCbCr", [][2]int{half, full, full}, 1, "\x01\x02\x03"},
			{"JPEG, blocks of RGB", [][2]int{full, full, full}, 0, "\x01\x02\x03"},
			{"JPEG, blocks of RGB", [][2]int{full, full, full}, -1, "RGB"},
			{"JPEG, blocks of CMYK", [][2]int{full, full, full, full}, 0, "\x01\x02\x03\x04"},
			{"JPEG, blocks of YCCK", [][2]int{full, full, full, full}, 2, "\x01\x02\x03\x04"},
			{"JPEG, blocks of YCCK", [][2]int{half, full, full, half}, 2, "\x01\x02\x03\x04"},
		} {
			data := flatJPEG(size[0], size[1], c.sampling, c.adobe, c.ids, g.next())
			g.add(File{Kind: c.kind, Name: fmt.Sprint(c.sampling, " Adobe ", c.adobe, " ", size), Data: data, Reference: []string{"djpeg", "-nosmooth", "-pnm", "%"}})
		}
	}
}

// fax writes faxes with libtiff.
func (g *generator) fax() {
	for _, size := range sizes {
		for photometric := range 2 {
			r := newRaster(size[0], size[1], 1, 1, g.next())
			file := r.tiff(layout{photometric: photometric, rows: size[1], compression: 1, extra: -1})
			for _, fax := range []string{"g4", "g3:1d"} {
				for _, order := range []string{"msb2lsb", "lsb2msb"} {
					data := g.encode(file, "tiffcp", "-c", fax, "-f", order, "%", "@")
					g.add(File{Kind: "TIFF, fax", Name: fmt.Sprint(fax, " ", order, " photometric ", photometric, size), Data: data, Reference: tifftopnm})
				}
			}
		}
	}
}
