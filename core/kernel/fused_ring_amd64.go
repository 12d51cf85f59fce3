//go:build amd64 && !noasm

package kernel

// ringBytes is about the memory that the rows of a ring may take: most of a first-level cache
// of 32 KiB.
const ringBytes = 24 << 10

// ring holds expanded rows [padded][16] of one block of channels, with zeros on the left and
// on the right.
type ring struct {
	*inverted
	h, w          int
	strip         int // output rows at a time
	slots, length int
	buf           *[]float32 // the slots, and a row of zeros
	dense         *[]float32 // rows without padding; nil where one row is enough for tall tiles
	table         []*float32 // the rows of a strip
	tableArray    [64]*float32
	x             []float32
	block         int
	next          int // first input row that has not been loaded
	product       productArgs
	convolution   convolutionArgs
}

func (p *inverted) newRing(h, w, oh int) *ring {
	r := &ring{inverted: p, h: h, w: w, length: (w + p.k - 1) * 16}
	r.strip = min(oh, max(2, (ringBytes/4/r.length-p.k)/p.stride+1), (len(r.tableArray)-p.k)/p.stride+1)
	r.slots = (r.strip-1)*p.stride + p.k
	r.buf = borrow((r.slots + 1) * r.length)
	clear(*r.buf)
	if tallest := p.Tiles[16/p.Lanes][0].Rows; p.expand != nil && w%tallest != 0 && w < 4*tallest {
		r.dense = borrow(r.slots * w * 16)
	}
	return r
}

func (r *ring) release() {
	scratch.Put(r.buf)
	if r.dense != nil {
		scratch.Put(r.dense)
	}
}

// begin starts a block at an input row, which may lie above the image.
func (r *ring) begin(x []float32, block, first int) {
	r.x, r.block, r.next = x, block, max(0, first)
}

// load makes the table begin at input row first. Rows above and below the image are zeros.
func (r *ring) load(first, count int) {
	from, to := max(r.next, first), min(first+count, r.h)
	if r.dense != nil && from < to {
		r.multiply(&(*r.dense)[0], from, to-from)
	}
	for y := from; y < to; y++ {
		dst := r.slot(y)
		switch {
		case r.dense != nil:
			copy(dst, (*r.dense)[(y-from)*r.w*16:][:r.w*16])
		case r.expand != nil:
			r.multiply(&dst[0], y, 1)
		default:
			r.copyRow(dst, y)
		}
		r.next = y + 1
	}
	r.table = r.tableArray[:count]
	for i := range r.table {
		slot := r.slots
		if y := first + i; y >= 0 && y < r.h {
			slot = y % r.slots
		}
		r.table[i] = &(*r.buf)[slot*r.length]
	}
}

// slot returns the pixels of input row y.
func (r *ring) slot(y int) []float32 { return (*r.buf)[y%r.slots*r.length+r.k/2*16:] }

// multiply computes input rows of the block from row y on, without padding. Taller tiles are
// faster, so rows of a few pixels are computed together and copied.
func (r *ring) multiply(dst *float32, y, rows int) {
	a := &r.product
	*a = productArgs{K: r.in, A: &r.x[y*r.w*r.in], LDA: 4 * r.in, C: dst, LDC: 64, Swish: 1}
	r.columns(a, r.Lanes)
	r.from(a, r.expand, r.panel, r.block*16, r.expandScale, r.expandBias)
	r.rows(a, rows*r.w, 16/r.Lanes)
}

// copyRow copies input row y of a block without expansion.
func (r *ring) copyRow(dst []float32, y int) {
	x, c := r.x[y*r.w*r.in:(y+1)*r.w*r.in], r.block*16
	whole := r.w // an incomplete last block reads into the next pixel
	if c+16 > r.mid {
		whole--
		copy(dst[whole*16:], x[whole*r.in+c:])
	}
	if whole > 0 {
		r.Gather(&dst[0], &x[c], whole, 4*r.in)
	}
}
