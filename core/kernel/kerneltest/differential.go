package kerneltest

import (
	"encoding/binary"
	"math"
	"testing"

	"bignas/core/kernel"
)

// Differential compares an implementation of an operator with the reference loops on input from
// a fuzzer. A number may differ by one rounding error for each term of its sum, relative to the
// sum of the magnitudes, which the reference loops compute in float64. Results that are not
// finite must not be finite in either.
type Differential struct {
	// N, H, W, C, K, Stride and extra columns of W. They may be out of the ranges of the
	// operators and are brought into them.
	Shape [7]uint8
	// Data is the input, four bytes for each number, repeated as needed.
	Data []byte
}

// Product compares the three matrix products.
func (d Differential) Product(t *testing.T, name string) {
	m, k, n, extra := 1+int(d.Shape[0])%40, 1+int(d.Shape[1])%20, 1+int(d.Shape[2])%52, int(d.Shape[6])%5
	d.compare(t, name, products[float32](m, k, n, extra), products[float64](m, k, n, extra), m+k+n)
}

// Depthwise compares the convolution and its gradients.
func (d Differential) Depthwise(t *testing.T, name string) {
	s := kernel.DepthwiseShape{N: 1 + int(d.Shape[0])%2, H: 1 + int(d.Shape[1])%8, W: 1 + int(d.Shape[2])%9, C: 1 + int(d.Shape[3])%20,
		K: 3 + 2*(int(d.Shape[4])%2), Stride: 1 + int(d.Shape[5])%2}
	d.compare(t, name, depthwise[float32](s, 1, int(d.Shape[6])%5), depthwise[float64](s, 1, int(d.Shape[6])%5), s.K*s.K+s.N*s.H*s.W)
}

// Rows compares the operators without an exponential: scaling, adding, summing.
func (d Differential) Rows(t *testing.T, name string) {
	m, c := 1+int(d.Shape[0])%20, 1+int(d.Shape[3])%20
	pick := func(name string) bool {
		return name == "AddBias" || name == "BiasGrad" || name == "Add" || name == "ScaleShiftAct act 0" || name == "ScaleShiftAct in place, residual act 0"
	}
	d.compare(t, name, selected(rows[float32](m, c), pick), selected(rows[float64](m, c), pick), m)
	n, h, w := 1+int(d.Shape[4])%3, 1+int(d.Shape[1])%6, 1+int(d.Shape[2])%6
	all := func(string) bool { return true }
	d.compare(t, name, selected(images[float32](n, h, w, c), all), selected(images[float64](n, h, w, c), all), h*w)
}

func selected[T kernel.Float](cases []Case[T], pick func(name string) bool) (some []Case[T]) {
	for _, c := range cases {
		if pick(c.Name) {
			some = append(some, c)
		}
	}
	return some
}

// fill writes numbers of magnitudes between 2^-30 and 2^30 and of either sign, zeros, and now
// and then an infinity or a NaN.
func fill[T kernel.Float](d Differential, arrays [][]T, magnitude bool) {
	data, at := append(d.Data[:len(d.Data):len(d.Data)], make([]byte, 7)...), 0
	for _, a := range arrays {
		for i := range a {
			if at+4 > len(data) {
				at %= 3 // other bytes than the last time
			}
			b := binary.LittleEndian.Uint32(data[at:])
			at += 4
			v := T(math.Ldexp(1+float64(b&0x7fffff)/0x800000, int(b>>23&0xff)%61-30))
			switch b {
			case 0:
				v = 0
			case 0x7f800000, 0xff800000, 0x7fc00000:
				v = T(math.Float32frombits(b))
			}
			if b>>31 != 0 && !magnitude {
				v = -v
			}
			a[i] = v
		}
	}
}

func (d Differential) compare(t *testing.T, name string, fast []Case[float32], slow []Case[float64], terms int) {
	t.Helper()
	for i, c := range fast {
		give := func(in, out [][]float32) { fill(d, append(in[:len(in):len(in)], out...), false) }
		undo := use(t, name)
		got := c.outcome(t, 0, give)
		undo()
		undo = use(t, "reference")
		want := c.outcome(t, 0, give)
		undo()
		size := slow[i].outcome(t, 0, func(in, out [][]float64) { fill(d, append(in[:len(in):len(in)], out...), true) })
		for o := range want {
			for j, v := range want[o] {
				g := got[o][j]
				switch {
				case v-v != 0 && g-g != 0: // neither is finite
				case v-v != 0, g-g != 0:
					if len(c.Loose) == 0 || g-g == 0 {
						t.Fatalf("%s: element %d is %v, the reference says %v", c.Name, j, g, v)
					}
				case !(math.Abs(float64(g)-float64(v)) <= float64(terms+4)*0x1p-23*size[o][j]) && size[o][j] < math.MaxFloat32/16:
					t.Fatalf("%s: element %d is %v, the reference says %v, terms of %g", c.Name, j, g, v, size[o][j])
				}
			}
		}
	}
}
