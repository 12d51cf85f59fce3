package kernel

import "math"

// The reference loops are the specification: plain, in index order, never tuned.
// A product is converted before it is added to: that rules out fused
// multiply-add, which not every platform has, so that all round alike.

func pointwiseReference[T Float](y, x []T, m, k, n int, w []T, ws int) {
	Parallel(m, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r := y[i*n : i*n+n]
			clear(r)
			for q, a := range x[i*k : i*k+k] {
				for j, v := range w[q*ws : q*ws+n] {
					r[j] += T(a * v)
				}
			}
		}
	})
}
func pointwiseGradInputReference[T Float](dx, dy []T, m, k, n int, w []T, ws int, acc bool) {
	Parallel(m, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			d := dy[i*n : i*n+n]
			for q := range k {
				s := T(0)
				for j, v := range w[q*ws : q*ws+n] {
					s += T(d[j] * v)
				}
				if acc {
					dx[i*k+q] += s
				} else {
					dx[i*k+q] = s
				}
			}
		}
	})
}
func pointwiseGradWeightReference[T Float](dw []T, ws int, x, dy []T, m, k, n int) {
	Parallel(k, func(lo, hi int) {
		for i := range m {
			d := dy[i*n : i*n+n]
			for q := lo; q < hi; q++ {
				a := x[i*k+q]
				r := dw[q*ws : q*ws+n]
				for j, v := range d {
					r[j] += T(a * v)
				}
			}
		}
	})
}

func (s DepthwiseShape) each(lo, hi int, f func(out, in, tap int), pitch int) {
	oh, ow := s.Out()
	for b := lo; b < hi; b++ {
		for y := range oh {
			for x := range ow {
				for ky := range s.K {
					iy := y*s.Stride + ky - s.K/2
					if iy < 0 || iy >= s.H {
						continue
					}
					for kx := range s.K {
						ix := x*s.Stride + kx - s.K/2
						if ix < 0 || ix >= s.W {
							continue
						}
						f(((b*oh+y)*ow+x)*s.C, ((b*s.H+iy)*s.W+ix)*s.C, ky*pitch+kx)
					}
				}
			}
		}
	}
}
func depthwiseReference[T Float](y, x []T, s DepthwiseShape, w []T, pitch, ws int) {
	oh, ow := s.Out()
	clear(y[:s.N*oh*ow*s.C])
	Parallel(s.N, func(lo, hi int) {
		s.each(lo, hi, func(o, i, t int) {
			a, b, v := y[o:o+s.C], x[i:i+s.C], w[t*ws:t*ws+s.C]
			for c := range a {
				a[c] += T(b[c] * v[c])
			}
		}, pitch)
	})
}
func depthwiseGradInputReference[T Float](dx, dy []T, s DepthwiseShape, w []T, pitch, ws int) {
	clear(dx[:s.N*s.H*s.W*s.C])
	Parallel(s.N, func(lo, hi int) {
		s.each(lo, hi, func(o, i, t int) {
			a, b, v := dy[o:o+s.C], dx[i:i+s.C], w[t*ws:t*ws+s.C]
			for c := range a {
				b[c] += T(a[c] * v[c])
			}
		}, pitch)
	})
}
func depthwiseGradWeightReference[T Float](dw []T, pitch, ws int, x, dy []T, s DepthwiseShape) {
	s.each(0, s.N, func(o, i, t int) {
		a, b, v := dy[o:o+s.C], x[i:i+s.C], dw[t*ws:t*ws+s.C]
		for c := range a {
			v[c] += T(a[c] * b[c])
		}
	}, pitch)
}
func activation[T Float](x T, a Act) T {
	switch a {
	case Swish:
		if x < logisticFloor {
			x = logisticFloor // -Inf*0 is not a number
		}
		return T(float64(x) * sigmoid(x))
	case Sigmoid:
		return T(sigmoid(x))
	case ReLU:
		return max(x, 0)
	case HardSigmoid:
		return hardSigmoid(x)
	case HardSwish:
		return hardSwish(x)
	}
	return x
}

// chained is dy times the derivative of the activation at x.
func chained[T Float](dy, x T, a Act) T {
	switch a {
	case Swish:
		s := sigmoid(x)
		if x < logisticFloor {
			x = logisticFloor
		} else if x > logisticCeiling {
			x = logisticCeiling // Inf*(1-1) is not a number
		}
		return dy * T(s*(1+float64(float64(x)*(1-s))))
	case Sigmoid:
		s := sigmoid(x)
		return dy * T(s*(1-s))
	case ReLU:
		if x <= 0 {
			return 0
		}
	case HardSigmoid:
		if x <= -3 || x > 3 {
			return 0
		}
		return dy / 6
	case HardSwish:
		switch {
		case x <= -3:
			return 0
		case x <= 3:
			return dy * (2*x + 3) / 6
		}
	}
	return dy
}
func scaleShiftActReference[T Float](y, x []T, m, c int, scale, shift []T, a Act, residual []T) {
	Parallel(m, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j := range c {
				v := activation(T(x[i*c+j]*scale[j])+shift[j], a)
				if residual != nil {
					v += residual[i*c+j]
				}
				y[i*c+j] = v
			}
		}
	})
}
func activateReference[T Float](y, x []T, a Act) {
	for i, v := range x {
		y[i] = activation(v, a)
	}
}
func activateGradReference[T Float](dx, dy, x []T, a Act) {
	for i, v := range x {
		dx[i] = chained(dy[i], v, a)
	}
}
func addBiasReference[T Float](y []T, m, c int, b []T) {
	for i := range m {
		for j := range c {
			y[i*c+j] += b[j]
		}
	}
}
func biasGradReference[T Float](db, dy []T, m, c int) {
	for i := range m {
		for j := range c {
			db[j] += dy[i*c+j]
		}
	}
}
func addReference[T Float](y, x []T) {
	for i, v := range x {
		y[i] += v
	}
}
func globalPoolReference[T Float](y, x []T, n, hw, c int) {
	for b := range n {
		for j := range c {
			s := T(0)
			for i := range hw {
				s += x[(b*hw+i)*c+j]
			}
			y[b*c+j] = s / T(hw)
		}
	}
}
func globalPoolGradReference[T Float](dx, dy []T, n, hw, c int) {
	for b := range n {
		for i := range hw {
			for j := range c {
				dx[(b*hw+i)*c+j] = dy[b*c+j] / T(hw)
			}
		}
	}
}
func channelScaleReference[T Float](y, x, s []T, n, hw, c int) {
	for b := range n {
		for i := range hw {
			for j := range c {
				y[(b*hw+i)*c+j] = x[(b*hw+i)*c+j] * s[b*c+j]
			}
		}
	}
}
func channelScaleReduceReference[T Float](ds, dy, x []T, n, hw, c int) {
	for b := range n {
		for j := range c {
			s := T(0)
			for i := range hw {
				s += T(dy[(b*hw+i)*c+j] * x[(b*hw+i)*c+j])
			}
			ds[b*c+j] = s
		}
	}
}
func channelScaleGradReference[T Float](dx, dy, s, g []T, n, hw, c int) {
	for b := range n {
		for i := range hw {
			for j := range c {
				dx[(b*hw+i)*c+j] = T(dy[(b*hw+i)*c+j]*s[b*c+j]) + g[b*c+j]/T(hw)
			}
		}
	}
}
func im2col3x3s2Reference[T Float](cols, x []T, n, h, w, cin int) {
	oh, ow := (h+1)/2, (w+1)/2
	Parallel(n*oh, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			b, y := r/oh, r%oh
			for xx := range ow {
				for ky := range 3 {
					for kx := range 3 {
						d := cols[((r*ow+xx)*9+ky*3+kx)*cin:][:cin]
						iy, ix := 2*y+ky-1, 2*xx+kx-1
						if iy < 0 || iy >= h || ix < 0 || ix >= w {
							clear(d)
						} else {
							copy(d, x[((b*h+iy)*w+ix)*cin:])
						}
					}
				}
			}
		}
	})
}
func avgPool2x2Reference[T Float](y, x []T, n, h, w, c int) {
	for b := range n {
		for i := range h / 2 {
			for j := range w / 2 {
				for k := range c {
					o := ((b*h+2*i)*w+2*j)*c + k
					y[((b*(h/2)+i)*(w/2)+j)*c+k] = (x[o] + x[o+c] + x[o+w*c] + x[o+w*c+c]) / 4
				}
			}
		}
	}
}
func avgPool2x2GradReference[T Float](dx, dy []T, n, h, w, c int, acc bool) {
	for b := range n {
		for i := range h {
			for j := range w {
				for k := range c {
					o := ((b*h+i)*w+j)*c + k
					v := dy[((b*(h/2)+i/2)*(w/2)+j/2)*c+k] / 4
					if acc {
						v += dx[o]
					}
					dx[o] = v
				}
			}
		}
	}
}
func applyReference(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	pointwiseReference(y, x, m, p.k, p.n, p.data, p.n)
	y = y[:m*p.n]
	if len(p.bias) > 0 {
		addBiasReference(y, m, p.n, p.bias)
	}
	activateReference(y, y, act)
	if residual != nil {
		addReference(y, residual[:m*p.n])
	}
}
func depthwiseActReference(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
	oh, ow := s.Out()
	m := s.N * oh * ow
	depthwiseReference(y, x, s, w, s.K, s.C)
	addBiasReference(y, m, s.C, bias)
	activateReference(y, y[:m*s.C], act)
}
func foldNormalisationReference(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	for i := range scale {
		s := float64(gamma[i]) / math.Sqrt(float64(variance[i])+epsilon)
		scale[i] = float32(s)
		shift[i] = float32(float64(beta[i]) - float64(s*float64(mean[i])))
	}
}

// The ends of the arguments of Exp: its results are normal numbers.
const lowestExp, highestExp = -80, 87

func expReference(y, x []float32) {
	for i, v := range x {
		y[i] = float32(exponential(float64(min(max(v, lowestExp), highestExp))))
	}
}
