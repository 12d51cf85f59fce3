package kernel

// operators is one implementation for float32: nil entries fall back to the
// reference loops.
type operators struct {
	name                string
	pointwise           func(y []float32, x []float32, m int, k int, n int, w []float32, ws int)
	pointwiseGradInput  func(dx []float32, dy []float32, m int, k int, n int, w []float32, ws int, accumulate bool)
	pointwiseGradWeight func(dw []float32, ws int, x []float32, dy []float32, m int, k int, n int)
	depthwise           func(y []float32, x []float32, s DepthwiseShape, w []float32, pitch int, ws int)
	depthwiseGradInput  func(dx []float32, dy []float32, s DepthwiseShape, w []float32, pitch int, ws int)
	depthwiseGradWeight func(dw []float32, pitch int, ws int, x []float32, dy []float32, s DepthwiseShape)
	scaleShiftAct       func(y []float32, x []float32, m int, c int, scale []float32, shift []float32, act Act, residual []float32)
	activate            func(y []float32, x []float32, act Act)
	activateGrad        func(dx []float32, dy []float32, x []float32, act Act)
	addBias             func(y []float32, m int, c int, bias []float32)
	biasGrad            func(db []float32, dy []float32, m int, c int)
	add                 func(y []float32, x []float32)
	globalPool          func(y []float32, x []float32, n int, hw int, c int)
	globalPoolGrad      func(dx []float32, dy []float32, n int, hw int, c int)
	channelScale        func(y []float32, x []float32, s []float32, n int, hw int, c int)
	channelScaleReduce  func(ds []float32, dy []float32, x []float32, n int, hw int, c int)
	channelScaleGrad    func(dx []float32, dy []float32, s []float32, g []float32, n int, hw int, c int)
	im2col3x3s2         func(cols []float32, x []float32, n int, h int, w int, cin int)
	avgPool2x2          func(y []float32, x []float32, n int, h int, w int, c int)
	avgPool2x2Grad      func(dx []float32, dy []float32, n int, h int, w int, c int, accumulate bool)
	pack                func(w []float32, k, n, ws int, scale, bias []float32) *Packed
	exp                 func(y, x []float32)
	foldNormalisation   func(scale, shift, gamma, beta, mean, variance []float32, epsilon float64)
	depthwiseAct        func(y, x []float32, s DepthwiseShape, w, bias []float32, act Act)
	factor              func(p *Factor[float32]) // sets packed and times
	addGradWeight       func(dw []float32, ws int, x, dy []float32, m, k, n int)
	addMoments          func(sum, square []float64, x []float32, m, c int, origin []float32)
	actSlope            func(y, slope, x []float32, m, c int, scale, shift []float32, act Act)
	addGrad             func(sd, sdx []float64, dz, dy, slope, x []float32, m, c int, mean []float32)
	combine             func(dx, dz, x []float32, m, c int, k, a, b []float32)
	panels              func(x *Matrix)                // sets panels, where they are nil, and overwrites them; sets lanes and slice
	inverted            func(s InvertedSpec) *Inverted // nil result for a shape it has not
	stem                func(w []float32, cin, n, ws int, scale, bias []float32) *Stem
}

// Pointwise computes y = x W: y [m,n], x [m,k], W[k][n] with row stride ws >= n,
// so that a slice of a bigger matrix is a view. A 1x1 convolution of m pixels.
func Pointwise[T Float](y []T, x []T, m int, k int, n int, w []T, ws int) {
	if f := active.pointwise; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), m, k, n, single(w), ws)
			return
		}
	}
	pointwiseReference(y, x, m, k, n, w, ws)
}

// PointwiseGradInput computes dx = dy W^T, or adds it to dx: dx [m,k], dy [m,n].
func PointwiseGradInput[T Float](dx []T, dy []T, m int, k int, n int, w []T, ws int, accumulate bool) {
	if f := active.pointwiseGradInput; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), m, k, n, single(w), ws, accumulate)
			return
		}
	}
	pointwiseGradInputReference(dx, dy, m, k, n, w, ws, accumulate)
}

// PointwiseGradWeight adds x^T dy to dW[k][n], row stride ws.
func PointwiseGradWeight[T Float](dw []T, ws int, x []T, dy []T, m int, k int, n int) {
	if f := active.pointwiseGradWeight; f != nil {
		if v, ok := any(dw).([]float32); ok {
			f(v, ws, single(x), single(dy), m, k, n)
			return
		}
	}
	pointwiseGradWeightReference(dw, ws, x, dy, m, k, n)
}

// Depthwise convolves each channel of x [N,H,W,C] with its own KxK kernel into y
// [N,OH,OW,C]. Tap (ky,kx) of channel c is w[(ky*pitch+kx)*ws+c]: the centre of a
// bigger kernel is a view.
func Depthwise[T Float](y []T, x []T, s DepthwiseShape, w []T, pitch int, ws int) {
	if f := active.depthwise; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), s, single(w), pitch, ws)
			return
		}
	}
	depthwiseReference(y, x, s, w, pitch, ws)
}

// DepthwiseGradInput overwrites dx [N,H,W,C] with the gradient at the input.
func DepthwiseGradInput[T Float](dx []T, dy []T, s DepthwiseShape, w []T, pitch int, ws int) {
	if f := active.depthwiseGradInput; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), s, single(w), pitch, ws)
			return
		}
	}
	depthwiseGradInputReference(dx, dy, s, w, pitch, ws)
}

// DepthwiseGradWeight adds the gradient of the taps to dw.
func DepthwiseGradWeight[T Float](dw []T, pitch int, ws int, x []T, dy []T, s DepthwiseShape) {
	if f := active.depthwiseGradWeight; f != nil {
		if v, ok := any(dw).([]float32); ok {
			f(v, pitch, ws, single(x), single(dy), s)
			return
		}
	}
	depthwiseGradWeightReference(dw, pitch, ws, x, dy, s)
}

// ScaleShiftAct computes y = act(x*scale+shift), plus residual where it is not
// nil, for [m,c]. y may be x or residual.
func ScaleShiftAct[T Float](y []T, x []T, m int, c int, scale []T, shift []T, act Act, residual []T) {
	if f := active.scaleShiftAct; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), m, c, single(scale), single(shift), act, single(residual))
			return
		}
	}
	scaleShiftActReference(y, x, m, c, scale, shift, act, residual)
}

// Activate computes y = act(x). y may be x.
func Activate[T Float](y []T, x []T, act Act) {
	if f := active.activate; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), act)
			return
		}
	}
	activateReference(y, x, act)
}

// ActivateGrad computes dx = dy*act'(x). dx may be dy.
func ActivateGrad[T Float](dx []T, dy []T, x []T, act Act) {
	if f := active.activateGrad; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), single(x), act)
			return
		}
	}
	activateGradReference(dx, dy, x, act)
}

// AddBias adds bias [c] to every row of y [m,c].
func AddBias[T Float](y []T, m int, c int, bias []T) {
	if f := active.addBias; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, m, c, single(bias))
			return
		}
	}
	addBiasReference(y, m, c, bias)
}

// BiasGrad adds the column sums of dy [m,c] to db.
func BiasGrad[T Float](db []T, dy []T, m int, c int) {
	if f := active.biasGrad; f != nil {
		if v, ok := any(db).([]float32); ok {
			f(v, single(dy), m, c)
			return
		}
	}
	biasGradReference(db, dy, m, c)
}

// Add adds x to y.
func Add[T Float](y []T, x []T) {
	if f := active.add; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x))
			return
		}
	}
	addReference(y, x)
}

// GlobalPool averages x [n,hw,c] over hw into y [n,c].
func GlobalPool[T Float](y []T, x []T, n int, hw int, c int) {
	if f := active.globalPool; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), n, hw, c)
			return
		}
	}
	globalPoolReference(y, x, n, hw, c)
}

// GlobalPoolGrad overwrites dx [n,hw,c] with dy [n,c] spread evenly.
func GlobalPoolGrad[T Float](dx []T, dy []T, n int, hw int, c int) {
	if f := active.globalPoolGrad; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), n, hw, c)
			return
		}
	}
	globalPoolGradReference(dx, dy, n, hw, c)
}

// ChannelScale computes y = x*s, x [n,hw,c], s [n,c]. y may be x.
func ChannelScale[T Float](y []T, x []T, s []T, n int, hw int, c int) {
	if f := active.channelScale; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), single(s), n, hw, c)
			return
		}
	}
	channelScaleReference(y, x, s, n, hw, c)
}

// ChannelScaleReduce computes ds [n,c], the sum over hw of dy*x.
func ChannelScaleReduce[T Float](ds []T, dy []T, x []T, n int, hw int, c int) {
	if f := active.channelScaleReduce; f != nil {
		if v, ok := any(ds).([]float32); ok {
			f(v, single(dy), single(x), n, hw, c)
			return
		}
	}
	channelScaleReduceReference(ds, dy, x, n, hw, c)
}

// ChannelScaleGrad computes dx = dy*s + g/hw, g [n,c] the gradient that reached
// the mean over hw. dx may be dy.
func ChannelScaleGrad[T Float](dx []T, dy []T, s []T, g []T, n int, hw int, c int) {
	if f := active.channelScaleGrad; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), single(s), single(g), n, hw, c)
			return
		}
	}
	channelScaleGradReference(dx, dy, s, g, n, hw, c)
}

// Im2col3x3s2 gathers the 3x3 patches at stride 2, padding 1, of x [n,h,w,cin]
// into cols [n*oh*ow, 9*cin], in the order ky, kx, c.
func Im2col3x3s2[T Float](cols []T, x []T, n int, h int, w int, cin int) {
	if f := active.im2col3x3s2; f != nil {
		if v, ok := any(cols).([]float32); ok {
			f(v, single(x), n, h, w, cin)
			return
		}
	}
	im2col3x3s2Reference(cols, x, n, h, w, cin)
}

// AvgPool2x2 averages 2x2 pixels of x [n,h,w,c]; h and w are even.
func AvgPool2x2[T Float](y []T, x []T, n int, h int, w int, c int) {
	if f := active.avgPool2x2; f != nil {
		if v, ok := any(y).([]float32); ok {
			f(v, single(x), n, h, w, c)
			return
		}
	}
	avgPool2x2Reference(y, x, n, h, w, c)
}

// AvgPool2x2Grad spreads dy evenly over dx [n,h,w,c], or adds it.
func AvgPool2x2Grad[T Float](dx []T, dy []T, n int, h int, w int, c int, accumulate bool) {
	if f := active.avgPool2x2Grad; f != nil {
		if v, ok := any(dx).([]float32); ok {
			f(v, single(dy), n, h, w, c, accumulate)
			return
		}
	}
	avgPool2x2GradReference(dx, dy, n, h, w, c, accumulate)
}

// single is x as []float32, where T is float32.
func single[T Float](x []T) []float32 {
	s, _ := any(x).([]float32)
	return s
}
