package onnx

import (
	"math"
	"testing"
)

// run computes the graph in float64 with loops that follow the definitions of
// https://onnx.ai/onnx/operators, and returns every tensor by name.
func (m model) run(t *testing.T, input array) map[string]array {
	t.Helper()
	at := map[string]array{Input: input}
	for name, x := range m.tensors {
		at[name] = x
	}
	for _, o := range m.nodes {
		var in []array
		for _, name := range o.inputs {
			x, ok := at[name]
			if !ok {
				t.Fatalf("%s reads %q, which no node before it computes", o.out, name)
			}
			in = append(in, x)
		}
		if _, twice := at[o.out]; twice {
			t.Fatalf("%q is computed twice", o.out)
		}
		switch o.op {
		case "Conv":
			at[o.out] = conv(o, in)
		case "Sigmoid":
			y := newArray(in[0].dims...)
			for i, v := range in[0].data {
				y.data[i] = 1 / (1 + math.Exp(-v))
			}
			at[o.out] = y
		case "Mul":
			at[o.out] = pairwise(in[0], in[1], func(a, b float64) float64 { return a * b })
		case "Add":
			at[o.out] = pairwise(in[0], in[1], func(a, b float64) float64 { return a + b })
		case "AveragePool":
			at[o.out] = average(in[0], o.attributes["kernel_shape"][0], o.attributes["strides"][0])
		case "GlobalAveragePool":
			at[o.out] = average(in[0], in[0].dims[2], 1)
		case "Flatten":
			at[o.out] = array{[]int{in[0].dims[0], len(in[0].data) / in[0].dims[0]}, in[0].data}
		case "Gemm":
			at[o.out] = gemm(in[0], in[1], in[2])
		default:
			t.Fatalf("%s: unknown operator %s", o.out, o.op)
		}
	}
	return at
}

// pairwise broadcasts b over the pixels of a where b has one pixel.
func pairwise(a, b array, f func(a, b float64) float64) array {
	y := newArray(a.dims...)
	each := len(a.data) / len(b.data)
	for i := range y.data {
		y.data[i] = f(a.data[i], b.data[i/each])
	}
	return y
}

func conv(o operation, in []array) array {
	x, w := in[0], in[1]
	stride, pad, groups := o.attributes["strides"][0], o.attributes["pads"][0], o.attributes["group"][0]
	n, cin, h, wide := x.dims[0], x.dims[1], x.dims[2], x.dims[3]
	cout, each, k := w.dims[0], w.dims[1], w.dims[2]
	oh, ow := (h+2*pad-k)/stride+1, (wide+2*pad-k)/stride+1
	y := newArray(n, cout, oh, ow)
	for b := range n {
		for j := range cout {
			first := j / (cout / groups) * each
			for oy := range oh {
				for ox := range ow {
					s := 0.0
					if len(in) > 2 {
						s = in[2].data[j]
					}
					for c := range each {
						for ky := max(0, pad-oy*stride); ky < min(k, h+pad-oy*stride); ky++ {
							for kx := max(0, pad-ox*stride); kx < min(k, wide+pad-ox*stride); kx++ {
								s += x.data[((b*cin+first+c)*h+oy*stride+ky-pad)*wide+ox*stride+kx-pad] * w.data[((j*each+c)*k+ky)*k+kx]
							}
						}
					}
					y.data[((b*cout+j)*oh+oy)*ow+ox] = s
				}
			}
		}
	}
	return y
}

func average(x array, k, stride int) array {
	h := x.dims[2]
	size := (h-k)/stride + 1
	y := newArray(x.dims[0], x.dims[1], size, size)
	for i := range y.data {
		plane, oy, ox := i/(size*size), i/size%size, i%size
		for ky := range k {
			for kx := range k {
				y.data[i] += x.data[(plane*h+oy*stride+ky)*h+ox*stride+kx] / float64(k*k)
			}
		}
	}
	return y
}

func gemm(a, b, c array) array {
	m, k, n := a.dims[0], a.dims[1], b.dims[1]
	y := newArray(m, n)
	for i := range m {
		for j := range n {
			y.data[i*n+j] = c.data[j]
			for q := range k {
				y.data[i*n+j] += a.data[i*k+q] * b.data[q*n+j]
			}
		}
	}
	return y
}
