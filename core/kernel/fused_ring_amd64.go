//go:build amd64 && !noasm

package kernel

// ringBytes is about what the rows of a ring may take: most of a first-level
// cache of 32 KiB.
const ringBytes = 24 << 10

// ring is rows [padded][16] of one block of channels, expanded, zeros left and
// right of them.
type ring struct {
	*inverted
	h, w          int
	strip         int // output rows at a time
	slots, length int
	buf           *[]float32 // the slots, and a row of zeros
	table         []*float32 // rows of a strip
	tableArray    [64]*float32
	x             []float32
	block         int
	next          int // first input row that is not there yet
	product       productArgs
	convolution   convolutionArgs
}

func (p *inverted) newRing(h, w, oh int) *ring {
	r := &ring{inverted: p, h: h, w: w, length: (w + p.k - 1) * 16}
	r.strip = min(oh, max(2, (ringBytes/4/r.length-p.k)/p.stride+1), (len(r.tableArray)-p.k)/p.stride+1)
	r.slots = (r.strip-1)*p.stride + p.k
	r.buf = borrow((r.slots + 1) * r.length)
	clear(*r.buf)
	return r
}

// begin starts a block at an input row, which may lie above the image.
func (r *ring) begin(x []float32, block, first int) {
	r.x, r.block, r.next = x, block, max(0, first)
}

// load makes the table count input rows from first on; those above and below
// the image are zeros.
func (r *ring) load(first, count int) {
	for y := max(r.next, first); y < min(first+count, r.h); y++ {
		r.fill((*r.buf)[y%r.slots*r.length+r.k/2*16:], y)
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

// fill computes input row y of the block.
func (r *ring) fill(dst []float32, y int) {
	x, c := r.x[y*r.w*r.in:(y+1)*r.w*r.in], r.block*16
	if r.expand != nil {
		a := &r.product
		*a = productArgs{k: r.in, a: &x[0], lda: 4 * r.in, c: &dst[0], ldc: 64, swish: 1}
		r.columns(a, r.lanes)
		r.from(a, r.expand, r.panel, c, r.expandScale, r.expandBias)
		r.assembly.rows(a, r.w, 16/r.lanes)
		return
	}
	whole := r.w // a last block that is not whole reads into the next pixel
	if c+16 > r.mid {
		whole--
		copy(dst[whole*16:], x[whole*r.in+c:])
	}
	if whole > 0 {
		r.gather(&dst[0], &x[c], whole, 4*r.in)
	}
}
