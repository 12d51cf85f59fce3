// Package asm is the contract between the drivers of core/kernel and their loops in assembly, one set of them for
// each vector width, in the packages below: avx2 and avx512. The stubs there are documented by the loops that they
// replace.
//
// The generators of core/kernel/internal/asmgen write stubs and assembly. A loop runs on one thread, checks nothing,
// and reads and writes what its stub says. Strides and offsets are in bytes, lengths in elements. A mask has a bit for
// each lane of a last vector; the lanes that exist come first.
package asm

import "unsafe"

// Loops are the loops for one vector width.
type Loops struct {
	Name  string
	Lanes int // elements of a vector
	Products
	Elementwise
	Depthwise
	Fused
}

// Products are the matrix products of training. A panel is up to three vectors of columns of B side by side.
type Products struct {
	NN [4][]Tile // C = A B, or added to C, B packed in panels [k][columns]; by vectors of the panel, tallest tile first
	TN [4][]Tile // C = A^T B likewise, B not packed
	// Panels[v] is how many of v vectors that are left the next panel takes; the last holds for all bigger v.
	Panels []int
	// Grain and WeightGrain are the rows of C, of NN and of TN, that are whole tiles as far as possible.
	Grain, WeightGrain int
}

// Tile is a loop that holds Rows rows by a panel of C in registers. It computes as many tiles, one below the other, as
// it is told; acc is 1 to add to C and 0 to overwrite it.
type Tile struct {
	Rows int
	Run  func(tiles int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, mask uint16, acc int)
}

// Elementwise are the loops that pass once over a matrix [m, c] as one array of n elements. Arrays with one value a
// column are repeated up to a whole number of vectors: period bytes. Arrays by activation are in the
// order none, swish, sigmoid.
type Elementwise struct {
	Affine     [3]func(y, x, scale, shift *float32, n int, period int)
	AffineAdd  [3]func(y, x, scale, shift, residual *float32, n int, period int)
	Derivative [3]func(dx, dy, x *float32, n int)

	Exponential                 func(y, x *float32, n int)
	Fold                        func(scale, shift, gamma, beta, mean, variance *float32, n int, epsilon float64)
	SlopeSwish                  func(y, slope, x, scale, shift *float32, n int, period int)
	CombineColumns              func(dx, dz, x, k, a, b *float32, n int, period int)
	GradientSums                func(sumD, sumDX, d, x, mean *float32, n int, period int)
	MultiplySums                func(dz, sumD, sumDX, dy, slope, x, mean *float32, n int, period int)
	Moments                     func(sum, square, x, origin *float32, n int, period int)
	DotColumns                  func(sum, a, b *float32, n int, period int)
	SumColumns                  func(sum, x *float32, n int, period int)
	AveragePairs                func(y, upper, lower *float32, n int, step int)
	SpreadPairs, SpreadPairsAdd func(dx, dy *float32, n int, step int)
	Rounded
}

// Rounded are the loops over arrays of bfloat16, of a whole number of vectors. The activation is swish.
type Rounded struct {
	Round           func(y *uint16, x *float32, n int)
	Widen           func(y *float32, x *uint16, n int)
	RoundMoments    func(sum, square *float32, y *uint16, x, origin *float32, n int, period int)
	AffineRounded   func(y *float32, x *uint16, scale, shift *float32, n int, period int)
	SlopeRounded    func(y, slope *float32, x *uint16, scale, shift *float32, n int, period int)
	MultiplyRounded func(dz *uint16, sumD, sumDX, dy, slope *float32, x *uint16, mean *float32, n int, period int)
	CombineRounded  func(dx *float32, dz, x *uint16, k, a, b *float32, n int, period int)
}

// Depthwise are the depthwise convolutions of training. Images are in blocks of one vector of channels,
// [row][block][pixel][lanes], with zeros around them, and taps [block][K*K][lanes].
type Depthwise struct {
	BlockRow        func(dst, src *float32, pixels int, blocks int, pitch int, mask uint16) // rearranges a row into blocks
	Touch           func(p *float32, n int)                                                 // loads it into the cache
	Forward, Weight map[[2]int]Convolution                                                  // by kernel size and stride
	Input           map[int][2]Convolution                                                  // of stride 2, by kernel size and parity of the row
}

// Convolution computes rows of output pixels of one block of channels. The table has the rows of the other image, which
// begin at offset; step is the distance from one output pixel to the next.
type Convolution func(out *float32, table **float32, taps *float32, rows, pixels, offset, step int, mask uint16)

// Fused are the loops of inference: products and convolutions that start from the bias and apply swish before they
// store. Their arguments are in a structure, of which a call changes a few fields only. Weights are in panels [k][lanes],
// each as wide as one vector.
type Fused struct {
	Tiles [4][]ProductTile // by vectors of columns, tallest first
	// Widths[v] is how many of v vectors that are left are computed together next; the last holds for all bigger v.
	Widths     []int
	Convolve   map[[2]int]func(*[10]uint64) // by kernel size and stride; takes ConvolutionArgs
	Gather     func(dst, src *float32, rows, step int)
	ScalePanel func(dst, src, gate *float32, rows int)
	ScaleBlock func(dst, src, scale *float32, rows, step int)
}

// ProductTile is the counterpart of Tile for inference. Run takes ProductArgs.
type ProductTile struct {
	Rows int
	Run  func(*[17]uint64)
}

// ProductArgs is what a ProductTile takes, in the order of its generator: C = act(Init + A B) + Residual, and with a
// Scale act(A B*Scale + Shift) + Residual.
type ProductArgs struct {
	Tiles, K int
	A        *float32
	LDA      int
	B, C     *float32
	LDC      int
	Init     *float32 // what the sums start from: the bias, LDInit 0, or rows
	LDInit   int
	Residual *float32 // nil for none, stride LDC
	Done     int      // bytes of Residual used so far; a pointer behind its end must not remain in here
	Swish    int
	Tail     *uint32  // mask of the last vector, where masks are vectors
	Odd      int      // with 8 lanes, columns of the last vector: 0 for 8, 1 for 4, else 2; with 16 its mask
	LDB      int      // from a vector of columns of B to the next
	Scale    *float32 // of the sums, whole vectors, then Shift is added; nil for none
	Shift    *float32
}

// Words is a as the loops take it.
func (a *ProductArgs) Words() *[17]uint64 { return (*[17]uint64)(unsafe.Pointer(a)) }

// ConvolutionArgs is what Fused.Convolve takes, in the order of its generator: Y = swish(X*Taps + Bias), and the sums
// of Y are added to Sums.
type ConvolutionArgs struct {
	Y                *float32
	Table            **float32 // of the rows of X, [pixel][16] with zeros on both sides
	Taps, Bias, Sums *float32
	Rows, Pixels     int
	Offset, Step     int // into the rows of X, and from one output pixel to the next
	Odd              int // mask of the channels, where masks are not vectors
}

// Words is a as the loops take it.
func (a *ConvolutionArgs) Words() *[10]uint64 { return (*[10]uint64)(unsafe.Pointer(a)) }
