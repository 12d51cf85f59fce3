package supernet

import (
	"bignas/core/arch"
	"bignas/core/kernel"
)

// Freeze says that the weights will not change any more. Matrices are laid out
// for the kernels once, where these can use that, and every child made from now
// on is a slice of them. Only weights of float32 can be frozen.
func (w *WeightsOf[T]) Freeze() {
	for _, p := range w.Params {
		if p.Data != nil && (len(p.Shape) == 2 || len(p.Shape) == 4) { // not the kernels of depthwise convolutions, [K, K, Mid]
			data, ok := any(p.Data).([]float32)
			if !ok {
				panic("supernet: only weights of float32 can be frozen")
			}
			n := p.Shape[len(p.Shape)-1]
			p.matrix = kernel.NewMatrix(data, len(data)/n, n)
		}
	}
}

// NewFrozen is NewWeights for weights that are frozen while they arrive: of most
// matrices there is only what the kernels lay out for themselves, half of the
// memory, and no Data. Values go in by Open and Close, and Freeze follows. What
// makes children, extracted ones included, works as with all weights; training,
// calibrating, Convert and writing them to a file do not.
func NewFrozen(space *arch.Space, classes int) (*Weights, error) {
	return allocate[float32](space, classes, true)
}

// Open returns all values of p, row-major, to be changed and then given to Close.
// Where p has no Data they are copied into room, which may be of any size.
func Open(p *Param, room []float32) []float32 {
	if p.Data != nil {
		return p.Data
	}
	if cap(room) < p.Len() {
		room = make([]float32, p.Len())
	}
	room = room[:p.Len()]
	n := p.Shape[len(p.Shape)-1]
	for i := 0; i < len(room); i += n {
		if p.matrix == nil {
			clear(room[i : i+n])
		} else {
			p.matrix.Row(room[i:i+n], i/n)
		}
	}
	return room
}

// Close takes back what Open returned, and returns what can be the next one's room.
// Children that were made before change with the values.
func Close(p *Param, values []float32) []float32 {
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

// Row is the first n values of row i: of the last dimension, rows lying one after
// the other. It may be the shared weights themselves and is not to be changed.
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

// Times computes y = x W with the first len(x) rows and len(y) columns of the
// matrix: the mean of what a 1x1 convolution computes, from the mean of what it reads.
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
