// Package kernel holds the operators that a supernet is made of, forward and
// backward, on slices of float32 (float64 for checking gradients).
//
// Activations are NHWC: [n, h, w, c] contiguous, or [m, c] with m = n*h*w
// pixels, so that a 1x1 convolution is a matrix product. Weight matrices have a
// row stride, so that a slice of a bigger matrix is a view.
//
// Every operator is stated once, in operators.go; the generic loops are its
// specification, and every faster implementation is tested against them.
// Results depend on the implementation and on the number of threads, never on
// scheduling.
package kernel

// Float is the element type of the generic loops.
type Float interface{ float32 | float64 }

// Act is an activation function.
type Act uint8

// The activations. Swish(x) = x*Sigmoid(x).
const (
	None Act = iota
	Swish
	Sigmoid
	ReLU
)

// DepthwiseShape is a depthwise convolution of N images of HxWxC with KxK
// kernels, K odd, padding K/2 on every side.
type DepthwiseShape struct{ N, H, W, C, K, Stride int }

// Out is the size of the output.
func (s DepthwiseShape) Out() (oh, ow int) {
	p := s.K / 2
	return (s.H+2*p-s.K)/s.Stride + 1, (s.W+2*p-s.K)/s.Stride + 1
}
