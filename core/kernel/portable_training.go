//go:build !js || training

// Of what runs in a browser only the program that trains has them: the engine is downloaded by everybody.

package kernel

// The operators of training in plain Go, by rows and divided among threads. Each sum is in the
// order of the reference loops, so that the bits agree.

func init() {
	o := &portable.training
	o.pointwise = pointwisePortable
	o.depthwise = depthwisePortable
	o.scaleShiftAct = scaleShiftActPortable
	o.avgPool2x2Grad = avgPool2x2GradPortable
	o.globalPoolGrad = globalPoolGradPortable
	o.pointwiseGradInput = pointwiseGradInputPortable
	o.pointwiseGradWeight = pointwiseGradWeightPortable
	o.depthwiseGradInput = depthwiseGradInputPortable
	o.depthwiseGradWeight = depthwiseGradWeightPortable
	o.activateGrad = activateGradPortable
	o.channelScaleReduce = channelScaleReducePortable
	o.channelScaleGrad = channelScaleGradPortable
}

func pointwisePortable(y, x []float32, m, k, n int, w []float32, ws int) {
	if m < 2*tileRows { // packing would cost as much as the product
		pointwiseReference(y, x, m, k, n, w, ws)
		return
	}
	p := borrow(tiledSize(k, n))
	packTiled(*p, w, k, n, ws, nil)
	parallelWork(m*k*n, m, func(lo, hi int) { tiledRows(y, x, *p, lo, hi, k, n) })
	scratch.Put(p)
}

// pointwiseGradInputPortable computes the product with W transposed.
func pointwiseGradInputPortable(dx, dy []float32, m, k, n int, w []float32, ws int, accumulate bool) {
	turned, packed := borrow(k*n), borrow(tiledSize(n, k))
	defer scratch.Put(turned)
	defer scratch.Put(packed)
	for q := range k {
		for j, v := range w[q*ws : q*ws+n] {
			(*turned)[j*k+q] = v
		}
	}
	packTiled(*packed, *turned, n, k, k, nil)
	parallelWork(m*k*n, m, func(lo, hi int) {
		if !accumulate {
			tiledRows(dx, dy, *packed, lo, hi, n, k)
			return
		}
		const rows = 16
		sums := borrow(rows * k)
		defer scratch.Put(sums)
		for from := lo; from < hi; from += rows {
			to := min(from+rows, hi)
			tiledRows(*sums, dy[from*n:], *packed, 0, to-from, n, k)
			for i, v := range (*sums)[:(to-from)*k] {
				dx[from*k+i] += v
			}
		}
	})
}

// pointwiseGradWeightPortable keeps tiles of dW in registers for a block of pixels that stays
// in the cache.
func pointwiseGradWeightPortable(dw []float32, ws int, x, dy []float32, m, k, n int) {
	block := max(16, 8192/(k+n))
	parallelWork(m*k*n, k, func(lo, hi int) {
		for from := 0; from < m; from += block {
			to := min(from+block, m)
			xs, ds := x[from*k:to*k], dy[from*n:to*n]
			q := lo
			for ; q+tileRows <= hi; q += tileRows {
				j := 0
				for ; j+tileColumns <= n; j += tileColumns {
					tileTransposed(dw[q*ws+j:], dw[(q+1)*ws+j:], xs[q:], ds[j:], to-from, k, n)
				}
				addOuter(dw, ws, xs, ds, q, q+tileRows, j, k, n)
			}
			addOuter(dw, ws, xs, ds, q, hi, 0, k, n)
		}
	})
}

// tileTransposed adds to four columns of two rows of dW.
func tileTransposed(r0, r1, x, dy []float32, m, k, n int) {
	a, b := (*[tileColumns]float32)(r0), (*[tileColumns]float32)(r1)
	s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
	t0, t1, t2, t3 := b[0], b[1], b[2], b[3]
	for i := range m {
		u, d := (*[tileRows]float32)(x[i*k:]), (*[tileColumns]float32)(dy[i*n:])
		s0 += float32(u[0] * d[0])
		t0 += float32(u[1] * d[0])
		s1 += float32(u[0] * d[1])
		t1 += float32(u[1] * d[1])
		s2 += float32(u[0] * d[2])
		t2 += float32(u[1] * d[2])
		s3 += float32(u[0] * d[3])
		t3 += float32(u[1] * d[3])
	}
	*a, *b = [tileColumns]float32{s0, s1, s2, s3}, [tileColumns]float32{t0, t1, t2, t3}
}

// addOuter adds to columns from j on of rows [lo, hi) of dW.
func addOuter(dw []float32, ws int, x, dy []float32, lo, hi, j, k, n int) {
	if lo >= hi || j >= n {
		return
	}
	for ; len(x) >= k; x, dy = x[k:], dy[n:] {
		d := dy[j:n]
		for q := lo; q < hi; q++ {
			r, a := dw[q*ws+j:][:len(d)], x[q]
			for c, v := range d {
				r[c] += float32(a * v)
			}
		}
	}
}

func depthwisePortable(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int) {
	oh, ow := s.Out()
	parallelWork(s.N*oh*ow*s.C*s.K*s.K, s.N*oh, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			depthwiseRow(y, x, s, w, pitch, ws, r)
		}
	})
}

// depthwiseGradInputPortable sums, for each pixel of dx, over the outputs that it contributed to.
func depthwiseGradInputPortable(dx, dy []float32, s DepthwiseShape, w []float32, pitch, ws int) {
	oh, ow := s.Out()
	// outputs returns the outputs whose windows contain position i, and its tap in them.
	outputs := func(i, limit int) (first, last int) {
		return max(0, (i+s.K/2-s.K+s.Stride)/s.Stride), min((i+s.K/2)/s.Stride, limit-1)
	}
	parallelWork(s.N*oh*ow*s.C*s.K*s.K, s.N*s.H, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			image, iy := r/s.H, r%s.H
			y0, y1 := outputs(iy, oh)
			for ix := range s.W {
				o := dx[(r*s.W+ix)*s.C:][:s.C]
				clear(o)
				x0, x1 := outputs(ix, ow)
				for oy := y0; oy <= y1; oy++ {
					for ox := x0; ox <= x1; ox++ {
						t := (iy+s.K/2-oy*s.Stride)*pitch + ix + s.K/2 - ox*s.Stride
						tap(o, dy[((image*oh+oy)*ow+ox)*s.C:], w[t*ws:])
					}
				}
			}
		}
	})
}

// depthwiseGradWeightPortable divides the channels among threads, as each sum goes over all pixels.
func depthwiseGradWeightPortable(dw []float32, pitch, ws int, x, dy []float32, s DepthwiseShape) {
	oh, ow := s.Out()
	parallelWork(s.N*oh*ow*s.C*s.K*s.K, s.C, func(lo, hi int) {
		s.each(0, s.N, func(o, i, t int) {
			tap(dw[t*ws+lo:t*ws+hi], dy[o+lo:o+hi], x[i+lo:i+hi])
		}, pitch)
	})
}

func scaleShiftActPortable(y, x []float32, m, c int, scale, shift []float32, act Act, residual []float32) {
	parallelWork(4*m*c, m, func(lo, hi int) {
		var buffer [256]float32 // y may be the residual: it is written last
		for i := lo; i < hi; i++ {
			for from := 0; from < c; from += len(buffer) {
				to := min(from+len(buffer), c)
				b := buffer[:to-from]
				u, v, w := x[i*c+from:i*c+to], scale[from:to], shift[from:to]
				for j := range b {
					b[j] = float32(u[j]*v[j]) + w[j]
				}
				o := y[i*c+from : i*c+to]
				if residual == nil {
					activatePortableSerial(o, b, act)
					continue
				}
				activatePortableSerial(b, b, act)
				for j, r := range residual[i*c+from : i*c+to] {
					o[j] = b[j] + r
				}
			}
		}
	})
}

func activateGradPortable(dx, dy, x []float32, act Act) {
	parallelWork(16*len(x), len(x), func(lo, hi int) { activateGradReference(dx[lo:hi], dy[lo:hi], x[lo:hi], act) })
}

func channelScaleReducePortable(ds, dy, x []float32, n, hw, c int) {
	parallelWork(n*hw*c, n, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			out := ds[b*c : b*c+c]
			clear(out)
			for i := b * hw; i < (b+1)*hw; i++ {
				tap(out, dy[i*c:], x[i*c:])
			}
		}
	})
}

func channelScaleGradPortable(dx, dy, s, g []float32, n, hw, c int) {
	parallelWork(n*hw*c, n, func(lo, hi int) {
		shift := borrow(c)
		defer scratch.Put(shift)
		for b := lo; b < hi; b++ {
			for j, v := range g[b*c : b*c+c] {
				(*shift)[j] = v / float32(hw)
			}
			f, a := s[b*c:b*c+c], (*shift)[:c]
			for i := b * hw; i < (b+1)*hw; i++ {
				d, o := dy[i*c:][:c], dx[i*c:][:c]
				for j := range o {
					o[j] = float32(d[j]*f[j]) + a[j]
				}
			}
		}
	})
}

func avgPool2x2GradPortable(dx, dy []float32, n, h, w, c int, accumulate bool) {
	parallelWork(n*h*w*c, n*h, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			in := dy[(r/h*(h/2)+r%h/2)*(w/2)*c:][:w/2*c]
			out := dx[r*w*c:][:w*c]
			for j := range w {
				s, d := in[j/2*c:][:c], out[j*c:][:c]
				if accumulate {
					for k, v := range s {
						d[k] += v / 4
					}
					continue
				}
				for k, v := range s {
					d[k] = v / 4
				}
			}
		}
	})
}

func globalPoolGradPortable(dx, dy []float32, n, hw, c int) {
	parallelWork(n*hw*c, n, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			out := dx[b*hw*c:][:hw*c]
			for j, v := range dy[b*c : (b+1)*c] {
				out[j] = v / float32(hw)
			}
			for at := c; at < len(out); at += c {
				copy(out[at:at+c], out[:c])
			}
		}
	})
}
