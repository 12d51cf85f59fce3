package imagetest

import (
	"fmt"
)

// sizes are the sizes of most files: odd, smaller than a block, and bigger than four.
var sizes = [][2]int{{1, 1}, {7, 5}, {16, 16}, {33, 17}, {50, 61}}

// Written returns the files of lossless formats, which this package writes itself: what they
// show is known.
func Written() ([]File, error) {
	g := &generator{}
	g.png()
	g.gif()
	g.bmp()
	g.tiff()
	return g.files, g.err
}

// Encoded returns the files whose contents only the reference decoder can tell. Most are made
// with cjpeg, cwebp and tiffcp, which come with the decoders.
func Encoded() ([]File, error) {
	g := &generator{seed: 10_000}
	g.fax()
	g.jpeg()
	g.flat()
	g.webp()
	return g.files, g.err
}

type generator struct {
	files []File
	err   error
	seed  uint64
}

func (g *generator) next() uint64 {
	g.seed++
	return g.seed
}

func (g *generator) add(f File) { g.files = append(g.files, f) }

// encode runs an encoder.
func (g *generator) encode(data []byte, command ...string) []byte {
	out, err := Run(data, command...)
	if err != nil && g.err == nil {
		g.err = err
	}
	return out
}

func (g *generator) png() {
	reference := []string{"pngtopam", "-alphapam", "%"}
	for _, size := range sizes {
		for _, interlaced := range []bool{false, true} {
			one := func(kind string, r *raster, chunks ...[]byte) {
				g.add(File{Kind: kind, Name: fmt.Sprintf("%d bits, %d samples, interlaced %v, %d x %d", r.depth, r.channels, interlaced, r.w, r.h),
					Data: r.png(interlaced, chunks...), Truth: r.truth(false), Reference: reference})
			}
			for _, depth := range []int{1, 2, 4, 8, 16} {
				one("PNG, grey", newRaster(size[0], size[1], depth, 1, g.next()))
				if depth >= 8 {
					one("PNG, RGB", newRaster(size[0], size[1], depth, 3, g.next()))
					one("PNG, transparent", newRaster(size[0], size[1], depth, 2, g.next()))
					one("PNG, transparent", newRaster(size[0], size[1], depth, 4, g.next()))
				}
				if depth <= 8 {
					one("PNG, palette", newRaster(size[0], size[1], depth, 1, g.next()).paletted(g.seed, depth%4 == 0))
				}
			}
			one("PNG, transparent", newRaster(size[0], size[1], 8, 3, g.next()).keyed())
			g.files[len(g.files)-1].Reference = nil // pngtopam finds such a colour only if its values are 0 or 255
		}
	}
	for o := 1; o <= 8; o++ {
		r := newRaster(20, 13, 8, 3, g.next())
		g.add(File{Kind: "PNG, orientation", Name: fmt.Sprint(o), Data: r.png(false, pngChunk("eXIf", exif(o))), Truth: turn(r.truth(false), o), Reference: reference, Orientation: o})
	}
}

func (g *generator) gif() {
	for _, size := range sizes {
		for _, interlaced := range []bool{false, true} {
			for _, depth := range []int{1, 3, 8} {
				for _, screen := range []bool{false, true} {
					r := newRaster(size[0], size[1], depth, 1, g.next()).paletted(g.seed, screen)
					data, truth, err := r.gifFile(interlaced, screen)
					if err != nil {
						g.err = err
					}
					f := File{Kind: "GIF", Name: fmt.Sprintf("%d bits, interlaced %v, screen %v, %d x %d", depth, interlaced, screen, r.w, r.h), Data: data, Truth: truth}
					if !screen {
						f.Reference = []string{"giftopnm", "%"}
					}
					g.add(f)
				}
			}
		}
	}
}

func (g *generator) bmp() {
	reference := []string{"bmptopnm", "%"}
	for _, size := range sizes {
		for _, topDown := range []bool{false, true} {
			name := fmt.Sprintf("top down %v, %d x %d", topDown, size[0], size[1])
			for _, depth := range []int{1, 4, 8} {
				r := newRaster(size[0], size[1], depth, 1, g.next()).paletted(g.seed, false)
				g.add(File{Kind: "BMP", Name: fmt.Sprintf("%d bits, %s", depth, name), Data: r.bmp(topDown), Truth: r.truth(false), Reference: reference})
			}
			for _, depth := range []int{24, 32} {
				im := Paint(size[0], size[1], g.next(), false)
				g.add(File{Kind: "BMP", Name: fmt.Sprintf("%d bits, %s", depth, name), Data: bmp(im, depth, false, topDown), Truth: opaque(im), Reference: reference})
			}
			im := Paint(size[0], size[1], g.next(), true)
			g.add(File{Kind: "BMP", Name: "alpha, " + name, Data: bmp(im, 32, true, topDown), Truth: opaque(im)})
		}
	}
}
