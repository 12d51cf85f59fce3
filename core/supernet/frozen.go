package supernet

import (
	"bignas/core/arch"
	"bignas/core/kernel"
)

// Freeze declares that the weights will not change any more. Matrices are laid out for
// the kernels once, where the kernels support that, and children made from then on are
// slices of them. Only float32 weights can be frozen.
func (w *WeightsOf[T]) Freeze() {
	for _, p := range w.Params {
		if p.Data != nil && (len(p.Shape) == 2 || len(p.Shape) == 4) { // not the kernels of depthwise convolutions, [K, K, Mid]
			data, ok := any(p.Data).([]float32)
			if !ok {
				panic("supernet: only float32 weights can be frozen")
			}
			n := p.Shape[len(p.Shape)-1]
			p.matrix = kernel.NewMatrix(data, len(data)/n, n)
		}
	}
}

// NewFrozen is NewWeights for weights that are frozen while they are downloaded. Most
// matrices have no Data, only the layout of the kernels, which halves the memory. Values
// and SetValues read and write them; Freeze follows. Children can be made and extracted
// as usual, but the weights cannot be trained, calibrated, converted or written to a file.
func NewFrozen(space *arch.Space, classes int) (*Weights, error) {
	return allocate(&Weights{Classes: classes, frozen: true}, space)
}

// Values returns all values of p, row-major, to be changed and passed to SetValues. Where
// p has no Data they are copied into buffer, which may be of any size.
func Values(p *Param, buffer []float32) []float32 {
	if p.Data != nil {
		return p.Data
	}
	if cap(buffer) < p.Len() {
		buffer = make([]float32, p.Len())
	}
	buffer = buffer[:p.Len()]
	n := p.Shape[len(p.Shape)-1]
	for i := 0; i < len(buffer); i += n {
		if p.matrix == nil {
			clear(buffer[i : i+n])
		} else {
			p.matrix.Row(buffer[i:i+n], i/n)
		}
	}
	return buffer
}

// SetValues stores what Values returned, and returns a buffer for the next call of Values.
// Existing children change with the values.
func SetValues(p *Param, values []float32) []float32 {
	switch {
	case p.Data != nil:
		return nil
	case p.matrix != nil:
		p.matrix.Lay(values)
	default:
		n := p.Shape[len(p.Shape)-1]
		if p.matrix = kernel.NewMatrix(values, len(values)/n, n); !p.matrix.LaidOut() {
			p.Data = values
			return nil
		}
	}
	return values
}

// Stored returns the values as they lie in memory, in the order of the kernels where p is
// frozen; nil where none have been set. They must not be changed.
func (p *ParamOf[T]) Stored() []T {
	if p.Data != nil || p.matrix == nil {
		return p.Data
	}
	return any(p.matrix.Stored()).([]T)
}

// Row returns the first n values of row i, rows being along the last dimension. It may be
// a part of the shared weights, and must not be changed.
func (p *ParamOf[T]) Row(i, n int) []T {
	if p.Data != nil {
		stride := p.Shape[len(p.Shape)-1]
		return p.Data[i*stride:][:n]
	}
	row := make([]T, n)
	if p.matrix != nil {
		p.matrix.Row(any(row).([]float32), i)
	}
	return row
}

// Times computes y = x W with the first len(x) rows and len(y) columns of the matrix: the
// mean of the output of a 1x1 convolution from the mean of its input.
func (p *ParamOf[T]) Times(y, x []float32) {
	if p.matrix != nil {
		p.matrix.Times(y, x)
		return
	}
	stride := p.Shape[len(p.Shape)-1]
	clear(y)
	for i, v := range x {
		for c, k := range p.Data[i*stride : i*stride+len(y)] {
			y[c] += v * float32(k)
		}
	}
}
