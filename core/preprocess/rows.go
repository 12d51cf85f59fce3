package preprocess

// Rows is an implementation of the loops over rows outside this package: the browser's SIMD,
// which only the program that runs there can link. Each function computes the same bits as the
// loop that it replaces: products are rounded before they are added, in the order of the taps.
type Rows struct {
	// AddBytes adds row to sums, element by element.
	AddBytes func(sums []uint32, row []uint8)
	// Floats writes sums times scale.
	Floats func(dst []float32, sums []uint32, scale float32)
	// Across is Axis.Across for three channels: pixel i of dst is the sum of taps pixels of
	// src from start[i] on, times weights. It may read one float after the last pixel, which
	// is within the capacity of src.
	Across func(dst, src []float32, start []int, weights []float32, taps int)
	// Down writes the sum of len(weights) rows of width floats, times weights.
	Down func(dst, rows, weights []float32, width int)
	// Normalise is Spec.normalise: (x*unit - mean)*inverse of each channel.
	Normalise func(x []float32, unit float32, mean, inverse *[3]float32)
}

// rows is the implementation; nil for the loops of this package.
var rows *Rows

// Register makes r the implementation. It is called from init functions.
func Register(r Rows) { rows = &r }
