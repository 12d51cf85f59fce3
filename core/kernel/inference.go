package kernel

// inference is the operators that run a child, the first half of the contract. The package
// comment says what holds for all of them. An output may overlap an input only where the
// last column says so.
//
//	operator           computes                                             shapes                                   output may be
//	Pack, Apply        y = act(x W*scale + bias) + residual                 x [m,k]  W [k,n]  y, residual [m,n]      new
//	ApplyGated         the same of x*gate                                   gate [k]                                 new
//	Matrix.Slice       a Packed of the first rows and columns of W                                                   -
//	Matrix.Times       y = x W, one row, with the first rows of W           x [<=k]  y [<=n]                         new
//	Inverted           h = act(x E*scale + bias), y = act(h*taps + bias)    x [n,h,w,In]  y [n,oh,ow,Mid]            new
//	                   mean = mean of y over its pixels                     mean [n,Mid]                             new
//	Stem               y = act(3x3, stride 2, of x + bias)                  x [n,h,w,cin]  y [n,(h+1)/2,(w+1)/2,c]   new
//	DepthwiseAct       y = act(x*taps + bias)                               x [N,H,W,C]  y [N,OH,OW,C]  taps [K*K,C] new
//	Activate           y = act(x)                                           y, x [any]                               x
//	GlobalPool         y = mean of x over its pixels                        x [n,hw,c]  y [n,c]                      new
//	ChannelScale       y = x*s                                              x, y [n,hw,c]  s [n,c]                   x
//	Im2col3x3s2        cols = 3x3 patches of x at stride 2, order ky,kx,c   x [n,h,w,cin]  cols [n*oh*ow,9*cin]      new
//	AvgPool2x2         y = mean of 2x2 pixels; h and w even                 x [n,h,w,c]  y [n,h/2,w/2,c]             new
//	FoldNormalisation  scale, shift = what a batch normalisation does       all [c]                                  new
//	Exp                y = e^x, x clamped to -80 .. 87                      y, x [any]                               x
//
// ApplyGated may overwrite x. An implementation may scale either the weights of a product or
// its sums. FoldNormalisation computes in float64 and rounds once. The reference loops stand
// in for what is nil, one operator after the other.
type inference struct {
	pack              func(w []float32, k, n, ws int, scale, bias []float32) *Packed
	panels            func(x *Matrix)                // allocates panels where they are nil, fills them, and sets lanes and slice
	inverted          func(s InvertedSpec) *Inverted // returns nil for a shape that it does not support
	stem              func(w []float32, cin, n, ws int, scale, bias []float32) *Stem
	depthwiseAct      func(y, x []float32, s DepthwiseShape, w, bias []float32, act Act)
	activate          func(y, x []float32, act Act)
	globalPool        func(y, x []float32, n, hw, c int)
	channelScale      func(y, x, s []float32, n, hw, c int)
	im2col3x3s2       func(cols, x []float32, n, h, w, cin int)
	avgPool2x2        func(y, x []float32, n, h, w, c int)
	foldNormalisation func(scale, shift, gamma, beta, mean, variance []float32, epsilon float64)
	exp               func(y, x []float32)
}

// DepthwiseAct is the depthwise convolution of inference: y = act(x*w + bias),
// w contiguous [K*K][C].
func DepthwiseAct(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
	if act > lastFast {
		DepthwiseAct(y, x, s, w, bias, None)
		oh, ow := s.Out()
		activatePlain(y, y[:s.N*oh*ow*s.C], act)
		return
	}
	if active.depthwiseAct != nil {
		active.depthwiseAct(y, x, s, w, bias, act)
		return
	}
	depthwiseActReference(y, x, s, w, bias, act)
}

// Activate computes y = act(x). y may be x.
func Activate[T Float](y []T, x []T, act Act) {
	if v, ok := any(y).([]float32); ok && active.activate != nil && act <= lastFast {
		active.activate(v, float32s(x), act)
		return
	}
	activatePlain(y, x, act)
}

// GlobalPool averages x [n,hw,c] over hw into y [n,c].
func GlobalPool[T Float](y []T, x []T, n int, hw int, c int) {
	if v, ok := any(y).([]float32); ok && active.globalPool != nil {
		active.globalPool(v, float32s(x), n, hw, c)
		return
	}
	globalPoolReference(y, x, n, hw, c)
}

// ChannelScale computes y = x*s, x [n,hw,c], s [n,c]. y may be x.
func ChannelScale[T Float](y []T, x []T, s []T, n int, hw int, c int) {
	if v, ok := any(y).([]float32); ok && active.channelScale != nil {
		active.channelScale(v, float32s(x), float32s(s), n, hw, c)
		return
	}
	channelScaleReference(y, x, s, n, hw, c)
}

// Im2col3x3s2 gathers the 3x3 patches at stride 2, padding 1, of x [n,h,w,cin]
// into cols [n*oh*ow, 9*cin], in the order ky, kx, c.
func Im2col3x3s2[T Float](cols []T, x []T, n int, h int, w int, cin int) {
	if v, ok := any(cols).([]float32); ok && active.im2col3x3s2 != nil {
		active.im2col3x3s2(v, float32s(x), n, h, w, cin)
		return
	}
	im2col3x3s2Reference(cols, x, n, h, w, cin)
}

// AvgPool2x2 averages 2x2 pixels of x [n,h,w,c]; h and w are even.
func AvgPool2x2[T Float](y []T, x []T, n int, h int, w int, c int) {
	if v, ok := any(y).([]float32); ok && active.avgPool2x2 != nil {
		active.avgPool2x2(v, float32s(x), n, h, w, c)
		return
	}
	avgPool2x2Reference(y, x, n, h, w, c)
}

// FoldNormalisation computes the scale and the shift that a batch normalisation of
// len(scale) channels with these statistics comes to: scale = gamma/sqrt(variance+epsilon)
// and shift = beta - scale*mean, in float64 and rounded once.
func FoldNormalisation(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	if active.foldNormalisation != nil {
		active.foldNormalisation(scale, shift, gamma, beta, mean, variance, epsilon)
		return
	}
	foldNormalisationReference(scale, shift, gamma, beta, mean, variance, epsilon)
}

// Exp computes y = e^x with x clamped to -80 .. 87. y may be x.
func Exp(y, x []float32) {
	if active.exp != nil {
		active.exp(y, x)
		return
	}
	expReference(y, x)
}
