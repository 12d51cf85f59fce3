//go:build amd64 && !noasm

package kernel

// The depthwise convolution with kernels that have no loops of their own, such as 7x7: for each
// tap, a row of the input times that tap is added to a row of the output.

// fitsRows reports whether tapRows supports the shape.
func fitsRows(s DepthwiseShape) bool {
	return s.K > 5 && (s.Stride == 1 || s.Stride == 2) && s.N > 0 && s.C > 0 && s.H > 0 && s.W > 0
}

// tapRows computes y = act(x*w + bias); a nil bias stands for neither. With turned set the taps
// are taken in reverse order.
func (asm *assembly) tapRows(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int, turned bool, bias []float32, act Act) {
	oh, ow := s.Out()
	kk := s.K * s.K
	parallelWork(s.N*oh*ow*s.C*kk, s.N*oh, func(lo, hi int) {
		p := newPeriodic(s.C, kk+3)
		defer p.release()
		zero, one, shift := kk, kk+1, kk+2
		for t := range kk {
			to := t
			if turned {
				to = kk - 1 - t
			}
			p.set(to, w[(t/s.K*pitch+t%s.K)*ws:][:s.C])
		}
		p.fill(zero, 0)
		if bias != nil {
			p.fill(one, 1)
			p.set(shift, bias[:s.C])
		}
		var columns *[]float32 // the even ones of an input row, then the odd ones
		even := (s.W + 1) / 2 * s.C
		if s.Stride == 2 {
			columns = borrow(s.W * s.C)
			defer scratch.Put(columns)
		}
		for r := lo; r < hi; r++ {
			image, top := r/oh, r%oh*s.Stride-s.K/2
			out := y[r*ow*s.C : (r+1)*ow*s.C]
			clear(out)
			for ky := max(0, -top); ky < min(s.K, s.H-top); ky++ {
				row := x[(image*s.H+top+ky)*s.W*s.C:][:s.W*s.C]
				if s.Stride == 2 {
					for i := range s.W {
						copy((*columns)[i%2*even+i/2*s.C:][:s.C], row[i*s.C:])
					}
				}
				for kx := range s.K {
					from, width, first := row, s.W, kx-s.K/2 // pixel ox of out reads pixel ox+first of from
					if s.Stride == 2 {
						odd := first & 1
						from, width, first = (*columns)[odd*even:], (s.W+1-odd)/2, (first-odd)/2
					}
					begin, end := max(0, -first), min(ow, width-first)
					if begin < end {
						asm.AffineAdd[None](&out[begin*s.C], &from[(begin+first)*s.C], p.ptr(ky*s.K+kx), p.ptr(zero), &out[begin*s.C], (end-begin)*s.C, p.bytes())
					}
				}
			}
			if bias != nil {
				asm.Affine[act](&out[0], &out[0], p.ptr(one), p.ptr(shift), len(out), p.bytes())
			}
		}
	})
}
