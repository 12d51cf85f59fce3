package preprocess

// Fitter makes images square: it crops the centre and resizes it, horizontally first, which is
// how data sets store images. It reuses its buffers.
type Fitter struct {
	axis      Axis
	row, rows []float32
	out       []float32
}

// Fit returns the centre square of im at side x side, RGB bytes.
func (f *Fitter) Fit(im *Image, side int) []uint8 {
	square := min(im.W, im.H)
	left, top := (im.W-square)/2, (im.H-square)/2
	f.begin(square, side)
	for y := range square {
		at := ((top+y)*im.W + left) * 3
		f.add(y, im.Pix[at:at+3*square])
	}
	return f.finish()
}

func (f *Fitter) begin(square, side int) {
	if f.axis.From != square || f.axis.To != side {
		f.axis.Plan(square, side)
	}
	f.row = sized(f.row, 3*square+1)[:3*square] // Rows.Across may read one more
	f.out = sized(f.out, 3*side)
	f.rows = sized(f.rows, square*3*side)
}

// add takes row y of the square.
func (f *Fitter) add(y int, pix []uint8) {
	for x, v := range pix {
		f.row[x] = float32(v)
	}
	narrow := len(f.out)
	f.axis.Across(f.rows[y*narrow:(y+1)*narrow], f.row, 3)
}

func (f *Fitter) finish() []uint8 {
	narrow := len(f.out)
	pix := make([]uint8, f.axis.To*narrow)
	for y := range f.axis.To {
		f.axis.Down(f.out, f.rows, y, narrow)
		for x, v := range f.out {
			pix[y*narrow+x] = uint8(min(max(v, 0), 255) + 0.5)
		}
	}
	return pix
}

// sized returns a slice of n floats, of the memory of s if that is big enough.
func sized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// Square returns the centre square of an image file at side x side: what a data set stores of
// it, except that an image that is stored turned or mirrored may differ by one level, because it is
// resized before it is turned. Only the rows of the square are in memory besides what the
// decoder needs. Its errors are those of Decode and of watch, which may be nil.
func Square(data []byte, maxPixels, side int, watch Watch) (*Image, error) {
	p, err := read(data, maxPixels, watch)
	if err != nil {
		return nil, err
	}
	w, h := p.size.Dx(), p.size.Dy() // as stored
	square := min(w, h)
	x, y := centre(p.orientation, w, h, square)
	f := Fitter{}
	f.begin(square, side)
	row, next := make([]uint8, 3*w), rowReader(p.image, p.size)
	for i := range square {
		if watch != nil {
			if err := watch(decoded + (1-decoded)*float64(i)/float64(square)); err != nil {
				return nil, err
			}
		}
		next(row, y+i)
		f.add(i, row[3*x:3*(x+square)])
	}
	return &Image{W: side, H: side, Pix: upright(f.finish(), side, p.orientation)}, nil
}
