package supernet

// Taps returns the weights of the block's depthwise convolution with a k x k kernel and mid
// channels, with the pitch and the stride that kernel.Depthwise takes: the centre of the shared
// kernel, in its memory, or what the transforms make of it, in new memory.
func (p *BlockOf[T]) Taps(k, mid int) (w []T, pitch, stride int) {
	if !p.made(k) {
		return p.centre(p.Depthwise.Weight, k)
	}
	w, pitch, stride = p.Depthwise.Weight.Data, p.Size.Kernel, p.Size.Mid
	for side, i := p.Size.Kernel, 0; side > k; side, i = side-2, i+1 {
		m := p.Transforms[i]
		n := side - 2
		next := make([]T, n*n*mid)
		for from := range n * n {
			row, column := from/n+1, from%n+1 // in the bigger kernel
			taps := w[(row*pitch+column)*stride:][:mid]
			for to, f := range m.Row(from, n*n) {
				sum := next[to*mid:][:mid]
				for c, v := range taps {
					sum[c] += T(f * v)
				}
			}
		}
		w, pitch, stride = next, n, mid
	}
	return w, pitch, stride
}

// made reports whether a k x k kernel goes through transforms.
func (p *BlockOf[T]) made(k int) bool { return p.Transforms[0] != nil && k < p.Size.Kernel }

// centre returns the depthwise weights from the first tap of their k x k centre on.
func (p *BlockOf[T]) centre(of *ParamOf[T], k int) (w []T, pitch, stride int) {
	big, c := p.Size.Kernel, p.Size.Mid
	lo := (big - k) / 2
	return of.Data[(lo*big+lo)*c:], big, c
}

// TapsGrad returns where the gradient of the weights that Taps returns is to be added, with its
// pitch and stride: grad, the gradients of the block, or new memory, from where done, called
// after that, takes it through the transforms to theirs and to the shared kernel's.
func (p *BlockOf[T]) TapsGrad(grad *BlockOf[T], k, mid int) (dw []T, pitch, stride int, done func()) {
	if !p.made(k) {
		dw, pitch, stride = p.centre(grad.Depthwise.Weight, k)
		return dw, pitch, stride, func() {}
	}
	dw = make([]T, k*k*mid)
	return dw, k, mid, func() { p.throughTransforms(grad, dw, k, mid) }
}

// throughTransforms adds the gradients that follow from d, the one of the k x k taps.
func (p *BlockOf[T]) throughTransforms(grad *BlockOf[T], d []T, k, mid int) {
	for n := k; n < p.Size.Kernel; n += 2 {
		x, pitch, stride := p.Taps(n+2, mid)
		to, toPitch, toStride := grad.Depthwise.Weight.Data, p.Size.Kernel, p.Size.Mid
		if n+2 < p.Size.Kernel {
			to, toPitch, toStride = make([]T, (n+2)*(n+2)*mid), n+2, mid
		}
		i := (p.Size.Kernel-n)/2 - 1
		m, dm := p.Transforms[i].Data, grad.Transforms[i].Data
		for from := range n * n {
			row, column := from/n+1, from%n+1 // in the bigger kernel
			taps, dtaps := x[(row*pitch+column)*stride:][:mid], to[(row*toPitch+column)*toStride:][:mid]
			for at := range n * n {
				f, sum := m[from*n*n+at], T(0)
				for c, v := range d[at*mid:][:mid] {
					sum += v * taps[c]
					dtaps[c] += f * v
				}
				dm[from*n*n+at] += sum
			}
		}
		d = to
	}
}
