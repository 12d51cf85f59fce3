package kernel

// Inference is an implementation of the operators of inference outside this package, for one
// thread: the browser's SIMD, which only the program that runs there can link. Each function
// implements the operator of its name, with the lengths that the operator documents; y may
// be x where that is documented. Operators that are nil are those of "portable".
type Inference struct {
	Name string

	// Pack copies W[k][n], row stride ws, column j times scale[j], and bias [n],
	// scale and bias nil for none, and returns what computes
	// y = act(x W + bias) + residual, residual [m,n] or nil.
	Pack         func(w []float32, k, n, ws int, scale, bias []float32) func(y, x []float32, m int, act Act, residual []float32)
	DepthwiseAct func(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) // for kernels of 3, 5 and 7, strides 1 and 2
	Activate     func(y, x []float32, act Act)
	Exp          func(y, x []float32)

	FoldNormalisation func(scale, shift, gamma, beta, mean, variance []float32, epsilon float64)
	GlobalPool        func(y, x []float32, n, hw, c int)
	ChannelScale      func(y, x, s []float32, n, hw, c int)
	Im2colRGB         func(cols, x []float32, n, h, w int) // Im2col3x3s2 of 3 channels
	AvgPool2x2        func(y, x []float32, n, h, w, c int)

	// Panels lays W[k][n], contiguous, out in panels of columns, [panel][k][columns], with
	// zeros after the last column: in to, which it returned for a matrix of that size, or
	// in new ones where to is nil. Cut returns the product with the first k rows and n
	// columns of a matrix of that many rows in such panels; scale and bias may be nil.
	Panels func(to, w []float32, k, n int) (panels []float32, columns int)
	Cut    func(panels []float32, rows, k, n int, scale, bias []float32) Product
}

// Register adds an implementation and makes it the active one. It is called from init
// functions.
func Register(f Inference) {
	o := *portable
	o.name = f.Name
	if f.Pack != nil {
		o.pack = func(w []float32, k, n, ws int, scale, bias []float32) *Packed {
			return packedProduct(k, n, f.Pack(w, k, n, ws, scale, bias))
		}
	}
	if f.DepthwiseAct != nil {
		o.depthwiseAct = func(y, x []float32, s DepthwiseShape, w, bias []float32, act Act) {
			if s.K != 3 && s.K != 5 && s.K != 7 || s.Stride > 2 {
				depthwiseActPortable(y, x, s, w, bias, act)
				return
			}
			f.DepthwiseAct(y, x, s, w, bias, act)
		}
	}
	if f.Activate != nil {
		o.activate = f.Activate
	}
	if f.GlobalPool != nil {
		o.globalPool = f.GlobalPool
	}
	if f.ChannelScale != nil {
		o.channelScale = f.ChannelScale
	}
	if f.Im2colRGB != nil {
		o.im2col3x3s2 = func(cols, x []float32, n, h, w, cin int) {
			if cin != 3 {
				im2col3x3s2Reference(cols, x, n, h, w, cin)
				return
			}
			f.Im2colRGB(cols, x, n, h, w)
		}
	}
	if f.AvgPool2x2 != nil {
		o.avgPool2x2 = f.AvgPool2x2
	}
	if f.Panels != nil {
		o.panels = func(x *Matrix) {
			x.panels, x.lanes = f.Panels(x.panels, x.w, x.k, x.n)
			x.slice = func(x *Matrix, k, n int, scale, bias []float32) *Packed {
				return packedProduct(k, n, f.Cut(x.panels, x.k, k, n, scale, bias))
			}
		}
	}
	o.exp, o.foldNormalisation = f.Exp, f.FoldNormalisation
	register(&o)
}
