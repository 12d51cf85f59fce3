//go:build amd64 && !noasm

package kernel

// The first half of an inverted residual block, 16 channels at a time: a few rows of the
// expansion are written to a ring buffer that stays in the cache, and the depthwise convolution
// reads them there. The expanded image never exists as a whole.

// inverted is what packInverted makes; channels are padded with zeros to blocks of 16.
type inverted struct {
	*assembly
	in, mid, k, stride      int
	expand                  []float32 // panels [In][lanes], panel elements apart; nil without expansion
	panel                   int
	lent                    bool      // whether expand belongs to a Matrix
	expandScale, expandBias []float32 // [block][16]; scale nil where expand is scaled
	taps, bias              []float32 // [vector][K*K][lanes], [block][16]
	run                     func(*[10]uint64)
}

func (asm *assembly) packInverted(s InvertedSpec) *Inverted {
	run := asm.Fused.Convolve[[2]int{s.K, s.Stride}]
	if run == nil || s.Expand == nil && s.Matrix != nil && s.Matrix.lanes != asm.Lanes {
		return nil
	}
	blocks := (s.Mid + 15) / 16
	p := &inverted{assembly: asm, in: s.In, mid: s.Mid, k: s.K, stride: s.Stride, run: run,
		taps: allocPacked(blocks * 16 * s.K * s.K)}
	clear(p.taps[(blocks-1)*16*s.K*s.K:]) // what is past Mid
	p.scaleTaps(s)
	p.bias = asVectors(s.Bias, s.Mid)
	if s.Expand != nil || s.Matrix != nil {
		p.expandBias = asVectors(s.ExpandBias, s.Mid)
		if x := s.Matrix; x != nil && x.lanes == asm.Lanes {
			p.expand, p.panel, p.lent = x.panels, asm.Lanes*x.k, true
			p.expandScale = asVectors(s.ExpandScale, s.Mid)
		} else {
			p.expand, p.panel = allocPacked(blocks*16*s.In), asm.Lanes*s.In
			clear(p.expand[(blocks-1)*16*s.In:])
			asm.packColumns(p.expand, s.Expand, s.In, s.Mid, s.ExpandStride, s.ExpandScale)
		}
	}
	return &Inverted{p.apply, func() {
		recycle(p.taps)
		if !p.lent {
			recycle(p.expand)
		}
	}}
}

// scaleTaps copies the taps, multiplied by their scale, one vector of channels after another.
func (p *inverted) scaleTaps(s InvertedSpec) {
	runs, rows := s.K, s.K // of neighbouring taps
	if s.Pitch == s.K {
		runs, rows = 1, s.K*s.K
	}
	for c := 0; c < s.Mid; c += p.Lanes {
		block, scale := p.taps[c*s.K*s.K:], s.Scale[c:min(c+p.Lanes, s.Mid)]
		for run := range runs {
			from, to := s.Taps[run*s.Pitch*s.TapStride+c:], block[run*rows*p.Lanes:]
			if len(scale) == p.Lanes {
				p.ScaleBlock(&to[0], &from[0], &scale[0], rows, 4*s.TapStride)
				continue
			}
			for row := range rows {
				for j, f := range scale {
					to[row*p.Lanes+j] = from[row*s.TapStride+j] * f
				}
			}
		}
	}
}

func (p *inverted) shape(h, w int) DepthwiseShape {
	return DepthwiseShape{N: 1, H: h, W: w, C: p.mid, K: p.k, Stride: p.stride}
}

func (p *inverted) apply(y, mean, x []float32, n, h, w int) {
	oh, ow := p.shape(h, w).Out()
	if len(x) < n*h*w*p.in || len(y) < n*oh*ow*p.mid || mean != nil && len(mean) < n*p.mid {
		panic("kernel: an inverted block with a slice that is too short")
	}
	for i := range n {
		var m []float32
		if mean != nil {
			m = mean[i*p.mid : (i+1)*p.mid]
		}
		p.image(y[i*oh*ow*p.mid:(i+1)*oh*ow*p.mid], m, x[i*h*w*p.in:(i+1)*h*w*p.in], h, w)
	}
}

// image splits the rows of all blocks, one block after another, into as many parts as there are
// threads. A block that two parts share has two sums.
func (p *inverted) image(y, mean, x []float32, h, w int) {
	oh, ow := p.shape(h, w).Out()
	blocks, t := (p.mid+15)/16, Threads()
	if h*w*p.mid*(p.in+p.k*p.k) < 1<<17 {
		t = 1
	}
	buf := borrow((blocks + t) * 16)
	sums := *buf
	clear(sums)
	total := blocks * oh
	if t == 1 {
		p.part(y, sums, sums[blocks*16:], x, h, w, 0, total)
	} else {
		Parallel(t, func(first, last int) {
			for i := first; i < last; i++ {
				p.part(y, sums, sums[(blocks+i)*16:], x, h, w, total*i/t, total*(i+1)/t)
			}
		})
	}
	for i := range t {
		if lo := total * i / t; lo%oh != 0 {
			for j, v := range sums[(blocks+i)*16:][:16] {
				sums[lo/oh*16+j] += v
			}
		}
	}
	for c := range mean {
		mean[c] = sums[c] / float32(oh*ow)
	}
	scratch.Put(buf)
}

// part computes output rows [lo, hi), counted over all blocks, and sums the channels of each
// block in sums, or in head for a block that begins before lo.
func (p *inverted) part(y, sums, head, x []float32, h, w, lo, hi int) {
	oh, ow := p.shape(h, w).Out()
	r := p.newRing(h, w, oh)
	defer r.release()
	for at := lo; at < hi; {
		b, from := at/oh, at%oh
		to := min(oh, from+hi-at)
		total := head
		if from == 0 {
			total = sums[b*16:]
		}
		r.begin(x, b, from*p.stride-p.k/2)
		for first := from; first < to; first += r.strip {
			count := min(r.strip, to-first)
			r.load(first*p.stride-p.k/2, (count-1)*p.stride+p.k)
			r.convolve(y[first*ow*p.mid:], total, count, ow)
		}
		at += to - from
	}
}

// convolve computes rows of the output and writes them to the beginning of y.
func (r *ring) convolve(y, sums []float32, rows, ow int) {
	a, kk := &r.convolution, r.k*r.k*r.Lanes
	for part := range 16 / r.Lanes {
		c := r.block*16 + part*r.Lanes
		if c >= r.mid {
			return
		}
		*a = convolutionArgs{Y: &y[c], Table: &r.table[0], Taps: &r.taps[c/r.Lanes*kk], Bias: &r.bias[c], Sums: &sums[part*r.Lanes], Rows: rows, Pixels: ow, Offset: 4 * r.Lanes * part, Step: 4 * r.mid}
		channels := min(r.Lanes, r.mid-c)
		if a.Odd = 1<<channels - 1; r.Lanes == 16 || channels == r.Lanes {
			r.run(a.Words())
			continue
		}
		dense := borrow(rows * ow * r.Lanes) // the last channels, fewer than a vector
		a.Y, a.Step = &(*dense)[0], 4*r.Lanes
		r.run(a.Words())
		for i := range rows * ow {
			copy(y[i*r.mid+c:(i+1)*r.mid], (*dense)[i*r.Lanes:])
		}
		scratch.Put(dense)
	}
}
