//go:build js && wasm

package kernels

import (
	"unsafe"

	"bignas/core/kernel"
	"bignas/core/preprocess"
)

// The functions of the modules. Lengths count floats; act is a kernel.Act.

//go:wasmimport kernels version
//go:noescape
func version() int32

// y [m,n] = act((x [m,k] W)*scale + bias) + residual; panels as Pack lays them
// out, long rows each, scale and bias padded.
//
//go:wasmimport kernels product
//go:noescape
func product(x, panels, scale, bias, y, residual unsafe.Pointer, m, k, n, act, long int32)

// Pack for whole panels: columns of W in all, a multiple of Panel.
//
//go:wasmimport kernels panels
//go:noescape
func panels(to, w unsafe.Pointer, k, columns, ws int32)

// y = act(x*w + bias): kernel.DepthwiseAct by kernel size and stride, n images.
//
//go:wasmimport kernels depthwise3x1
//go:noescape
func depthwise3x1(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise3x2
//go:noescape
func depthwise3x2(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise5x1
//go:noescape
func depthwise5x1(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise5x2
//go:noescape
func depthwise5x2(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise7x1
//go:noescape
func depthwise7x1(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

//go:wasmimport kernels depthwise7x2
//go:noescape
func depthwise7x2(x, w, bias, y unsafe.Pointer, n, height, width, c, act int32)

// y = act(x) + residual, n floats.
//
//go:wasmimport kernels finish
//go:noescape
func finish(y, x, residual unsafe.Pointer, n, act int32)

// y [c], the mean of x [hw,c] over hw.
//
//go:wasmimport kernels globalPool
//go:noescape
func globalPool(y, x unsafe.Pointer, hw, c int32)

// y = x*s, x [hw,c], s [c].
//
//go:wasmimport kernels channelScale
//go:noescape
func channelScale(y, x, s unsafe.Pointer, hw, c int32)

// y = e^x, n floats.
//
//go:wasmimport kernels exponential
//go:noescape
func exponential(y, x unsafe.Pointer, n int32)

// scale = gamma/sqrt(variance+epsilon), shift = beta - scale*mean, n channels.
//
//go:wasmimport kernels foldNormalisation
//go:noescape
func foldNormalisation(scale, shift, gamma, beta, mean, variance unsafe.Pointer, n int32, epsilon float64)

// cols [count,27]: nine floats each of x, six further every time.
//
//go:wasmimport kernels patches
//go:noescape
func patches(cols, x unsafe.Pointer, count int32)

// y [rows,columns,c], the means of 2x2 pixels of x.
//
//go:wasmimport kernels averagePool
//go:noescape
func averagePool(y, x unsafe.Pointer, rows, columns, c int32)

func init() {
	name := ""
	switch version() {
	case VersionSIMD:
		name = "simd"
	case VersionRelaxed:
		name = "simd relaxed"
	default:
		return
	}
	kernel.Register(kernel.Inference{
		Name: name, Pack: pack, DepthwiseAct: depthwiseAct, Activate: activate,
		GlobalPool: globalPools, ChannelScale: channelScales,
		Im2colRGB: im2col, AvgPool2x2: averagePools, Cut: cutPadded,
		Panels: func(to, w []float32, k, n int) ([]float32, int) { return layOut(to, w, k, n, n), Panel },
		Exp:    exp, FoldNormalisation: foldNormalisations,
	})
	preprocess.Register(rows)
}

// first is the address of s, checked to have n elements: the kernels check nothing.
func first(s []float32, n int) unsafe.Pointer { return pointer(s, n) }

func pointer[T any](s []T, n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s[:n])) }

func pack(w []float32, k, n, ws int, scale, bias []float32) func(y, x []float32, m int, act kernel.Act, residual []float32) {
	return cut(layOut(nil, w, k, n, ws), k, k, n, Pad(scale, n, 1), Pad(bias, n, 0))
}

// unscaled are scales and biases of so many columns at most that have none.
var unscaled, unbiased = Pad(nil, 2048, 1), Pad(nil, 2048, 0)

func cutPadded(panels []float32, rows, k, n int, scale, bias []float32) kernel.Product {
	s, b := padded(scale, n, unscaled, 1), padded(bias, n, unbiased, 0)
	return cut(panels, rows, k, n, s, b)
}

// padded is v with room up to whole panels, where it is nil n times rest.
func padded(v []float32, n int, none []float32, rest float32) []float32 {
	switch {
	case v != nil:
		return Padded(v, n)
	case n <= len(none):
		return none
	}
	return Pad(nil, n, rest)
}

// layOut is Pack, into what it returned before or where that is nil into new memory.
func layOut(to, w []float32, k, n, ws int) []float32 {
	if to == nil {
		to = make([]float32, k*whole(n))
	}
	full := n / Panel * Panel
	if k == 0 {
		return to
	}
	if full > 0 {
		panels(first(to, k*full), first(w, (k-1)*ws+full), int32(k), int32(full), int32(ws))
	}
	if full < n {
		packColumns(to[k*full:], w[full:], k, n-full, ws)
	}
	return to
}

// cut is the product with the first k rows and n columns of panels that are long;
// scale and bias are padded.
func cut(panels []float32, long, k, n int, scale, bias []float32) kernel.Product {
	panels, scale, bias = panels[:long*whole(n)], scale[:whole(n)], bias[:whole(n)]
	return func(y, x []float32, m int, act kernel.Act, residual []float32) {
		if m == 0 {
			return
		}
		var add unsafe.Pointer
		if residual != nil {
			add = first(residual, m*n)
		}
		product(first(x, m*k), first(panels, len(panels)), first(scale, len(scale)), first(bias, len(bias)), first(y, m*n), add,
			int32(m), int32(k), int32(n), int32(act), int32(long))
	}
}

// im2col copies the pixels whose three columns are in the image with patches, the
// first and, where w is odd, the last one here.
func im2col(cols, x []float32, n, h, w int) {
	oh, ow := (h+1)/2, (w+1)/2
	inside := max(0, (w-2)/2)
	for r := range n * oh * 3 {
		ky, y, b := r%3, r/3%oh, r/3/oh
		to := cols[(b*oh+y)*ow*27+ky*9:]
		iy := 2*y + ky - 1
		if iy < 0 || iy >= h {
			for i := range ow {
				clear(to[i*27:][:9])
			}
			continue
		}
		row := x[(b*h+iy)*w*3:][:w*3]
		clear(to[:9])
		copy(to[3:9], row)
		if inside > 0 {
			patches(first(to[27:], inside*27-18), first(row[3:], inside*6+3), int32(inside))
		}
		if w%2 == 1 && w > 1 {
			last := to[(ow-1)*27:][:9]
			clear(last[copy(last, row[3*(w-2):]):])
		}
	}
}

func depthwiseAct(y, x []float32, s kernel.DepthwiseShape, w, bias []float32, act kernel.Act) {
	oh, ow := s.Out()
	if s.N*oh*ow*s.C == 0 {
		return
	}
	from, taps, b, to := first(x, s.N*s.H*s.W*s.C), first(w, s.K*s.K*s.C), first(bias, s.C), first(y, s.N*oh*ow*s.C)
	n, h, wide, c, a := int32(s.N), int32(s.H), int32(s.W), int32(s.C), int32(act)
	switch [2]int{s.K, s.Stride} {
	case [2]int{3, 1}:
		depthwise3x1(from, taps, b, to, n, h, wide, c, a)
	case [2]int{3, 2}:
		depthwise3x2(from, taps, b, to, n, h, wide, c, a)
	case [2]int{5, 1}:
		depthwise5x1(from, taps, b, to, n, h, wide, c, a)
	case [2]int{5, 2}:
		depthwise5x2(from, taps, b, to, n, h, wide, c, a)
	case [2]int{7, 1}:
		depthwise7x1(from, taps, b, to, n, h, wide, c, a)
	case [2]int{7, 2}:
		depthwise7x2(from, taps, b, to, n, h, wide, c, a)
	default:
		panic("kernels: depthwise kernels are 3x3, 5x5 or 7x7, of stride 1 or 2")
	}
}

func activate(y, x []float32, act kernel.Act) {
	finish(first(y, len(x)), first(x, len(x)), nil, int32(len(x)), int32(act))
}

func exp(y, x []float32) { exponential(first(y, len(x)), first(x, len(x)), int32(len(x))) }

func foldNormalisations(scale, shift, gamma, beta, mean, variance []float32, epsilon float64) {
	n := len(scale)
	foldNormalisation(first(scale, n), first(shift, n), first(gamma, n), first(beta, n), first(mean, n), first(variance, n), int32(n), epsilon)
}

func globalPools(y, x []float32, n, hw, c int) {
	for i := range n {
		globalPool(first(y[i*c:], c), first(x[i*hw*c:], hw*c), int32(hw), int32(c))
	}
}

func channelScales(y, x, s []float32, n, hw, c int) {
	for i := range n {
		channelScale(first(y[i*hw*c:], hw*c), first(x[i*hw*c:], hw*c), first(s[i*c:], c), int32(hw), int32(c))
	}
}

func averagePools(y, x []float32, n, h, w, c int) {
	if n*(h/2)*(w/2)*c == 0 {
		return
	}
	averagePool(first(y, n*(h/2)*(w/2)*c), first(x, n*h*w*c), int32(n*h/2), int32(w/2), int32(c))
}
