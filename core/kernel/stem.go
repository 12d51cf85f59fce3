package kernel

// Stem is a 3x3 convolution at stride 2 with padding 1, with bias and activation,
// ready for inference: the first layer of a network.
type Stem struct {
	apply func(y, x []float32, n, h, w int)
}

// PackStem copies W[9*cin][n], row stride ws, its rows in the order ky, kx, c, with column j
// multiplied by scale[j], and bias [n].
func PackStem(w []float32, cin, n, ws int, scale, bias []float32, act Act) *Stem {
	if active.stem != nil && act == Swish {
		return active.stem(w, cin, n, ws, scale, bias)
	}
	p := Pack(w, 9*cin, n, ws, scale, bias)
	return &Stem{func(y, x []float32, n, h, w int) {
		m := n * ((h + 1) / 2) * ((w + 1) / 2)
		cols := borrow(m * 9 * cin)
		defer scratch.Put(cols)
		Im2col3x3s2(*cols, x, n, h, w, cin)
		p.Apply(y, *cols, m, act, nil)
	}}
}

// Apply computes y [n,(h+1)/2,(w+1)/2,n of the weights] from x [n,h,w,cin].
func (p *Stem) Apply(y, x []float32, n, h, w int) { p.apply(y, x, n, h, w) }
