package kernel

// The depthwise convolution in plain Go. One row of taps at a time is added to the channels of
// an output pixel, in the order of the reference loops. With 3 or 5 taps in one pass, each sum is
// loaded and stored once or twice per row of taps.

func depthwiseActPortable(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
	oh, ow := s.Out()
	parallelWork(s.N*oh*ow*s.C*s.K*s.K, s.N*oh, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			depthwiseRow(y, x, s, w, s.K, s.C, r)
			row := y[r*ow*s.C : (r+1)*ow*s.C]
			for p := row; len(p) >= s.C; p = p[s.C:] {
				for c, b := range bias[:s.C] {
					p[c] += b
				}
			}
			activatePortableSerial(row, row, act)
		}
	})
}

// depthwiseRow computes row r of all output rows.
func depthwiseRow(y, x []float32, s DepthwiseShape, w []float32, pitch, ws, r int) {
	oh, ow := s.Out()
	image, top := r/oh, r%oh*s.Stride-s.K/2
	for ox := range ow {
		o := y[(r*ow+ox)*s.C:][:s.C]
		clear(o)
		left := ox*s.Stride - s.K/2
		kx0, kx1 := max(0, -left), min(s.K, s.W-left)
		for ky := max(0, -top); ky < min(s.K, s.H-top); ky++ {
			taps := w[(ky*pitch+kx0)*ws:]
			in := x[((image*s.H+top+ky)*s.W+left+kx0)*s.C:]
			n := kx1 - kx0
			if n >= 5 {
				taps5(o, in, taps, ws)
				n, in, taps = n-5, in[5*s.C:], taps[min(5*ws, len(taps)):]
			}
			if n >= 3 {
				taps3(o, in, taps, ws)
				n, in, taps = n-3, in[3*s.C:], taps[min(3*ws, len(taps)):]
			}
			for i := range n {
				tap(o, in[i*s.C:], taps[i*ws:])
			}
		}
	}
}

func tap(o, x, w []float32) {
	x, w = x[:len(o)], w[:len(o)]
	for c := range o {
		o[c] += float32(x[c] * w[c])
	}
}

func taps3(o, x, w []float32, ws int) {
	n := len(o)
	x0, x1, x2 := x[:n], x[n:][:n], x[2*n:][:n]
	w0, w1, w2 := w[:n], w[ws:][:n], w[2*ws:][:n]
	for c := range o {
		v := o[c] + float32(x0[c]*w0[c])
		v += float32(x1[c] * w1[c])
		o[c] = v + float32(x2[c]*w2[c])
	}
}

func taps5(o, x, w []float32, ws int) {
	n := len(o)
	x0, x1, x2, x3, x4 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n], x[4*n:][:n]
	w0, w1, w2, w3, w4 := w[:n], w[ws:][:n], w[2*ws:][:n], w[3*ws:][:n], w[4*ws:][:n]
	for c := range o {
		v := o[c] + float32(x0[c]*w0[c])
		v += float32(x1[c] * w1[c])
		v += float32(x2[c] * w2[c])
		v += float32(x3[c] * w3[c])
		o[c] = v + float32(x4[c]*w4[c])
	}
}
