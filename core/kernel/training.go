package kernel

// training is the operators of the training step that inference does not have, the second
// half of the contract. An output may overlap an input only where the last column says so;
// adds means that the result is added to the output.
//
//	operator             computes                                       shapes                               output may be
//	Pointwise            y = x W                                        x [m,k]  W [k,n]  y [m,n]            new
//	PointwiseGradInput   dx = dy W^T                                    dx [m,k]  dy [m,n]                   new, adds on demand
//	PointwiseGradWeight  dW += x^T dy                                   dW [k,n]                             adds
//	Operand.Times         Pointwise, or PointwiseGradInput, packed once                                       new, the latter adds on demand
//	AddGradWeight        PointwiseGradWeight on one thread                                                   adds
//	Depthwise            y = x*taps                                     x [N,H,W,C]  y [N,OH,OW,C]           new
//	DepthwiseGradInput   dx = the gradient at x                         dx [N,H,W,C]  dy [N,OH,OW,C]         new
//	DepthwiseGradWeight  dtaps += the gradient of the taps              dtaps [K*K,C]                        adds
//	ScaleShiftAct        y = act(x*scale + shift) + residual            y, x, residual [m,c]  scale [c]      x, residual
//	ActivateGrad         dx = dy*act'(x)                                all [any]                            dy
//	AddBias              y += bias                                      y [m,c]  bias [c]                    adds
//	BiasGrad             db += column sums of dy                        dy [m,c]  db [c]                     adds
//	Add                  y += x                                         y, x [any]                           adds
//	GlobalPoolGrad       dx = dy/hw                                     dx [n,hw,c]  dy [n,c]                new
//	ChannelScaleReduce   ds = sum of dy*x over pixels                   dy, x [n,hw,c]  ds [n,c]             new
//	ChannelScaleGrad     dx = dy*s + g/hw                               dx, dy [n,hw,c]  s, g [n,c]          dy
//	AvgPool2x2Grad       dx = dy/4                                      dx [n,h,w,c]  dy [n,h/2,w/2,c]       new, adds on demand
//	Moments.Add          sum += x-origin, square += (x-origin)^2        x [m,c], sums in float64             adds
//	ActSlope             y, slope = act(z), act'(z) of z=x*scale+shift  y, slope, x [m,c]                    new
//	AddGrad              dz = dy*slope, sums of dz and dz*(x-mean)      dz, dy, slope, x [m,c]               dy
//	Combine              dx = k*dz + a*x + b                            dx, dz, x [m,c]  k, a, b [c]         dz
//	Round, Widen         to bfloat16, from bfloat16                     all [any]                            new
//	...Rounded           AddGrad and others, x and dz in bfloat16       as above                             new
//
// Those from Moments.Add on, Operand.Times and AddGradWeight run on the calling goroutine,
// for bands of a chain of operators (Bands). The others divide their work among threads,
// each with its own sums, which are added in order.
type training struct {
	pointwise           func(y, x []float32, m, k, n int, w []float32, ws int)
	pointwiseGradInput  func(dx, dy []float32, m, k, n int, w []float32, ws int, accumulate bool)
	pointwiseGradWeight func(dw []float32, ws int, x, dy []float32, m, k, n int)
	depthwise           func(y, x []float32, s DepthwiseShape, w []float32, pitch, ws int)
	depthwiseGradInput  func(dx, dy []float32, s DepthwiseShape, w []float32, pitch, ws int)
	depthwiseGradWeight func(dw []float32, pitch, ws int, x, dy []float32, s DepthwiseShape)
	scaleShiftAct       func(y, x []float32, m, c int, scale, shift []float32, act Act, residual []float32)
	activateGrad        func(dx, dy, x []float32, act Act)
	addBias             func(y []float32, m, c int, bias []float32)
	biasGrad            func(db, dy []float32, m, c int)
	add                 func(y, x []float32)
	globalPoolGrad      func(dx, dy []float32, n, hw, c int)
	channelScaleReduce  func(ds, dy, x []float32, n, hw, c int)
	channelScaleGrad    func(dx, dy, s, g []float32, n, hw, c int)
	avgPool2x2Grad      func(dx, dy []float32, n, h, w, c int, accumulate bool)
	operand             func(p *Operand[float32]) // sets packed and times
	addGradWeight       func(dw []float32, ws int, x, dy []float32, m, k, n int)
	addMoments          func(sum, square []float64, x []float32, m, c int, origin []float32)
	actSlope            func(y, slope, x []float32, m, c int, scale, shift []float32, act Act)
	addGrad             func(sd, sdx []float64, dz, dy, slope, x []float32, m, c int, mean []float32)
	combine             func(dx, dz, x []float32, m, c int, k, a, b []float32)

	// The counterparts of some for what is kept in bfloat16; the activation is swish.
	round                func(y []BFloat16, x []float32)
	widen                func(y []float32, x []BFloat16)
	roundMoments         func(sum, square []float64, y []BFloat16, x []float32, m, c int, origin []float32)
	scaleShiftActRounded func(y []float32, x []BFloat16, m, c int, scale, shift []float32)
	actSlopeRounded      func(y, slope []float32, x []BFloat16, m, c int, scale, shift []float32)
	addGradRounded       func(sd, sdx []float64, dz []BFloat16, dy, slope []float32, x []BFloat16, m, c int, mean []float32)
	combineRounded       func(dx []float32, dz, x []BFloat16, m, c int, k, a, b []float32)
}

// Pointwise computes y = x W: y [m,n], x [m,k], W[k][n] with row stride ws >= n,
// so that a slice of a bigger matrix needs no copy. It is a 1x1 convolution of m pixels.
func Pointwise[T Float](y []T, x []T, m int, k int, n int, w []T, ws int) {
	if v, ok := any(y).([]float32); ok && active.pointwise != nil {
		active.pointwise(v, float32s(x), m, k, n, float32s(w), ws)
		return
	}
	pointwiseReference(y, x, m, k, n, w, ws)
}

// PointwiseGradInput computes dx = dy W^T, or adds it to dx: dx [m,k], dy [m,n].
func PointwiseGradInput[T Float](dx []T, dy []T, m int, k int, n int, w []T, ws int, accumulate bool) {
	if v, ok := any(dx).([]float32); ok && active.pointwiseGradInput != nil {
		active.pointwiseGradInput(v, float32s(dy), m, k, n, float32s(w), ws, accumulate)
		return
	}
	pointwiseGradInputReference(dx, dy, m, k, n, w, ws, accumulate)
}

// PointwiseGradWeight adds x^T dy to dW[k][n], row stride ws.
func PointwiseGradWeight[T Float](dw []T, ws int, x []T, dy []T, m int, k int, n int) {
	if v, ok := any(dw).([]float32); ok && active.pointwiseGradWeight != nil {
		active.pointwiseGradWeight(v, ws, float32s(x), float32s(dy), m, k, n)
		return
	}
	pointwiseGradWeightReference(dw, ws, x, dy, m, k, n)
}

// Depthwise convolves each channel of x [N,H,W,C] with its own KxK kernel into y
// [N,OH,OW,C]. Tap (ky,kx) of channel c is w[(ky*pitch+kx)*ws+c], so that the centre of a
// bigger kernel needs no copy.
func Depthwise[T Float](y []T, x []T, s DepthwiseShape, w []T, pitch int, ws int) {
	if v, ok := any(y).([]float32); ok && active.depthwise != nil {
		active.depthwise(v, float32s(x), s, float32s(w), pitch, ws)
		return
	}
	depthwiseReference(y, x, s, w, pitch, ws)
}

// DepthwiseGradInput overwrites dx [N,H,W,C] with the gradient at the input.
func DepthwiseGradInput[T Float](dx []T, dy []T, s DepthwiseShape, w []T, pitch int, ws int) {
	if v, ok := any(dx).([]float32); ok && active.depthwiseGradInput != nil {
		active.depthwiseGradInput(v, float32s(dy), s, float32s(w), pitch, ws)
		return
	}
	depthwiseGradInputReference(dx, dy, s, w, pitch, ws)
}

// DepthwiseGradWeight adds the gradient of the taps to dw.
func DepthwiseGradWeight[T Float](dw []T, pitch int, ws int, x []T, dy []T, s DepthwiseShape) {
	if v, ok := any(dw).([]float32); ok && active.depthwiseGradWeight != nil {
		active.depthwiseGradWeight(v, pitch, ws, float32s(x), float32s(dy), s)
		return
	}
	depthwiseGradWeightReference(dw, pitch, ws, x, dy, s)
}

// ScaleShiftAct computes y = act(x*scale+shift), plus residual where it is not
// nil, for [m,c]. y may be x or residual.
func ScaleShiftAct[T Float](y []T, x []T, m int, c int, scale []T, shift []T, act Act, residual []T) {
	if v, ok := any(y).([]float32); ok && active.scaleShiftAct != nil && act <= lastFast {
		active.scaleShiftAct(v, float32s(x), m, c, float32s(scale), float32s(shift), act, float32s(residual))
		return
	}
	if act > lastFast && residual == nil {
		ScaleShiftAct(y, x, m, c, scale, shift, None, nil)
		activatePlain(y, y[:m*c], act)
		return
	}
	scaleShiftActReference(y, x, m, c, scale, shift, act, residual)
}

// ActivateGrad computes dx = dy*act'(x). dx may be dy.
func ActivateGrad[T Float](dx []T, dy []T, x []T, act Act) {
	if v, ok := any(dx).([]float32); ok && active.activateGrad != nil && act <= lastFast {
		active.activateGrad(v, float32s(dy), float32s(x), act)
		return
	}
	activateGradReference(dx, dy, x, act)
}

// AddBias adds bias [c] to every row of y [m,c].
func AddBias[T Float](y []T, m int, c int, bias []T) {
	if v, ok := any(y).([]float32); ok && active.addBias != nil {
		active.addBias(v, m, c, float32s(bias))
		return
	}
	addBiasReference(y, m, c, bias)
}

// BiasGrad adds the column sums of dy [m,c] to db.
func BiasGrad[T Float](db []T, dy []T, m int, c int) {
	if v, ok := any(db).([]float32); ok && active.biasGrad != nil {
		active.biasGrad(v, float32s(dy), m, c)
		return
	}
	biasGradReference(db, dy, m, c)
}

// Add adds x to y.
func Add[T Float](y []T, x []T) {
	if v, ok := any(y).([]float32); ok && active.add != nil {
		active.add(v, float32s(x))
		return
	}
	addReference(y, x)
}

// GlobalPoolGrad overwrites dx [n,hw,c] with dy [n,c] spread evenly.
func GlobalPoolGrad[T Float](dx []T, dy []T, n int, hw int, c int) {
	if v, ok := any(dx).([]float32); ok && active.globalPoolGrad != nil {
		active.globalPoolGrad(v, float32s(dy), n, hw, c)
		return
	}
	globalPoolGradReference(dx, dy, n, hw, c)
}

// ChannelScaleReduce computes ds [n,c], the sum over hw of dy*x.
func ChannelScaleReduce[T Float](ds []T, dy []T, x []T, n int, hw int, c int) {
	if v, ok := any(ds).([]float32); ok && active.channelScaleReduce != nil {
		active.channelScaleReduce(v, float32s(dy), float32s(x), n, hw, c)
		return
	}
	channelScaleReduceReference(ds, dy, x, n, hw, c)
}

// ChannelScaleGrad computes dx = dy*s + g/hw, g [n,c] the gradient that reached
// the mean over hw. dx may be dy.
func ChannelScaleGrad[T Float](dx []T, dy []T, s []T, g []T, n int, hw int, c int) {
	if v, ok := any(dx).([]float32); ok && active.channelScaleGrad != nil {
		active.channelScaleGrad(v, float32s(dy), float32s(s), float32s(g), n, hw, c)
		return
	}
	channelScaleGradReference(dx, dy, s, g, n, hw, c)
}

// AvgPool2x2Grad spreads dy evenly over dx [n,h,w,c], or adds it.
func AvgPool2x2Grad[T Float](dx []T, dy []T, n int, h int, w int, c int, accumulate bool) {
	if v, ok := any(dx).([]float32); ok && active.avgPool2x2Grad != nil {
		active.avgPool2x2Grad(v, float32s(dy), n, h, w, c, accumulate)
		return
	}
	avgPool2x2GradReference(dx, dy, n, h, w, c, accumulate)
}
