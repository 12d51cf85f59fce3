package kernel

// InvertedSpec is the first half of an inverted residual block: the 1x1
// expansion where there is one, then the depthwise convolution, both with a
// bias and the activation after it.
type InvertedSpec struct {
	In, Mid, K, Stride int
	Act                Act

	// Expand [In][Mid] has row stride ExpandStride; column j is multiplied by
	// ExpandScale[j].
	Expand                  []float32
	ExpandStride            int
	ExpandScale, ExpandBias []float32
	// Matrix is Expand laid out already, in which case Expand may be nil. Where both are
	// nil the block has no expansion, and In is Mid.
	Matrix *Matrix

	// Tap (ky,kx) of channel c is Taps[(ky*Pitch+kx)*TapStride+c]*Scale[c].
	Taps             []float32
	Pitch, TapStride int
	Scale, Bias      []float32
}

// Inverted is an InvertedSpec packed for inference, in the layout of the implementation
// that was active then.
type Inverted struct {
	apply   func(y, mean, x []float32, n, h, w int)
	release func()
}

// Release frees the memory for those packed next. p must not be used after that.
func (p *Inverted) Release() {
	if p.release != nil {
		p.release()
		p.apply, p.release = nil, nil
	}
}

// PackInverted copies the weights, except those of a Matrix. The biases and ExpandScale may
// not be copied, and must not change while it is used.
func PackInverted(s InvertedSpec) *Inverted {
	if active.inverted != nil && s.Act == Swish {
		if p := active.inverted(s); p != nil {
			return p
		}
	}
	return composeInverted(s)
}

// Apply computes y [n,oh,ow,Mid] from x [n,h,w,In] and, where mean [n,Mid] is not nil, the
// mean of each channel of y, with which squeeze-and-excitation begins.
func (p *Inverted) Apply(y, mean, x []float32, n, h, w int) { p.apply(y, mean, x, n, h, w) }

// composeInverted runs one operator after the other.
func composeInverted(s InvertedSpec) *Inverted {
	var expand *Packed
	switch {
	case s.Matrix != nil:
		expand = s.Matrix.Slice(s.In, s.Mid, s.ExpandScale, s.ExpandBias)
	case s.Expand != nil:
		expand = Pack(s.Expand, s.In, s.Mid, s.ExpandStride, s.ExpandScale, s.ExpandBias)
	}
	// With capacity for whole vectors.
	taps := make([]float32, s.K*s.K*s.Mid, s.K*s.K*s.Mid+16)
	for t := range s.K * s.K {
		ChannelScale(taps[t*s.Mid:][:s.Mid], s.Taps[(t/s.K*s.Pitch+t%s.K)*s.TapStride:][:s.Mid], s.Scale, 1, 1, s.Mid)
	}
	bias := append(make([]float32, 0, s.Mid+16), s.Bias[:s.Mid]...)
	return &Inverted{apply: func(y, mean, x []float32, n, h, w int) {
		shape := DepthwiseShape{N: n, H: h, W: w, C: s.Mid, K: s.K, Stride: s.Stride}
		if expand != nil {
			e := borrow(n * h * w * s.Mid)
			defer scratch.Put(e)
			expand.Apply(*e, x, n*h*w, s.Act, nil)
			x = *e
		}
		DepthwiseAct(y, x, shape, taps, bias, s.Act)
		if mean != nil {
			oh, ow := shape.Out()
			GlobalPool(mean, y, n, oh*ow, s.Mid)
		}
	}, release: func() {
		if expand != nil {
			expand.Release()
		}
	}}
}
