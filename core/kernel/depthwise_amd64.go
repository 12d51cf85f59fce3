//go:build amd64 && !noasm

package kernel

func (asm *assembly) depthwise(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int) {
	if fitsRows(s) {
		checkDepthwise(x, y, w, s, pitch, ws)
		asm.tapRows(y, x, s, w, pitch, ws, false, nil, None)
		return
	}
	if !fits(s) {
		depthwisePortable(y, x, s, w, pitch, ws)
		return
	}
	checkDepthwise(x, y, w, s, pitch, ws)
	asm.convolve(y, x, s, w, pitch, ws, nil, None)
}

func (asm *assembly) depthwiseAct(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
	if fitsRows(s) {
		checkDepthwise(x, y, w, s, s.K, s.C)
		asm.tapRows(y, x, s, w, s.K, s.C, false, bias[:s.C], act)
		return
	}
	if !fits(s) {
		depthwiseActPortable(y, x, s, w, bias, act)
		return
	}
	checkDepthwise(x, y, w, s, s.K, s.C)
	asm.convolve(y, x, s, w, s.K, s.C, bias[:s.C], act)
}

func (asm *assembly) depthwiseGradInput(dx, dy []float32, s DepthwiseShape, w []float32, pitch, ws int) {
	if fitsRows(s) && s.Stride == 1 {
		checkDepthwise(dx, dy, w, s, pitch, ws)
		asm.tapRows(dx, dy, s, w, pitch, ws, true, nil, None)
		return
	}
	if !fits(s) {
		depthwiseGradInputPortable(dx, dy, s, w, pitch, ws)
		return
	}
	checkDepthwise(dx, dy, w, s, pitch, ws)
	if s.Stride == 1 {
		turned := asm.packTaps(w, s, pitch, ws, true)
		defer scratch.Put(turned)
		asm.correlate(dx, dy, s, *turned, nil, None)
		return
	}
	asm.inputGradientStride2(dx, dy, s, w, pitch, ws)
}

// fits reports whether the assembly supports the shape.
func fits(s DepthwiseShape) bool {
	return (s.K == 3 || s.K == 5) && (s.Stride == 1 || s.Stride == 2) && s.N > 0 && s.C > 0 && s.H > 0 && s.W > 0
}

func checkDepthwise(in, out, w []float32, s DepthwiseShape, pitch, ws int) {
	oh, ow := s.Out()
	if len(in) < s.N*s.H*s.W*s.C || len(out) < s.N*oh*ow*s.C || ws < s.C || len(w) < ((s.K-1)*pitch+s.K-1)*ws+s.C {
		panic("kernel: depthwise convolution with a slice that is too short")
	}
}

// blocksOf returns the number of blocks, each of one vector of channels.
func (asm *assembly) blocksOf(c int) int { return (c + asm.Lanes - 1) / asm.Lanes }

// packTaps copies the taps to [block][K*K][lanes], zero padded, in reverse order where reverse
// is set. The result is to be returned to scratch.
func (asm *assembly) packTaps(w []float32, s DepthwiseShape, pitch, ws int, reverse bool) *[]float32 {
	kk := s.K * s.K
	lanes := asm.Lanes
	buf := borrow(asm.blocksOf(s.C) * kk * lanes)
	if s.C%lanes != 0 {
		clear((*buf)[(asm.blocksOf(s.C)-1)*kk*lanes:])
	}
	for t := range kk {
		from := w[(t/s.K*pitch+t%s.K)*ws:][:s.C]
		to := t
		if reverse {
			to = kk - 1 - t
		}
		for b := 0; b < len(from); b += lanes {
			copy((*buf)[(b/lanes*kk+to)*lanes:][:lanes], from[b:min(b+lanes, len(from))])
		}
	}
	return buf
}

func (asm *assembly) convolve(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int, bias []float32, act Act) {
	taps := asm.packTaps(w, s, pitch, ws, false)
	defer scratch.Put(taps)
	asm.correlate(y, x, s, *taps, bias, act)
}

// correlate convolves x with packed taps, and applies the bias and the activation while the
// rows are in the cache.
func (asm *assembly) correlate(y, x []float32, s DepthwiseShape, taps, bias []float32, act Act) {
	oh, ow := s.Out()
	kernel, kk := asm.Forward[[2]int{s.K, s.Stride}], s.K*s.K*asm.Lanes
	var p periodic
	if bias != nil {
		p = newPeriodic(s.C, 2)
		defer p.release()
		p.fill(0, 1)
		p.set(1, bias)
	}
	v := paddedImage{asm: asm, h: s.H, w: s.W, c: s.C, left: s.K / 2, padded: s.W + s.K - 1}
	eachStrip(s.N, oh, v.strip(s.Stride, s.K), ow*s.C, func(next func() (image, from, to int)) {
		win := v.window(s.Stride, s.K, oh)
		defer win.release()
		for image, from, to := next(); image >= 0; image, from, to = next() {
			win.point(x, image, from*s.Stride-s.K/2, (to-from-1)*s.Stride+s.K)
			out := y[(image*oh+from)*ow*s.C : (image*oh+to)*ow*s.C]
			for b := range asm.blocksOf(s.C) {
				kernel(&out[b*asm.Lanes], &win.table[0], &taps[b*kk], to-from, ow, 4*asm.Lanes*b*v.padded, 4*s.C, asm.tailMask(s.C, b*asm.Lanes, 1))
			}
			if bias != nil {
				asm.Affine[act](&out[0], &out[0], p.ptr(0), p.ptr(1), len(out), p.bytes())
			}
		}
	})
}

// inputGradientStride2 uses, for each row and pixel of dx, the taps that match its parity.
func (asm *assembly) inputGradientStride2(dx, dy []float32, s DepthwiseShape, w []float32, pitch, ws int) {
	oh, ow := s.Out()
	taps, kk := asm.packTaps(w, s, pitch, ws, false), s.K*s.K*asm.Lanes
	defer scratch.Put(taps)
	v := paddedImage{asm: asm, h: oh, w: ow, c: s.C, left: 1, padded: ow + 2}
	pairs := (s.H + 1) / 2 // rows 2t and 2t+1
	eachStrip(s.N, pairs, v.strip(1, 3), 2*s.W*s.C, func(next func() (image, from, to int)) {
		win := v.window(1, 3, pairs)
		defer win.release()
		for image, from, to := next(); image >= 0; image, from, to = next() {
			// rows from-1 to to of dy, inclusive
			win.point(dy, image, from-1, to-from+2)
			for parity, kernel := range asm.Input[s.K] {
				rows := to - from
				if 2*(to-1)+parity >= s.H {
					rows--
				}
				if rows == 0 {
					continue
				}
				first := 1 // into the table, of the kernel's first dy row
				if s.K == 5 && parity == 0 {
					first = 0
				}
				out := dx[((image*s.H)+2*from+parity)*s.W*s.C:]
				for b := range asm.blocksOf(s.C) {
					kernel(&out[b*asm.Lanes], &win.table[first], &(*taps)[b*kk], rows, s.W, 4*asm.Lanes*b*v.padded, 4*s.C, asm.tailMask(s.C, b*asm.Lanes, 1))
				}
			}
		}
	})
}

// depthwiseGradWeight sums over parts of the images and adds the sums in order.
func (asm *assembly) depthwiseGradWeight(dw []float32, pitch, ws int, x, dy []float32, s DepthwiseShape) {
	if !fits(s) {
		depthwiseGradWeightPortable(dw, pitch, ws, x, dy, s)
		return
	}
	checkDepthwise(x, dy, dw, s, pitch, ws)
	oh, ow := s.Out()
	kernel, kk := asm.Weight[[2]int{s.K, s.Stride}], s.K*s.K
	v := paddedImage{asm: asm, h: s.H, w: s.W, c: s.C, left: s.K / 2, padded: s.W + s.K - 1}
	rows := v.strip(s.Stride, s.K)
	t := min(Threads(), s.N)
	parts := make([]*[]float32, t)
	Parallel(t, func(first, last int) {
		for part := first; part < last; part++ {
			sums := borrow(asm.blocksOf(s.C) * kk * asm.Lanes)
			clear(*sums)
			win := v.window(s.Stride, s.K, oh)
			for image := s.N * part / t; image < s.N*(part+1)/t; image++ {
				for from := 0; from < oh; from += rows {
					to := min(from+rows, oh)
					win.point(x, image, from*s.Stride-s.K/2, (to-from-1)*s.Stride+s.K)
					d := dy[(image*oh+from)*ow*s.C : (image*oh+to)*ow*s.C]
					// All sums of a pixel wait for its dy, so misses would hardly overlap
					// in the loop; loading the rows first is twice as fast.
					asm.Touch(&d[0], len(d))
					for b := range asm.blocksOf(s.C) {
						kernel(&d[b*asm.Lanes], &win.table[0], &(*sums)[b*kk*asm.Lanes], to-from, ow, 4*asm.Lanes*b*v.padded, 4*s.C, asm.tailMask(s.C, b*asm.Lanes, 1))
					}
				}
			}
			win.release()
			parts[part] = sums
		}
	})
	for _, sums := range parts {
		for tap := range kk {
			out := dw[(tap/s.K*pitch+tap%s.K)*ws:][:s.C]
			for b := 0; b < s.C; b += asm.Lanes {
				to := out[b:min(b+asm.Lanes, s.C)]
				for j, v := range (*sums)[(b/asm.Lanes*kk+tap)*asm.Lanes:][:len(to)] {
					to[j] += v
				}
			}
		}
		scratch.Put(sums)
	}
}
