package preprocess

// Rows is an implementation of the loops over whole rows from outside this
// package: the browser's SIMD, which only the program that runs there can link.
// Each gives the bits of the loop that it stands for: products are rounded before
// they are added, in the order of the taps.
type Rows struct {
	// AddBytes adds row to sums, element by element.
	AddBytes func(sums []uint32, row []uint8)
	// Floats writes sums times scale.
	Floats func(dst []float32, sums []uint32, scale float32)
	// Across is Axis.Across for three channels: pixel i of dst is the sum of taps
	// pixels of src from start[i] on, times weights. It may read one float behind
	// the last pixel, which the capacity of src has room for.
	Across func(dst, src []float32, start []int, weights []float32, taps int)
	// Down writes the sum of len(weights) rows of width floats, times weights.
	Down func(dst, rows, weights []float32, width int)
	// Normalise is Spec.normalise: (x*unit - mean)*inverse, the channels in turn.
	Normalise func(x []float32, unit float32, mean, inverse *[3]float32)
}

// rows is nil for the loops of this package.
var rows *Rows

// Register makes r the implementation. To be called from init functions.
func Register(r Rows) { rows = &r }
