//go:build amd64 && !noasm

package kernel

// depthwiseAVX512 fills in the depthwise convolutions.
func depthwiseAVX512(o *operators) {
	o.depthwise = func(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int) {
		if !fits(s) {
			depthwiseGeneric(y, x, s, w, pitch, ws)
			return
		}
		oh, ow := s.Out()
		checkDepthwise(x, y, w, s, pitch, ws)
		c := convolution{n: s.N, k: s.K, stride: s.Stride, c: s.C, h: s.H, w: s.W, oh: oh, ow: ow, spacing: 1}
		taps := packTaps(w, s, pitch, ws, false)
		c.run(y, x, *taps, nil, None)
		scratch.Put(taps)
	}
	o.depthwiseGradInput = func(dx, dy []float32, s DepthwiseShape, w []float32, pitch, ws int) {
		if !fits(s) {
			depthwiseGradInputGeneric(dx, dy, s, w, pitch, ws)
			return
		}
		checkDepthwise(dx, dy, w, s, pitch, ws)
		oh, ow := s.Out()
		// The gradient is a convolution of dy, its pixels spread out by the
		// stride with zeros between, with the taps turned round.
		c := convolution{n: s.N, k: s.K, stride: 1, c: s.C, h: oh, w: ow, oh: s.H, ow: s.W, spacing: s.Stride}
		taps := packTaps(w, s, pitch, ws, true)
		c.run(dx, dy, *taps, nil, None)
		scratch.Put(taps)
	}
	o.depthwiseGradWeight = depthwiseGradWeightAVX512
	o.depthwiseAct = func(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
		if !fits(s) {
			depthwiseActGeneric(y, x, s, w, bias, act)
			return
		}
		checkDepthwise(x, y, w, s, s.K, s.C)
		oh, ow := s.Out()
		c := convolution{n: s.N, k: s.K, stride: s.Stride, c: s.C, h: s.H, w: s.W, oh: oh, ow: ow, spacing: 1}
		taps := packTaps(w, s, s.K, s.C, false)
		c.run(y, x, *taps, bias, act)
		scratch.Put(taps)
	}
}

// fits says whether the assembly has the shape.
func fits(s DepthwiseShape) bool {
	return (s.K == 3 || s.K == 5) && (s.Stride == 1 || s.Stride == 2) && s.N > 0 && s.C > 0 && s.H > 0 && s.W > 0
}

func checkDepthwise(in, out, w []float32, s DepthwiseShape, pitch, ws int) {
	oh, ow := s.Out()
	if len(in) < s.N*s.H*s.W*s.C || len(out) < s.N*oh*ow*s.C || ws < s.C || len(w) < ((s.K-1)*pitch+s.K-1)*ws+s.C {
		panic("kernel: depthwise convolution with a slice that is too short")
	}
}

type rowKernel func(out *float32, rows **float32, taps *float32, n int, step int, mask uint16)

var (
	rowForward = map[[2]int]rowKernel{{3, 1}: depthwiseRow3s1, {3, 2}: depthwiseRow3s2, {5, 1}: depthwiseRow5s1, {5, 2}: depthwiseRow5s2}
	rowWeight  = map[[2]int]rowKernel{{3, 1}: depthwiseGradRow3s1, {3, 2}: depthwiseGradRow3s2, {5, 1}: depthwiseGradRow5s1, {5, 2}: depthwiseGradRow5s2}
)

// blocksOf is the number of blocks of 16 channels.
func blocksOf(c int) int { return (c + 15) / 16 }

// packTaps gathers the taps into [block][K*K][16], zero padded, turned round
// where reverse is set. Give it back to scratch.
func packTaps(w []float32, s DepthwiseShape, pitch, ws int, reverse bool) *[]float32 {
	kk := s.K * s.K
	buf := borrow(blocksOf(s.C) * kk * 16)
	clear(*buf)
	for t := range kk {
		from := w[(t/s.K*pitch+t%s.K)*ws:][:s.C]
		to := t
		if reverse {
			to = kk - 1 - t
		}
		for b := 0; b < len(from); b += 16 {
			copy((*buf)[(b/16*kk+to)*16:][:16], from[b:min(b+16, len(from))])
		}
	}
	return buf
}

// convolution is a depthwise convolution as rows see it. spacing 2 puts a zero
// after every input pixel and row.
type convolution struct {
	n, k, stride, c int
	h, w            int // input
	oh, ow          int // output
	spacing         int
}

// window keeps the k padded input rows that an output row needs, and a row of
// zeros for those outside the image.
type window struct {
	cv     *convolution
	buf    *[]float32
	length int   // of a row
	holds  []int // input row in each slot
	table  [5]*float32
}

func (c *convolution) window() *window {
	length := ((c.w*c.spacing+c.k-1)*c.c + 31) &^ 15 // some to spare for the last block
	w := &window{cv: c, buf: borrow(length * (c.k + 1)), length: length, holds: make([]int, c.k)}
	clear(*w.buf)
	return w
}

// forget empties the window before the next image.
func (w *window) forget() {
	for i := range w.holds {
		w.holds[i] = -1
	}
}

// point sets the table to the rows of output row oy, loading those that are
// not there yet from image x [h, w, c].
func (w *window) point(x []float32, oy int) {
	c := w.cv
	for i := range c.k {
		y := oy*c.stride + i - c.k/2
		if y < 0 || y >= c.h*c.spacing || y%c.spacing != 0 {
			w.table[i] = &(*w.buf)[c.k*w.length]
			continue
		}
		slot := y / c.spacing % c.k
		if w.holds[slot] != y {
			w.load((*w.buf)[slot*w.length:], x[y/c.spacing*c.w*c.c:][:c.w*c.c])
			w.holds[slot] = y
		}
		w.table[i] = &(*w.buf)[slot*w.length]
	}
}

func (w *window) load(row, from []float32) {
	c := w.cv
	row = row[c.k/2*c.c:]
	if c.spacing == 1 {
		copy(row, from)
		return
	}
	for i := range c.w {
		copy(row[i*c.spacing*c.c:], from[i*c.c:(i+1)*c.c])
	}
}

// eachBlock calls f for every block of 16 channels with the table moved there.
func (w *window) eachBlock(f func(block int, mask uint16)) {
	at := w.table
	for b := range blocksOf(w.cv.c) {
		f(b, tailMask(w.cv.c, b*16, 1))
		for i := range w.cv.k {
			w.table[i] = ptr16(w.table[i])
		}
	}
	w.table = at
}

func (c *convolution) run(y, x, taps, bias []float32, act Act) {
	kernel := rowForward[[2]int{c.k, c.stride}]
	kk := c.k * c.k * 16
	var p periodic
	if bias != nil {
		p = newPeriodic(c.c, 2)
		defer p.release()
		p.fill(0, 1)
		p.set(1, bias[:c.c])
	}
	rows := func(lo, hi int) { // output rows of all images
		w := c.window()
		image := -1
		for r := lo; r < hi; r++ {
			if r/c.oh != image {
				image = r / c.oh
				w.forget()
			}
			w.point(x[image*c.h*c.w*c.c:][:c.h*c.w*c.c], r%c.oh)
			out := y[r*c.ow*c.c:][:c.ow*c.c]
			w.eachBlock(func(b int, mask uint16) {
				kernel(&out[b*16], &w.table[0], &taps[b*kk], c.ow, 4*c.c, mask)
			})
			if bias != nil {
				affine[act](&out[0], &out[0], p.ptr(0), p.ptr(1), len(out), p.bytes())
			}
		}
		scratch.Put(w.buf)
	}
	splitRows(c.n*c.oh, c.ow*c.c*c.k, rows)
}

func depthwiseGradWeightAVX512(dw []float32, pitch, ws int, x, dy []float32, s DepthwiseShape) {
	if !fits(s) {
		depthwiseGradWeightGeneric(dw, pitch, ws, x, dy, s)
		return
	}
	checkDepthwise(x, dy, dw, s, pitch, ws)
	oh, ow := s.Out()
	c := convolution{n: s.N, k: s.K, stride: s.Stride, c: s.C, h: s.H, w: s.W, oh: oh, ow: ow, spacing: 1}
	kernel := rowWeight[[2]int{s.K, s.Stride}]
	kk := s.K * s.K
	t := min(Threads(), s.N)
	parts := make([]*[]float32, t)
	Parallel(t, func(first, last int) {
		for part := first; part < last; part++ {
			sums := borrow(blocksOf(s.C) * kk * 16)
			clear(*sums)
			w := c.window()
			for image := s.N * part / t; image < s.N*(part+1)/t; image++ {
				w.forget()
				for oy := range oh {
					w.point(x[image*s.H*s.W*s.C:][:s.H*s.W*s.C], oy)
					row := dy[(image*oh+oy)*ow*s.C:][:ow*s.C]
					w.eachBlock(func(b int, mask uint16) {
						kernel(&(*sums)[b*kk*16], &w.table[0], &row[b*16], ow, 4*s.C, mask)
					})
				}
			}
			scratch.Put(w.buf)
			parts[part] = sums
		}
	})
	for _, sums := range parts {
		for tap := range kk {
			out := dw[(tap/s.K*pitch+tap%s.K)*ws:][:s.C]
			for j := range out {
				out[j] += (*sums)[(j/16*kk+tap)*16+j%16]
			}
		}
		scratch.Put(sums)
	}
}
