//go:build amd64 && !noasm

package kernel

// paddedImage is an image [h, w, c] as rows in blocks of a vector of channels,
// [block][padded][lanes], with left pixels of zeros first.
type paddedImage struct {
	asm                   *assembly
	h, w, c, left, padded int
}

// windowBytes is the largest size of a window, a part of the second-level cache that leaves
// space for the rows that are written.
const windowBytes = 256 << 10

func (v paddedImage) rowLength() int { return v.asm.blocksOf(v.c) * v.padded * v.asm.Lanes }

// strip returns the number of output rows to compute at once, which are stride apart and
// each need depth input rows.
func (v paddedImage) strip(stride, depth int) int {
	return max(1, (windowBytes/4/v.rowLength()-depth)/stride+1)
}

// window holds the input rows that a strip needs, including those it shares with the strip
// before it, and a row of zeros for those outside the image.
type window struct {
	paddedImage
	buf   *[]float32
	slots int
	holds []int // input row in each slot
	image int
	table []*float32
}

// window returns a window for strips of at most limit output rows.
func (v paddedImage) window(stride, depth, limit int) *window {
	needed := (min(v.strip(stride, depth), limit)-1)*stride + depth
	w := &window{paddedImage: v, slots: min(needed, v.h), image: -1, table: make([]*float32, needed)}
	w.holds = make([]int, w.slots)
	w.buf = borrow((w.slots + 1) * v.rowLength())
	clear((*w.buf)[w.slots*v.rowLength():])
	lanes := v.asm.Lanes
	for i := range w.slots * v.asm.blocksOf(v.c) {
		row := (*w.buf)[i*v.padded*lanes:][:v.padded*lanes]
		clear(row[:v.left*lanes])
		clear(row[(v.left+v.w)*lanes:])
	}
	return w
}

func (w *window) release() {
	scratch.Put(w.buf)
	w.buf, w.table = nil, nil
}

// point sets the table to count rows of an image, the first of which may be above it, and
// loads those that have not been loaded.
func (w *window) point(x []float32, image, first, count int) {
	if image != w.image {
		w.image = image
		for i := range w.holds {
			w.holds[i] = -1
		}
	}
	length, lanes, blocks := w.rowLength(), w.asm.Lanes, w.asm.blocksOf(w.c)
	mask := w.asm.tailMask(w.c, (blocks-1)*lanes, 1)
	for i := range count {
		y := first + i
		if y < 0 || y >= w.h {
			w.table[i] = &(*w.buf)[w.slots*length]
			continue
		}
		slot := y % w.slots
		row := (*w.buf)[slot*length:]
		if w.holds[slot] != y {
			w.holds[slot] = y
			w.asm.BlockRow(&row[w.left*lanes], &x[(image*w.h+y)*w.w*w.c], w.w, blocks, 4*lanes*w.padded, mask)
		}
		w.table[i] = &row[0]
	}
}

// eachStrip runs f over parts of the strips, of at most strip rows each, of n images of rows
// rows. next returns image -1 at the end. Where there are few images, the strips are shorter, so
// that every thread gets some.
func eachStrip(n, rows, strip, width int, f func(next func() (image, from, to int))) {
	t := Threads()
	if n*rows*width < 1<<13 {
		t = 1
	}
	per := max((rows+strip-1)/strip, (t+n-1)/n)
	if n%t != 0 && n < 4*t {
		per = max(per, min(t, rows))
	}
	strip = (rows + per - 1) / per
	per = (rows + strip - 1) / strip
	run := func(lo, hi int) {
		f(func() (image, from, to int) {
			if lo == hi {
				return -1, 0, 0
			}
			image, from = lo/per, lo%per*strip
			lo++
			return image, from, min(from+strip, rows)
		})
	}
	if t == 1 {
		run(0, n*per)
		return
	}
	Parallel(n*per, run)
}
