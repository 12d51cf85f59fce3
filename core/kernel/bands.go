package kernel

// Bands divides rows into parts for the threads, and each part into bands that stay in the
// cache while several operators pass over them, so that a chain of memory-bound operators
// takes one pass over memory.
type Bands struct {
	Parts int // at most Threads(); each has its own sums, which are added in order
	Size  int // rows of a band at most
	rows  int
}

// bandElements is the number of elements of a band to aim for: 256 KiB of float32, a
// quarter of the second-level cache, because a band has several arrays.
const bandElements = 1 << 16

// NewBands divides rows of width elements into bands of at least one row, which begin at
// multiples of grain rows.
func NewBands(rows, width, grain int) Bands {
	t := Threads()
	b := Bands{rows: rows, Size: max(1, bandElements/(width*grain)) * grain}
	if most := (rows + t - 1) / t; b.Size > most { // something for every thread
		b.Size = (most + grain - 1) / grain * grain
	}
	b.Parts = max(1, min(t, b.units()))
	return b
}

func (b Bands) units() int { return (b.rows + b.Size - 1) / b.Size }

// Each calls f for each band, the rows [lo, hi), and for the bands of a part one after the
// other. The division depends on the sizes and Threads() alone.
func (b Bands) Each(f func(part, lo, hi int)) {
	Parallel(b.Parts, func(first, last int) {
		for part := first; part < last; part++ {
			for u := b.units() * part / b.Parts; u < b.units()*(part+1)/b.Parts; u++ {
				f(part, u*b.Size, min((u+1)*b.Size, b.rows))
			}
		}
	})
}
