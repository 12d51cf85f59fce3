package runner

import (
	"fmt"
	"slices"

	"bignas/core/kernel"
)

// conv is a convolution with square kernels, strides and pads.
func conv(n Node, in []Tensor) (Tensor, error) {
	x, w := in[0], in[1]
	k, err := n.square("kernel_shape")
	if err != nil {
		return x, err
	}
	stride, err := n.square("strides")
	if err != nil {
		return x, err
	}
	pads, group := n.Attributes["pads"], n.Attributes["group"]
	if len(pads) != 4 || pads[0] < 0 || pads[0] > k || !slices.Equal(pads, []int{pads[0], pads[0], pads[0], pads[0]}) || len(group) != 1 || group[0] < 1 {
		return x, fmt.Errorf("pads is %v, group is %v", pads, group)
	}
	if len(x.Dims) != 4 || len(w.Dims) != 4 || w.Dims[2] != k || w.Dims[3] != k || w.Dims[0]%group[0] != 0 || x.Dims[1] != w.Dims[1]*group[0] {
		return x, fmt.Errorf("%v and %v in %d groups do not go together", x.Dims, w.Dims, group[0])
	}
	c := convolution{x: x, w: w, k: k, stride: stride, pad: pads[0], cin: x.Dims[1], cout: w.Dims[0], each: w.Dims[1], h: x.Dims[2], wide: x.Dims[3]}
	if len(in) > 2 {
		if c.bias = in[2].Data; !slices.Equal(in[2].Dims, []int{c.cout}) {
			return x, fmt.Errorf("the bias is %v", in[2].Dims)
		}
	}
	if c.h+2*c.pad < k || c.wide+2*c.pad < k {
		return x, fmt.Errorf("the kernel is bigger than %v", x.Dims)
	}
	c.perGroup = c.cout / group[0]
	c.oh, c.ow = (c.h+2*c.pad-k)/stride+1, (c.wide+2*c.pad-k)/stride+1
	y, err := made(x.Kind, x.Dims[0], c.cout, c.oh, c.ow)
	if err != nil {
		return y, err
	}
	kernel.Parallel(x.Dims[0]*c.cout, func(lo, hi int) {
		sums := make([]float64, c.oh*c.ow)
		for plane := lo; plane < hi; plane++ {
			c.plane(sums, plane/c.cout, plane%c.cout)
			for i, s := range sums {
				y.Data[plane*len(sums)+i] = float32(s)
			}
		}
	})
	return y, nil
}

type convolution struct {
	x, w            Tensor
	bias            []float32
	k, stride, pad  int
	cin, cout       int
	each, perGroup  int // input channels of a kernel; output channels of a group
	h, wide, oh, ow int
}

// plane computes output channel j of image b.
func (c *convolution) plane(sums []float64, b, j int) {
	for i := range sums {
		sums[i] = 0
		if c.bias != nil {
			sums[i] = float64(c.bias[j])
		}
	}
	first := b*c.cin + j/c.perGroup*c.each
	for channel := range c.each {
		x := c.x.Data[(first+channel)*c.h*c.wide:][:c.h*c.wide]
		for tap := range c.k * c.k {
			w := float64(c.w.Data[(j*c.each+channel)*c.k*c.k+tap])
			dy, dx := tap/c.k-c.pad, tap%c.k-c.pad
			for oy := range c.oh {
				y := oy*c.stride + dy
				if y < 0 || y >= c.h {
					continue
				}
				row, out := x[y*c.wide:][:c.wide], sums[oy*c.ow:][:c.ow]
				for ox := range out {
					if at := ox*c.stride + dx; at >= 0 && at < c.wide {
						out[ox] += w * float64(row[at])
					}
				}
			}
		}
	}
}

func averagePool(n Node, in []Tensor) (Tensor, error) {
	k, err := n.square("kernel_shape")
	if err != nil {
		return in[0], err
	}
	stride, err := n.square("strides")
	if err != nil {
		return in[0], err
	}
	return average(in[0], k, stride)
}

func globalPool(_ Node, in []Tensor) (Tensor, error) {
	if len(in[0].Dims) != 4 {
		return in[0], fmt.Errorf("it is given %v", in[0].Dims)
	}
	return average(in[0], in[0].Dims[2], 1)
}

// average computes the mean of k x k pixels of square planes.
func average(x Tensor, k, stride int) (Tensor, error) {
	if len(x.Dims) != 4 || x.Dims[2] != x.Dims[3] || x.Dims[2] < k || k < 1 {
		return x, fmt.Errorf("it is given %v, the pool is %d", x.Dims, k)
	}
	h := x.Dims[2]
	size := (h-k)/stride + 1
	y, err := made(x.Kind, x.Dims[0], x.Dims[1], size, size)
	for i := range y.Data {
		plane, oy, ox := i/(size*size), i/size%size, i%size
		sum := 0.0
		for ky := range k {
			for kx := range k {
				sum += float64(x.Data[(plane*h+oy*stride+ky)*h+ox*stride+kx])
			}
		}
		y.Data[i] = float32(sum / float64(k*k))
	}
	return y, err
}

// gemm computes a [m, k] times b [k, n] plus c [n]. Where transB is 1, b is [n, k].
func gemm(node Node, in []Tensor) (Tensor, error) {
	a, b, c := in[0], in[1], in[2]
	transposed := false // the default of the specification
	for name, v := range node.Attributes {
		if name != "transB" || len(v) != 1 || v[0] != 0 && v[0] != 1 {
			return a, fmt.Errorf("%s is %v", name, v)
		}
		transposed = v[0] == 1
	}
	if len(a.Dims) != 2 || len(b.Dims) != 2 {
		return a, fmt.Errorf("it multiplies %v and %v", a.Dims, b.Dims)
	}
	m, k, n, row, column := a.Dims[0], a.Dims[1], b.Dims[1], b.Dims[1], 1 // steps in b
	if transposed {
		n, row, column = b.Dims[0], 1, b.Dims[1]
	}
	if len(b.Data) != k*n || !slices.Equal(c.Dims, []int{n}) {
		return a, fmt.Errorf("%v, %v and %v do not go together", a.Dims, b.Dims, c.Dims)
	}
	y, err := made(a.Kind, m, n)
	if err != nil {
		return y, err
	}
	for i := range m {
		for j := range n {
			s := float64(c.Data[j])
			for q := range k {
				s += float64(a.Data[i*k+q]) * float64(b.Data[q*row+j*column])
			}
			y.Data[i*n+j] = float32(s)
		}
	}
	return y, nil
}
