package preprocess

// Squares is the centre crop of an image, averaged over k x k boxes for each k that the
// resolutions need (Spec.Apply). The inputs of children are filtered from it. It takes at most a
// few megabytes, where a photograph of 12 megapixels takes 36 as an Image.
type Squares struct {
	W, H int // pixels of the upright image

	crop  float64
	parts []*boxes // of different k
}

// find returns the boxes of k x k pixels, or nil where there are none.
func (q *Squares) find(k int) *boxes {
	for _, b := range q.parts {
		if b.k == k {
			return b
		}
	}
	return nil
}

// Open is Decode for an image that is needed only at these resolutions, all at least 1. Its
// errors are those of Decode and of watch, which may be nil.
func (s Spec) Open(data []byte, maxPixels int, resolutions []int, watch Watch) (*Squares, error) {
	p, err := read(data, maxPixels, watch)
	if err != nil {
		return nil, err
	}
	return s.squares(p, resolutions, watch)
}

// ApplySquares is Apply, with the same bits, for an image that Open has read for that resolution
// and with the crop of s. It panics for others.
func (s Spec) ApplySquares(dst []float32, q *Squares, resolution int) {
	side, k := s.square(q.W, q.H, resolution)
	b := q.find(k)
	if b == nil || s.Crop != q.crop {
		panic("preprocess: the image was not opened for this resolution and crop")
	}
	s.filter(dst, b.out, side/k, resolution)
}

// squares averages an image, row by row.
func (s Spec) squares(p *stored, resolutions []int, watch Watch) (*Squares, error) {
	w, h := p.size.Dx(), p.size.Dy() // as stored
	q := &Squares{W: w, H: h, crop: s.Crop}
	if p.orientation >= 5 {
		q.W, q.H = h, w
	}
	for _, r := range resolutions {
		side, k := s.square(w, h, r)
		if q.find(k) != nil {
			continue
		}
		b := newBoxes(side, k)
		b.x, b.y = centre(p.orientation, w, h, side)
		q.parts = append(q.parts, b)
	}
	row, read := make([]uint8, 3*w), rowReader(p.image, p.size)
	for y := range h {
		if watch != nil {
			if err := watch(decoded + (1-decoded)*float64(y)/float64(h)); err != nil {
				return nil, err
			}
		}
		read(row, y)
		for _, b := range q.parts {
			if y >= b.y && y < b.y+b.side {
				b.add(row[3*b.x : 3*(b.x+b.side)])
			}
		}
	}
	for _, b := range q.parts {
		b.out = upright(b.out, b.side/b.k, p.orientation)
	}
	return q, nil
}

// centre returns where the centre square of an image begins as it is stored, w x h.
func centre(orientation, w, h, side int) (x, y int) {
	_, dx, dy := steps(orientation, w, h)
	if x = (w - side) / 2; dx < 0 { // on a mirrored axis
		x = w - side - x
	}
	if y = (h - side) / 2; dy < 0 {
		y = h - side - y
	}
	return x, y
}

// upright turns an n x n square by its EXIF orientation.
func upright[T uint8 | float32](square []T, n, orientation int) []T {
	start, dx, dy := steps(orientation, n, n)
	if start == 0 && dx == 1 {
		return square
	}
	out := make([]T, len(square))
	for y := range n {
		for x := range n {
			copy(out[3*(start+x*dx+y*dy):][:3], square[3*(y*n+x):])
		}
	}
	return out
}

// boxes averages k x k boxes of a square of the given side, a multiple of k, row by row, into
// side/k x side/k RGB values of 0 to 255.
type boxes struct {
	side, k int
	out     []float32
	sums    []uint32 // of the current row of boxes
	tall    []uint32 // sums of up to k rows, which are then summed over k pixels; used where rows is not nil
	row     int      // of the square
	x, y    int      // the beginning of the square in the stored image
}

func newBoxes(side, k int) *boxes {
	n := side / k
	b := &boxes{side: side, k: k, out: make([]float32, 3*n*n), sums: make([]uint32, 3*n)}
	if rows != nil {
		b.tall = make([]uint32, 3*side)
	}
	return b
}

// add adds the next row, of 3*side bytes. The sums are integers, so that their order does not
// matter: k*k*255 fits for any k below 4096.
func (b *boxes) add(row []uint8) {
	k := b.k
	switch {
	case rows != nil:
		rows.AddBytes(b.tall, row)
	case k == 1:
		for i, v := range row {
			b.sums[i] = uint32(v)
		}
	default:
		for x := 0; x < len(b.sums); x += 3 {
			var r, g, bl uint32
			for range k {
				r, g, bl = r+uint32(row[0]), g+uint32(row[1]), bl+uint32(row[2])
				row = row[3:]
			}
			b.sums[x], b.sums[x+1], b.sums[x+2] = b.sums[x]+r, b.sums[x+1]+g, b.sums[x+2]+bl
		}
	}
	if b.row++; b.row%k == 0 {
		b.finish(b.row/k - 1)
	}
}

// finish writes row y of boxes.
func (b *boxes) finish(y int) {
	scale, line := 1/float32(b.k*b.k), b.out[len(b.sums)*y:len(b.sums)*(y+1)]
	if rows != nil {
		addPixels(b.sums, b.tall, b.k)
		clear(b.tall)
		rows.Floats(line, b.sums, scale)
	} else {
		for i, v := range b.sums {
			line[i] = float32(v) * scale
		}
	}
	clear(b.sums)
}

// addPixels adds each group of k pixels of row to one of sums.
func addPixels(sums, row []uint32, k int) {
	if k == 1 {
		copy(sums, row)
		return
	}
	for x := 0; x < len(sums); x += 3 {
		var r, g, b uint32
		for range k {
			p := (*[3]uint32)(row)
			r, g, b = r+p[0], g+p[1], b+p[2]
			row = row[3:]
		}
		p := (*[3]uint32)(sums[x:])
		p[0], p[1], p[2] = r, g, b
	}
}
